"""Writes a small dataset in the layout of LIBERO's published ones, with lerobot itself.

    lerobot_makes_libero.py FOLDER openpi|lerobot

`openpi` is what openpi's `examples/libero/convert_libero_data_to_lerobot.py` makes, here in v2.1: features `image`, `wrist_image`,
`state` and `actions`. `lerobot` is the layout of `HuggingFaceVLA/libero`, in v3.0. Both call the rate 10 Hz. Episodes are smooth
motions with the gripper closing halfway.
"""

import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
os.environ.setdefault("SVT_LOG", "1")
import lerobot_versions
import numpy as np

folder, layout = sys.argv[1:]
SIZE = 256
INSTRUCTIONS = ["put the bowl on the plate", "turn on the stove"]
MOTORS = ["x", "y", "z", "axis_angle1", "axis_angle2", "axis_angle3", "gripper"]

version = "0.3.3" if layout == "openpi" else "0.4.4"
LeRobotDataset = lerobot_versions.prepare(version)
if layout == "openpi":
    names = {"image": "image", "wrist": "wrist_image", "state": "state", "action": "actions"}
    features = {
        names[camera]: {"dtype": "image", "shape": (SIZE, SIZE, 3), "names": ["height", "width", "channel"]}
        for camera in ("image", "wrist")
    }
    features["state"] = {"dtype": "float32", "shape": (8,), "names": ["state"]}
    features["actions"] = {"dtype": "float32", "shape": (7,), "names": ["actions"]}
else:
    prefix = "observation.images."
    names = {"image": f"{prefix}image", "wrist": f"{prefix}image2", "state": "observation.state", "action": "action"}
    features = {
        names[camera]: {"dtype": "video", "shape": (SIZE, SIZE, 3), "names": ["height", "width", "channels"]}
        for camera in ("image", "wrist")
    }
    features["observation.state"] = {"dtype": "float32", "shape": (8,), "names": {"motors": [*MOTORS, "gripper"]}}
    features["action"] = {"dtype": "float32", "shape": (7,), "names": {"motors": MOTORS}}
dataset = LeRobotDataset.create(
    "local/libero", fps=10, root=folder, robot_type="panda", features=features, use_videos=layout == "lerobot",
    image_writer_threads=4,
)  # fmt: skip
random = np.random.default_rng(3)
for episode in range(4):
    phases = random.uniform(0, 6, 7)
    for step in range(60):
        action = 0.5 * np.sin(step / 12 + phases)
        action[6] = -1 if step < 30 else 1
        shade = np.full((SIZE, SIZE, 3), 90, np.uint8)
        shade[step : step + 40, 20 * episode : 20 * episode + 40] = 200
        frame = {
            names["image"]: shade,
            names["wrist"]: shade[::-1].copy(),
            names["state"]: np.cumsum(np.full(8, 0.01 * step, np.float32)),
            names["action"]: action.astype(np.float32),
        }
        task = INSTRUCTIONS[episode % 2]
        if version == "0.3.3":
            dataset.add_frame(frame, task=task)
        else:
            dataset.add_frame(frame | {"task": task})
    dataset.save_episode()
if version != "0.3.3":
    dataset.finalize()
