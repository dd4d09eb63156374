"""Writes Tests/LeRobotTests/Golden/lerobot-VERSION with LeRobot itself; its images show their own number.

Usage: python lerobot_makes_golden.py FOLDER   (made with lerobot 0.4.4, av 18.1.0: AV1 video)
"""
import sys

import numpy as np
import torch

library = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def image(number):
    """12 blocks, dark or bright, that spell a number in binary: 4 columns, 3 rows."""
    blocks = np.array([210 if number >> bit & 1 else 40 for bit in range(12)], np.uint8).reshape(3, 4)
    return np.repeat(blocks.repeat(16, 0).repeat(16, 1)[:, :, None], 3, 2)


dataset = LeRobotDataset.create(
    "local/golden",
    fps=10,
    root=sys.argv[1],
    robot_type="so100",
    use_videos=True,
    features={
        "observation.state": {"dtype": "float32", "shape": (2,), "names": ["x", "y"]},
        "action": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "z"]},
        "observation.images.front": {"dtype": "video", "shape": (48, 64, 3), "names": ["height", "width", "channels"]},
    },
)
number = 0
for episode, length in enumerate([5, 9, 7]):
    for _ in range(length):
        dataset.add_frame(
            {
                "observation.state": np.array([number, -number], np.float32),
                "action": np.array([number, number + 0.5, 1], np.float32),
                "observation.images.front": image(number),
                "task": ["push", "pull"][episode % 2],
            }
        )
        number += 1
    dataset.save_episode()
dataset.finalize()
