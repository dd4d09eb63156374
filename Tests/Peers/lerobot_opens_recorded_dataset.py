"""LeRobot finds in the dataset exactly the numbers that a simulator sends to `faster collect`.

The simulator is made here: it sends its last episodes first, through openpi's client, and two that are refused.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import av
import numpy as np
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENDER = ROOT / "Tests/RecordingTests/Peers"
EPISODES = [(task, index) for task in (0, 1) for index in range(3)]

# Runs in the Python of .deps/python, as every simulator does.
SIMULATOR = f"""
import json, sys
sys.path.insert(0, {str(SENDER)!r})
import simulator

if "describe" in sys.argv:
    robot = {{"fps": 10, "cameras": ["front"], "state": ["x", "y"], "action": ["x", "y", "z"]}}
    tasks = {{name: {{"instruction": name + " it", "robot": "toy"}} for name in simulator.TASKS}}
    print(json.dumps({{"robots": {{"toy": robot}}, "tasks": tasks}}))
    sys.exit()
sys.argv[1] = sys.argv[sys.argv.index("--port") + 1]
for task, index in {EPISODES[::-1]}:
    message = simulator.episode(task, index, 16, 16)
    simulator.refused(message | {{"index": 1e300}}, "index: expected a whole number")
    simulator.refused(message | {{"images": {{"wrist": message["images"]["front"]}}}}, "cameras: expected")
    simulator.connect().infer(message)
    print(json.dumps({{"task": message["task"], "index": index, "seed": index, "steps": 3 + index, "failures": 0}}), flush=True)
"""


def install(prefix):
    """A copy of the program beside the simulator, laid out as `make install` does."""
    share = prefix / "share/faster"
    (share / "Simulators/toy").mkdir(parents=True)
    (share / "Simulators/toy/tasks.py").touch()
    (share / "Simulators/__main__.py").write_text(SIMULATOR)
    (share / ".deps").mkdir()
    os.symlink((ROOT / ".deps/python").resolve(), share / ".deps/python")
    (prefix / "bin").mkdir()
    shutil.copy(ROOT / "bin/faster", prefix / "bin/faster")
    shutil.copytree(ROOT / "bin/libexec", prefix / "bin/libexec")
    return prefix / "bin/faster"


def sent():
    """Values of every row of the dataset, as the simulator sends them."""
    for task, index in EPISODES:
        steps = np.arange(3 + index, dtype=np.float32)
        for step in steps:
            yield {
                "action": [step / np.float32(10), task, -index],
                "observation.state": [step, index],
                "brightness": 40 + 40 * index + 20 * task + 5 * step,
            }


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = folder / "data"
        program = install(folder)
        subprocess.run(
            [program, "collect", "--simulator", "toy", "--tasks", "push,pull", "--episodes", "3", "--size", "16"]
            + ["--workers", "1", "--out", data],
            check=True,
        )
        # LeRobot itself, which that script compares with the files.
        subprocess.run([sys.executable, ROOT / "Tests/Peers/lerobot_opens_our_dataset.py", data], check=True)
        rows = pq.read_table(data / "data/chunk-000/file-000.parquet").to_pylist()
        expected = list(sent())
        assert len(rows) == len(expected), len(rows)
        for row, values in zip(rows, expected):
            for name in ("action", "observation.state"):
                assert np.array_equal(np.float32(row[name]), np.float32(values[name])), (name, row, values)
        with av.open(str(data / "videos/observation.images.front/chunk-000/file-000.mp4")) as container:
            images = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(images) == len(expected)
        for image, values in zip(images, expected):
            assert np.abs(image.astype(int) - values["brightness"]).max() <= 5, values
        print(f"ok: {len(rows)} frames of {len(EPISODES)} episodes are as they were sent")


main()
