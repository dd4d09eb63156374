"""Writes Tests/LeRobotTests/Golden/videos: numbered images of 64x48 in videos as foreign datasets have them.

    variable.mp4   12 frames of a variable rate, with B-frames and half a second of pause
    shifted.mp4    12 frames at 10 frames a second, the first at 0.2 s
    untimed.mp4    12 frames with B-frames whose packets have no times of their own, but rising ones
    trimmed.mp4    17 frames at 10 frames a second, of which an edit list hides the first 5: numbers 5 to 16 are shown
    depth.mkv      2 frames of 32x32 in grey of 12 bits, code 64 * column + 1000 * frame; FFV1, which keeps every bit

python lerobot_makes_odd_videos.py FOLDER   (made with av 18.1.0)
"""
import fractions
import io
import os
import sys

import av
import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
base = fractions.Fraction(1, 1000)


def image(number):
    blocks = np.array([210 if number >> bit & 1 else 40 for bit in range(12)], np.uint8).reshape(3, 4)
    return np.repeat(blocks.repeat(16, 0).repeat(16, 1)[:, :, None], 3, 2)


def encoded(times, bframes):
    """A video of images with presentation times `times`, in milliseconds."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"video_track_timescale": "1000"}) as container:
        options = {"bf": str(bframes), "g": "6", "crf": "30", "b-adapt": "0"}
        stream = container.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.codec_context.time_base = 64, 48, "yuv420p", base
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(image(number), format="rgb24")
            frame.pts, frame.time_base = time, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    file.seek(0)
    return file


def write(name, times, bframes, change=lambda number, packet: None):
    options = {"video_track_timescale": "1000", "avoid_negative_ts": "disabled"}
    with av.open(encoded(times, bframes)) as source:
        with av.open(os.path.join(folder, name), "w", options=options) as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            stream.time_base = base
            for number, packet in enumerate(p for p in source.demux(video=0) if p.dts is not None):
                change(number, packet)
                packet.stream = stream
                target.mux(packet)


def untimed(number, packet):
    packet.pts = packet.dts = number * 100


def earlier(number, packet):
    packet.pts, packet.dts = packet.pts - 500, packet.dts - 500


grid = [number * 100 for number in range(12)]
write("variable.mp4", [0, 31, 70, 99, 140, 160, 700, 730, 770, 800, 830, 870], 2)
write("shifted.mp4", [200 + time for time in grid], 0)
write("untimed.mp4", grid, 2, untimed)
write("trimmed.mp4", [number * 100 for number in range(17)], 0, earlier)
with av.open(os.path.join(folder, "depth.mkv"), "w") as container:
    stream = container.add_stream("ffv1", rate=10)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "gray12le"
    for number in range(2):
        codes = np.tile(np.arange(32, dtype=np.uint16) * 64 + 1000 * number, (32, 1))
        frame = av.VideoFrame(32, 32, "gray12le")
        plane = np.zeros((32, frame.planes[0].line_size // 2), np.uint16)
        plane[:, :32] = codes
        frame.planes[0].update(plane.tobytes())
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
