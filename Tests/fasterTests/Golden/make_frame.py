"""Decodes one frame of Examples/metaworld-mini with PyAV, counting from the start of the video: make_frame.py NUMBER PNG

Made with av 18.1.0; needs Pillow.
"""

import pathlib
import sys

import av

root = pathlib.Path(__file__).resolve().parents[3]
video = root / "Examples/metaworld-mini/videos/observation.images.corner2/chunk-000/file-000.mp4"
with av.open(str(video)) as container:
    for number, frame in enumerate(container.decode(video=0)):
        if number == int(sys.argv[1]):
            frame.to_image().save(sys.argv[2])
            break
