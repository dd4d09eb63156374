"""LeRobot itself opens a dataset that FASTer wrote and gives the numbers and images that are in the files.

Usage: python lerobot_opens_our_dataset.py [FOLDER]   (default: $LEROBOT_DATASET, else Examples/metaworld-mini)

Needs lerobot 0.4, torch, PyAV and pyarrow. Numbers are compared with pyarrow's, exactly; images with
PyAV's, decoded from the start of every video file without any seeking.
"""
import glob
import os
import pathlib
import sys

import av
import numpy as np
import pyarrow.parquet as pq
import torchvision_reader


def expected_frames(folder, camera, rows, episodes):
    """Images of some rows, found by counting frames from the start of every file."""
    wanted = {}
    begun = {}
    for episode in episodes:
        file = (episode[f"videos/{camera}/chunk_index"], episode[f"videos/{camera}/file_index"])
        first = begun.get(file, 0)
        for row in range(episode["dataset_from_index"], episode["dataset_to_index"]):
            if row in rows:
                wanted.setdefault(file, {})[first + row - episode["dataset_from_index"]] = row
        begun[file] = first + episode["length"]
    images = {}
    for (chunk, file), positions in wanted.items():
        with av.open(f"{folder}/videos/{camera}/chunk-{chunk:03d}/file-{file:03d}.mp4") as container:
            for position, frame in enumerate(container.decode(video=0)):
                if position in positions:
                    images[positions[position]] = frame.to_ndarray(format="rgb24")
            assert position + 1 == begun[(chunk, file)], f"{camera}: {position + 1} frames, not {begun[(chunk, file)]}"
    return images


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    default = os.environ.get("LEROBOT_DATASET", str(root / "Examples/metaworld-mini"))
    folder = sys.argv[1] if len(sys.argv) > 1 else default
    os.environ["HF_HUB_OFFLINE"] = "1"
    library = torchvision_reader.prepare()  # its definitions last as long as this object
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("local/dataset", root=folder, video_backend="pyav")
    files = sorted(glob.glob(f"{folder}/data/*/*.parquet"))
    columns = {}
    for file in files:
        for name, values in pq.read_table(file).to_pydict().items():
            columns.setdefault(name, []).extend(values)
    episodes = [row for file in sorted(glob.glob(f"{folder}/meta/episodes/*/*.parquet")) for row in pq.read_table(file).to_pylist()]
    tasks = {row["task_index"]: row["task"] for row in pq.read_table(f"{folder}/meta/tasks.parquet").to_pylist()}
    assert len(dataset) == len(columns["index"]) and dataset.num_episodes == len(episodes)

    for name in dataset.hf_dataset.column_names:
        theirs = np.stack([np.asarray(value) for value in dataset.hf_dataset.with_format("numpy")[name]])
        assert np.array_equal(theirs, np.asarray(columns[name], theirs.dtype)), name

    borders = [row for e in episodes for row in (e["dataset_from_index"], e["dataset_to_index"] - 1)]
    random = np.random.default_rng(0)
    rows = set(random.choice(borders, min(40, len(borders)), replace=False).tolist())
    rows |= set(random.choice(len(dataset), min(60, len(dataset)), replace=False).tolist())
    images = {camera: expected_frames(folder, camera, rows, episodes) for camera in dataset.meta.video_keys}
    for row in sorted(rows):
        item = dataset[row]
        assert item["task"] == tasks[columns["task_index"][row]]
        for camera in images:
            theirs = (item[camera].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
            assert np.array_equal(theirs, images[camera][row]), f"{camera}: another image at frame {row}"

    for name, feature in dataset.meta.features.items():
        assert set(dataset.meta.stats[name]) >= {"min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"}
        expected = (3, 1, 1) if feature["dtype"] == "video" else tuple(feature["shape"])
        assert dataset.meta.stats[name]["mean"].shape == expected, name
    actions = np.asarray(columns["action"], np.float64).reshape(len(dataset), -1)
    for key, level in (("q01", 0.01), ("q50", 0.5), ("q99", 0.99)):
        assert np.allclose(dataset.meta.stats["action"][key], np.quantile(actions, level, axis=0), atol=1e-6), key
    print(f"ok: {len(dataset)} frames, {len(episodes)} episodes; {len(rows)} frames of {len(images)} cameras compared")
    del library


main()
