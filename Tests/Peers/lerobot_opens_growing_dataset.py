"""LeRobot opens what `faster data record` has on the disk: after kill -9, after every rename of an episode's files, and at last.

A robot made here streams through openpi's client. Its numbers are found bit by bit, its images within the codec's error.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np
import torchvision_reader

ROOT = pathlib.Path(__file__).resolve().parents[2]
STREAM = ROOT / "Tests/fasterTests/Peers/stream.py"
CAMERAS = {"observation.images.front": "observation/images/front", "observation.images.wrist": "observation/wrist"}


def frames():
    """What the robot sends, of four episodes; made in the robot's own Python, whose NumPy is another."""
    script = f"""
import pickle, sys
sys.argv = ["", "0"]
sys.path.insert(0, {str(STREAM.parent)!r})
import stream
plain = lambda value: (value.dtype.str, value.shape, value.tobytes()) if hasattr(value, "dtype") else value
episodes = [[stream.frame(e, s) for s in range(n)] for e, n in enumerate(stream.LENGTHS)]
pickle.dump([[{{k: plain(v) for k, v in f.items()}} for f in e] for e in episodes], sys.stdout.buffer)
"""
    import pickle

    output = subprocess.run([ROOT / ".deps/python/bin/python", "-c", script], check=True, capture_output=True).stdout
    array = lambda value: np.frombuffer(value[2], value[0]).reshape(value[1]) if isinstance(value, tuple) else value
    return [[{key: array(value) for key, value in frame.items()} for frame in episode] for episode in pickle.loads(output)]


def record(folder, scenario, ending, until=None):
    """Records what a scenario streams; ends the program once the robot says `until`, or is done."""
    program = [ROOT / "bin/faster", "data", "record", "--out", folder, "--fps", "10", "--port", "0"]
    recorder = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
    for line in recorder.stderr:
        if match := re.search(r"ws://127\.0\.0\.1:(\d+)", line):
            break
    robot = subprocess.Popen([ROOT / ".deps/python/bin/python", STREAM, match.group(1), scenario], stdout=subprocess.PIPE, text=True)
    for line in robot.stdout:
        if until and until in line:
            break
    if until is None:
        assert robot.wait(60) == 0
    recorder.send_signal(ending)
    recorder.communicate(timeout=60)
    assert robot.wait(60) == 0


def check(folder, sent, listed=None):
    """LeRobot counts the episodes `sent`, and can read those of `listed` more in its list."""
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("local/dataset", root=folder, video_backend="pyav")
    readable = sent if listed is None else listed
    assert dataset.num_episodes == len(sent) and len(dataset) == sum(map(len, sent)), dataset
    assert len(dataset.meta.episodes) == len(readable), dataset.meta.episodes
    table = dataset.hf_dataset.with_format("arrow")[:]
    index = 0
    for number, episode in enumerate(readable):
        bounds = dataset.meta.episodes[number]
        assert (bounds["dataset_from_index"], bounds["dataset_to_index"]) == (index, index + len(episode)), bounds
        for step, frame in enumerate(episode):
            item = dataset[index]
            for name in ("observation.state", "observation.joint_torque", "contact", "tick", "action"):
                key = name.replace("observation.", "observation/")
                expected = np.asarray(frame[key]).reshape(-1)
                found = np.asarray(table[name][index].as_py(), expected.dtype).reshape(-1)
                assert np.array_equal(found, expected), (number, step, name, found)
                # LeRobot makes float32 of float64.
                assert np.allclose(item[name].numpy().reshape(-1), expected, rtol=1e-6), (number, step, name)
            assert item["task"] == frame["prompt"] and item["episode_index"] == number and item["frame_index"] == step
            for name, key in CAMERAS.items():
                found = (item[name].permute(1, 2, 0).numpy() * 255).round().astype(int)
                assert np.abs(found - frame[key]).mean() < 3, (number, step, name)
            index += 1
    if listed is None:
        for name in ("action", "observation.state"):
            values = np.stack([frame[name.replace("observation.", "observation/")] for e in sent for frame in e])
            stats = dataset.meta.stats[name]
            assert np.allclose(stats["mean"], values.mean(0), atol=1e-6) and np.allclose(stats["std"], values.std(0), atol=1e-6)
            assert np.array_equal(stats["min"], values.min(0)) and stats["count"] == len(values)
        for name in CAMERAS:
            assert dataset.meta.stats[name]["mean"].shape == (3, 1, 1), name


def main():
    os.environ["HF_HUB_OFFLINE"] = "1"
    library = torchvision_reader.prepare()  # noqa: F841, its definitions last as long as this object
    sent = frames()
    with tempfile.TemporaryDirectory() as parent:
        parent = pathlib.Path(parent)
        os.environ["HF_DATASETS_CACHE"] = str(parent / "cache")
        folder = parent / "demos"
        record(folder, "two", signal.SIGKILL, until="in the third")
        assert (folder / ".recording").exists()
        check(folder, sent[:2])
        before = parent / "before"
        shutil.copytree(folder, before)
        record(folder, "third", signal.SIGINT)
        assert not (folder / ".recording").exists()
        check(folder, sent)

        # The third episode's files, in the order in which they are renamed.
        location = "chunk-000/file-002"
        moved = [f"videos/{camera}/{location}.mp4" for camera in CAMERAS]
        moved += [f"data/{location}.parquet", f"meta/episodes/{location}.parquet"]
        for number, file in enumerate(moved):
            shutil.copy(folder / file, before / file)
            state = shutil.copytree(before, parent / f"state-{number}")
            check(state, sent[:2], listed=sent[: 3 if "episodes" in file else 2])
    print(f"ok: {sum(map(len, sent))} frames of {len(sent)} episodes, and every state in between")


main()
