"""Writes a dataset with lerobot itself: two cameras of different size, several tasks, episodes of odd lengths.

    lerobot_makes_two_cameras.py FOLDER VERSION video|image HEIGHT WIDTH LENGTH...

Images show a gradient with moving spots and some noise, so that no two are alike. The same numbers make the same data
in every version.
"""

import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
os.environ.setdefault("SVT_LOG", "1")
import lerobot_versions
import numpy as np

folder, version, kind = sys.argv[1:4]
height, width, *lengths = map(int, sys.argv[4:])
LeRobotDataset = lerobot_versions.prepare(version)
random = np.random.default_rng(7)
cameras = {"observation.images.front": (height, width), "observation.images.wrist": (height // 2, width // 2)}


def image(size, episode, step, phase):
    rows, columns = np.mgrid[: size[0], : size[1]]
    scene = 60 + 80 * rows / size[0] + 40 * np.sin(columns / size[1] * 6 + phase)
    colours = np.stack([scene, np.roll(scene, episode * 7, 1), scene[::-1]], 2)
    for spot in range(3):
        y, x = (size[0] * (0.5 + 0.4 * np.sin(step / 9 + spot + phase)), size[1] * (0.5 + 0.4 * np.cos(step / 7 + spot)))
        near = (rows - y) ** 2 + (columns - x) ** 2 < (size[0] / 9) ** 2
        colours[near] = [220 - 60 * spot, 40 + 80 * spot, 30 * spot]
    return np.clip(colours + random.normal(0, 3, (*size, 1)), 0, 255).astype(np.uint8)


features = {
    "observation.state": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "gripper"]},
    "action": {"dtype": "float32", "shape": (5,), "names": ["a", "b", "c", "d", "e"]},
    "flags": {"dtype": "bool", "shape": (2,), "names": None},
    "counter": {"dtype": "int64", "shape": (2,), "names": None},
}
for camera, size in cameras.items():
    features[camera] = {"dtype": kind, "shape": (*size, 3), "names": ["height", "width", "channels"]}
dataset = LeRobotDataset.create(
    "local/two", fps=15, root=folder, robot_type="so100", features=features, use_videos=kind == "video",
    image_writer_threads=4,
)  # fmt: skip
for episode, length in enumerate(lengths):
    for step in range(length):
        frame = {
            "observation.state": random.normal(size=3).astype(np.float32),
            "action": (random.normal(size=5) * 10.0 ** random.integers(-6, 6, 5)).astype(np.float32),
            "flags": np.array([step == length - 1, step % 2 == 1]),
            "counter": np.array([step * 2**40, -episode], np.int64),
        }
        for phase, (camera, size) in enumerate(cameras.items()):
            frame[camera] = image(size, episode, step, phase)
        task = ["push the cube", "öffne die Schublade", "stack"][episode % 3]
        if version == "0.3.3":
            dataset.add_frame(frame, task=task)
        else:
            dataset.add_frame(frame | {"task": task})
    dataset.save_episode()
if version != "0.3.3":
    dataset.finalize()
print(f"{folder}: lerobot {version}, {len(lengths)} episodes, {sum(lengths)} frames of two cameras, {kind}")
