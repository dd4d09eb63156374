"""Compares the rows of a recorded dataset with what `stream.py` sent, bit by bit: check_stream.py FOLDER EPISODES."""

import sys

sys.modules["numpy"] = None  # not needed there, and pyarrow refuses the old one that some simulators need
import pyarrow.parquet as pq

del sys.modules["numpy"]
import numpy as np
import stream

FEATURES = {
    "observation.state": ("observation/state", np.float32),
    "observation.joint_torque": ("observation/joint_torque", np.float64),
    "contact": ("contact", np.bool_),
    "tick": ("tick", np.int64),
    "action": ("action", np.float32),
}

folder, episodes = sys.argv[1], int(sys.argv[2])
index = 0
for episode in range(episodes):
    rows = pq.read_table(f"{folder}/data/chunk-000/file-{episode:03d}.parquet").to_pylist()
    assert len(rows) == stream.LENGTHS[episode], len(rows)
    for step, row in enumerate(rows):
        sent = stream.frame(episode, step)
        for name, (key, dtype) in FEATURES.items():
            expected = np.asarray(sent[key], dtype).reshape(-1)
            found = np.asarray(row[name], dtype).reshape(-1)
            assert found.tobytes() == expected.tobytes(), (episode, step, name, found, expected)
        numbers = (row["episode_index"], row["frame_index"], row["index"], row["task_index"])
        assert numbers == (episode, step, index, episode % 2), numbers
        assert row["timestamp"] == np.float32(step / 10), row
        index += 1
