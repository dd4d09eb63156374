"""Everything that lerobot reads from datasets, in FOLDER.npz beside each: python lerobot_reads.py VERSION FOLDER..."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
import lerobot_versions
import numpy as np

LeRobotDataset = lerobot_versions.prepare(sys.argv[1])
for folder in sys.argv[2:]:
    dataset = LeRobotDataset("local/two", root=folder, video_backend="pyav")
    columns = {}
    for index in range(len(dataset)):
        for name, value in dataset[index].items():
            if name in dataset.meta.camera_keys:
                pixels = value.numpy() * 255
                assert np.abs(pixels - pixels.round()).max() < 1e-3, name
                value = pixels.round().astype(np.uint8).transpose(1, 2, 0)
            columns.setdefault(name, []).append(value if isinstance(value, str) else np.asarray(value))
    np.savez(f"{folder}.npz", **{name: np.array(values) for name, values in columns.items()})
