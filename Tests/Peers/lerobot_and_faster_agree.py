#!/usr/bin/env python3
"""lerobot writes datasets, FASTer reads and rewrites them, and lerobot reads the result: everything stays the same.

lerobot 0.4.4 writes v3.0 and lerobot 0.3.3 writes v2.1, each with videos and with images in Parquet: two cameras,
odd lengths, three tasks. FASTer's `convert`, `split`, `merge` and `repair` write them anew as v3.0, which lerobot 0.4.4
reads. Compared are

- every number of every row, bit by bit, and every instruction;
- images in Parquet, pixel by pixel; videos too, where packets are copied, as all are here;
- FASTer's own decoding (`data frame`): pixel by pixel; of video, within 1 of 255, as two versions of FFmpeg may round
  colours differently.

FASTer writes v3.0 only, so nothing is written as v2.1. Usage: lerobot_and_faster_agree.py [PROGRAM [0.4.4-video ...]]
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

PEERS = pathlib.Path(__file__).resolve().parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(PEERS.parents[1] / "bin/faster")
WAYS = sys.argv[2:] or ["0.4.4-video", "0.4.4-image", "0.3.3-video", "0.3.3-image"]
LENGTHS = [7, 13, 9, 21]
CAMERAS = ["observation.images.front", "observation.images.wrist"]
ROUNDING = 1


def python(script, *arguments):
    command = [sys.executable, str(PEERS / script), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"SVT_LOG": "1"})
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"


def faster(*arguments):
    result = subprocess.run([PROGRAM, "data", *map(str, arguments)], capture_output=True, text=True)
    if arguments[0] == "check":
        # lerobot takes the deviation of large whole numbers in 32 bits, which is a warning.
        assert ": 0 errors" in result.stdout, result.stdout + result.stderr
        return result.stdout
    assert result.returncode == 0, f"faster data {arguments}: {result.stdout}{result.stderr}"
    return result.stdout


def read(version, *folders):
    python("lerobot_reads.py", version, *folders)
    return [dict(np.load(f"{folder}.npz")) for folder in folders]


def compare(found, original, rows, name):
    """Rows of a rewritten dataset, and those of the original that they come from."""
    # LeRobot 0.4.4 adds the instruction's number in its own list; the text is compared.
    counted = {"index", "episode_index", "task_index"}
    assert set(found) >= set(original), f"{name}: {set(original) - set(found)} missing"
    for column in set(original) - counted:
        expected = original[column][rows]
        if expected.dtype.kind == "U":
            assert np.array_equal(found[column], expected), f"{name}: {column} differs"
            continue
        assert found[column].dtype == expected.dtype and found[column].shape == expected.shape, (name, column)
        assert found[column].tobytes() == expected.tobytes(), f"{name}: {column} differs"
    assert np.array_equal(found["index"], np.arange(len(rows))), f"{name}: index"


def check(root, version, kind):
    folder = root / f"{version}-{kind}"
    python("lerobot_makes_two_cameras.py", folder, version, kind, 96, 128, *LENGTHS)
    [original] = read(version, folder)
    faster("check", folder)
    ends = np.cumsum(LENGTHS)
    rows = np.arange(ends[-1])
    out = {name: root / f"{folder.name}-{name}" for name in ("convert", "repair", "split", "merge")}
    for name in ("convert", "repair"):
        message = faster(name, folder, "--out", out[name])
        assert kind == "image" or "8 segments of video 8 copied, 0 encoded" in message, f"{name}: {message}"
    faster("split", folder, "--part", "a=0,2", "--part", "b=1,3", "--out", out["split"])
    faster("merge", out["split"] / "b", out["split"] / "a", "--out", out["merge"])
    of_a = np.concatenate([rows[: ends[0]], rows[ends[1] : ends[2]]])
    of_b = np.concatenate([rows[ends[0] : ends[1]], rows[ends[2] :]])
    written = {
        out["convert"]: rows, out["repair"]: rows, out["split"] / "a": of_a, out["split"] / "b": of_b,
        out["merge"]: np.concatenate([of_b, of_a]),
    }  # fmt: skip
    for (path, expected), found in zip(written.items(), read("0.4.4", *written)):
        compare(found, original, expected, str(path.relative_to(root)))
    largest = 0
    for camera in CAMERAS:
        for index in [0, 6, 7, 28, 29, ends[-1] - 1]:
            png = root / "frame.png"
            faster("frame", folder, "--index", index, "--camera", camera, "--out", png)
            difference = np.abs(np.asarray(Image.open(png)).astype(int) - original[camera][index])
            largest = max(largest, difference.max())
    assert largest <= (ROUNDING if kind == "video" else 0), f"{folder.name}: frames differ by {largest}"
    print(
        f"ok: lerobot {version}, {kind}: {len(written)} rewritten datasets agree; pixels of 12 frames differ by at most "
        f"{largest} of 255",
        flush=True,
    )


def main():
    with tempfile.TemporaryDirectory() as root:
        for way in WAYS:
            check(pathlib.Path(root), *way.split("-"))


main()
