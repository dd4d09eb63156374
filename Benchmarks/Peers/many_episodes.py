"""Writes a dataset of many short episodes, as far as its metadata: many_episodes.py FOLDER v2.1|v3.0 EPISODES.

Rows are real, videos are empty files: opening a dataset does not look into them.
"""

import json
import os
import pathlib
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

folder, version, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
LENGTH, PER_FILE = 3, 1000
CAMERAS = ["observation.images.front", "observation.images.wrist"]
NAMES = ["min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"]
VECTORS = {"action": 7, "observation.state": 8}
texts = [f"do task {number}" for number in range(50)]


def rows(episodes):
    numbers = np.repeat(episodes, LENGTH)
    steps = np.tile(np.arange(LENGTH), len(episodes))
    columns = {name: pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(len(steps) * size, np.float32)), size)
               for name, size in VECTORS.items()}  # fmt: skip
    columns |= {"timestamp": pa.array((steps / 10).astype(np.float32)), "frame_index": pa.array(steps)}
    columns |= {"episode_index": pa.array(numbers), "index": pa.array(numbers * LENGTH + steps)}
    return pa.table(columns | {"task_index": pa.array(numbers % 50)})


def place(path):
    path = folder / path
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


features = {name: {"dtype": "float32", "shape": [size], "names": None} for name, size in VECTORS.items()}
features |= {camera: {"dtype": "video", "shape": [480, 640, 3], "names": ["height", "width", "channels"]} for camera in CAMERAS}
features |= {name: {"dtype": "int64", "shape": [1], "names": None} for name in ["frame_index", "episode_index", "index", "task_index"]}
features["timestamp"] = {"dtype": "float32", "shape": [1], "names": None}
info = {
    "codebase_version": version, "robot_type": "so100", "fps": 10, "chunks_size": 1000, "features": features,
    "total_episodes": count, "total_frames": count * LENGTH, "total_tasks": len(texts), "splits": {"train": f"0:{count}"},
}  # fmt: skip
statistics = {name: {key: [0.5] * (1 if key == "count" else size) for key in NAMES} for name, size in VECTORS.items()}
statistics |= {camera: {key: [[[0.5]]] * 3 if key != "count" else [3] for key in NAMES} for camera in CAMERAS}
if version == "v2.1":
    info["data_path"] = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    info["video_path"] = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
    with open(place("meta/tasks.jsonl"), "w") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"task_index": number, "task": text}) + "\n")
    with open(place("meta/episodes.jsonl"), "w") as file, open(place("meta/episodes_stats.jsonl"), "w") as stats:
        for episode in range(count):
            tasks = [texts[episode % 50]]
            file.write(json.dumps({"episode_index": episode, "tasks": tasks, "length": LENGTH}) + "\n")
            stats.write(json.dumps({"episode_index": episode, "stats": statistics}) + "\n")
    for episode in range(count):
        chunk = episode // 1000
        path = place(f"data/chunk-{chunk:03d}/episode_{episode:06d}.parquet")
        if episode % PER_FILE == 0:
            pq.write_table(rows(np.array([episode])), path)
            source = path
        else:
            os.link(source, path)  # its rows are those of another episode: a link takes no room
        for camera in CAMERAS:
            place(f"videos/chunk-{chunk:03d}/{camera}/episode_{episode:06d}.mp4").touch()
else:
    info["data_path"] = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    info["video_path"] = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    pq.write_table(pa.table({"task_index": pa.array(range(50)), "task": pa.array(texts)}), place("meta/tasks.parquet"))
    for first in range(0, count, PER_FILE):
        episodes = np.arange(first, min(count, first + PER_FILE))
        number = first // PER_FILE
        pq.write_table(rows(episodes), place(f"data/chunk-000/file-{number:03d}.parquet"), row_group_size=LENGTH)
        size = len(episodes)
        listed = {
            "episode_index": pa.array(episodes), "tasks": pa.array([[texts[episode % 50]] for episode in episodes]),
            "length": pa.array([LENGTH] * size), "data/chunk_index": pa.array([0] * size),
            "data/file_index": pa.array([number] * size), "dataset_from_index": pa.array(episodes * LENGTH),
            "dataset_to_index": pa.array(episodes * LENGTH + LENGTH),
        }  # fmt: skip
        for camera in CAMERAS:
            place(f"videos/{camera}/chunk-000/file-{number:03d}.mp4").touch()
            starts = np.arange(size) * LENGTH / 10
            listed |= {f"videos/{camera}/chunk_index": pa.array([0] * size), f"videos/{camera}/file_index": pa.array([number] * size)}
            listed |= {f"videos/{camera}/from_timestamp": pa.array(starts), f"videos/{camera}/to_timestamp": pa.array(starts + 0.3)}
        for name, values in statistics.items():
            listed |= {f"stats/{name}/{key}": pa.array([value] * size) for key, value in values.items()}
        pq.write_table(pa.table(listed), place(f"meta/episodes/chunk-000/file-{number:03d}.parquet"))
place("meta/info.json").write_text(json.dumps(info))
print(f"{folder}: {version}, {count} episodes")
