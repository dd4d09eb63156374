#!/usr/bin/env python3
"""Checks that the Python environment of `make test-peers` holds a lerobot that writes and reads datasets."""

import pathlib
import tempfile

import numpy
import torch

# Beside the CPU build of torch, torchvision's wheel lacks its compiled operators, and asks for these two
# when it is imported. Nothing here calls them.
if torch.version.cuda is None:
    torchvision_operators = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        torchvision_operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

FEATURES = {
    "observation.state": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "z"]},
    "action": {"dtype": "float32", "shape": (3,), "names": ["x", "y", "z"]},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder, "dataset")
        written = LeRobotDataset.create("peers/check", 10, FEATURES, root=root, robot_type="none")
        for step in range(4):
            row = numpy.full(3, step, numpy.float32)
            written.add_frame({"observation.state": row, "action": -row, "task": "stand still"})
        written.save_episode()
        written.finalize()
        read = LeRobotDataset("peers/check", root=root)
        assert len(read) == 4 and read[3]["action"].tolist() == [-3.0, -3.0, -3.0]
    print("lerobot writes and reads datasets")


if __name__ == "__main__":
    main()
