"""Writes a small dataset with pyarrow in the ways in which LeRobot's own versions differ from ours.

Lists without fixed length, large strings, an unnamed pandas index, several data files, features of other
types: python lerobot_makes_dataset.py FOLDER.
"""
import json
import os
import sys

sys.modules["numpy"] = None  # not needed here, and pyarrow refuses the old one that some simulators need
import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]
lengths = [4, 3, 5]
files = [0, 0, 1]
fps = 10


def write(path, table):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pq.write_table(table, path, compression="snappy")


row = 0
starts = []
tables = {}
for episode, length in enumerate(lengths):
    starts.append(row)
    index = range(row, row + length)
    table = pa.table(
        {
            "observation.state": pa.array([[i, i / 2] for i in index], pa.list_(pa.float32())),
            "action": pa.array([[i * 0.25, -i, i + 0.5] for i in index], pa.list_(pa.float64())),
            "observation.grid": pa.array([[[i, 1], [2, 3]] for i in index], pa.list_(pa.list_(pa.int32()))),
            "observation.half": pa.array([i * 0.25 for i in index], pa.float32()).cast(pa.float16()),
            "next.done": pa.array([i == index[-1] for i in index]),
            "note": pa.array([f"row {i}" for i in index], pa.large_string()),
            "timestamp": pa.array([i / fps for i in range(length)], pa.float32()),
            "frame_index": pa.array(range(length)),
            "episode_index": pa.array([episode] * length),
            "index": pa.array(index),
            "task_index": pa.array([episode % 2] * length),
        }
    )
    tables.setdefault(files[episode], []).append(table)
    row += length
for number, parts in tables.items():
    write(f"data/chunk-000/file-{number:03d}.parquet", pa.concat_tables(parts))

write(
    "meta/episodes/chunk-000/file-000.parquet",
    pa.table(
        {
            "episode_index": pa.array(range(3)),
            "tasks": pa.array([["push"], ["pull"], ["push"]]),
            "length": pa.array(lengths),
            "data/chunk_index": pa.array([0, 0, 0]),
            "data/file_index": pa.array(files),
            "dataset_from_index": pa.array(starts),
            "dataset_to_index": pa.array([s + n for s, n in zip(starts, lengths)]),
        }
    ),
)
write(
    "meta/tasks.parquet",
    pa.table({"task_index": pa.array([1, 0]), "__index_level_0__": pa.array(["pull", "push"])}),
)
feature = lambda dtype, shape, names=None: {"dtype": dtype, "shape": shape, "names": names}
info = {
    "codebase_version": "v3.0",
    "robot_type": None,
    "total_episodes": 3,
    "total_frames": row,
    "total_tasks": 2,
    "chunks_size": 1000,
    "data_files_size_in_mb": 100,
    "video_files_size_in_mb": 500,
    "fps": fps,
    "splits": {"train": "0:3"},
    "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    "video_path": None,
    "features": {
        "observation.state": feature("float32", [2], {"motors": ["x", "y"]}),
        "action": feature("float64", [3], ["x", "y", "z"]),
        "observation.grid": feature("int32", [2, 2]),
        "observation.images.still": feature("image", [48, 64, 3], ["height", "width", "channels"]),
        "observation.half": feature("float16", [1]),
        "next.done": feature("bool", [1]),
        "note": feature("string", [1]),
        "timestamp": feature("float32", [1]),
        "frame_index": feature("int64", [1]),
        "episode_index": feature("int64", [1]),
        "index": feature("int64", [1]),
        "task_index": feature("int64", [1]),
    },
}
json.dump(info, open(os.path.join(folder, "meta/info.json"), "w"))
