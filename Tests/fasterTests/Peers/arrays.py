"""Arrays that NumPy writes and reads for the tests of `faster tokenizer encode` and `decode`.

arrays.py actions FILE STATS     writes five smooth chunks of 16 steps within a norm_stats.json's quantiles
arrays.py broken FOLDER          writes arrays that no tokenizer takes
arrays.py far FOLDER             writes chunks with one value that no robot takes
arrays.py codes FILE SIZE COUNT  checks codes: COUNT of them a chunk, or at most as many with -1 behind the last
arrays.py compare FILE FILE STATS  prints the largest difference of actions, as a fraction of the quantiles' distance
"""

import json
import pathlib
import sys

import numpy as np


def quantiles(stats):
    actions = json.loads(pathlib.Path(stats).read_text())["norm_stats"]["actions"]
    return np.array(actions["q01"]), np.array(actions["q99"])


def actions(file, stats):
    low, high = quantiles(stats)
    time = np.linspace(0, 1, 16)
    chunks = [
        np.stack([np.sin(3 * time + phase), np.cos(2 * time + phase), time * phase / 5, np.sign(time - 0.5)], axis=1)
        for phase in range(5)
    ]
    np.save(file, (low + (np.stack(chunks) * 0.95 + 1) / 2 * (high - low)).astype(np.float32))


def far(folder):
    chunks = np.zeros((3, 16, 4), np.float32)
    chunks[..., 3] = -1  # the sample's gripper stays open
    chunks[1, 2, 3] = 10_000
    np.save(pathlib.Path(folder) / "far.npy", chunks)


def broken(folder):
    folder = pathlib.Path(folder)
    np.save(folder / "short.npy", np.zeros((3, 8, 4), np.float32))
    np.save(folder / "flat.npy", np.zeros((3, 64), np.float32))
    np.save(folder / "words.npy", np.array(["open"]))
    chunks = np.zeros((3, 16, 4), np.float32)
    chunks[1, 2, 3] = np.nan
    np.save(folder / "nan.npy", chunks)
    codes = np.zeros((3, 15), np.int64)
    codes[2, 5] = 16
    np.save(folder / "large.npy", codes)
    np.save(folder / "few.npy", codes[:, :4] * 0)


def codes(file, size, count):
    loaded = np.load(file)
    assert loaded.dtype == np.int64 and loaded.ndim == 2 and len(loaded) == 5, (loaded.dtype, loaded.shape)
    assert loaded.max() < int(size) and loaded.min() >= -1
    padded = loaded == -1
    assert (np.diff(padded.astype(int), axis=1) >= 0).all(), "tokens after the padding"
    if count.isdigit():
        assert loaded.shape[1] == int(count) and not padded.any(), loaded.shape
    else:
        assert not padded.all(axis=0).any(), "more padding than the longest needs"


def compare(first, second, stats):
    first, second = np.load(first), np.load(second)
    low, high = quantiles(stats)
    assert second.dtype == np.float32 and first.shape == second.shape, (second.dtype, second.shape)
    print((np.abs(first - second) / np.maximum(high - low, 1e-3)).max())  # some columns never move


globals()[sys.argv[1]](*sys.argv[2:])
