"""Writes Tests/LeRobotTests/Golden/reordered.mp4: 90 numbered images whose frames are stored out of order.

H.264 with B-frames and a keyframe every 30 frames, 30 frames a second, as foreign datasets may have:
python lerobot_makes_reordered_video.py FILE   (made with av 18.1.0)
"""
import sys

import av
import numpy as np

with av.open(sys.argv[1], "w") as container:
    stream = container.add_stream("libx264", rate=30, options={"bf": "3", "g": "30", "crf": "30", "b-adapt": "0"})
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for number in range(90):
        blocks = np.array([210 if number >> bit & 1 else 40 for bit in range(12)], np.uint8).reshape(3, 4)
        image = np.repeat(blocks.repeat(16, 0).repeat(16, 1)[:, :, None], 3, 2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
    container.mux(stream.encode())
