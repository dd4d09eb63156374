#!/usr/bin/env python3
"""`faster serve` gives the actions of lerobot's own policy for pi0_fast checkpoints that lerobot saved.

    Tests/Peers/pi0_fast_agrees.py [COUNT] [PROGRAM]     COUNT observations a checkpoint (24)

Checkpoints are small, of all normalisations, with and without relative actions, renamed cameras and tied embeddings
(Tests/Peers/pi0_fast/checkpoints.py). Robots ask through openpi's client. Where lerobot's answer has no meaning, ours has to be
finite and of moderate size. A checkpoint in bfloat16 is compared, too; its figures are printed, not judged, as lerobot keeps parts
of the network in single precision there. Other words, states and pictures have to be noticed.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Peers/pi0_fast"))
sys.path.append(str((ROOT / ".deps").resolve() / "python/lib/python3.11/site-packages"))  # openpi_client
import checkpoints  # noqa: E402
import numpy as np  # noqa: E402
from openpi_client.websocket_client_policy import WebsocketClientPolicy  # noqa: E402

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 24
PROGRAM = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / "bin/faster")
GRIPPER = dict(use_relative_actions=True, action_feature_names=["x.pos", "Gripper.pos", "y.pos"])
TOP = {"observation.images.top": "observation.images.front"}
CASES = {
    "mean and deviation, an empty camera": dict(mode="MEAN_STD", empty_cameras=1),
    "quantiles, relative actions, a renamed camera": dict(mode="QUANTILES", rename=TOP, **GRIPPER),
    "extremes, tied embeddings": dict(mode="MIN_MAX", is_tied=True),
    "half learnt": dict(mode="MEAN_STD", steps=60),
    "bfloat16": dict(mode="QUANTILE10", dtype="bfloat16"),
}


class Ours:
    """`faster serve` on a checkpoint."""

    def __init__(self, folder, rename):
        self.names = {policy: robot for robot, policy in rename.items()}
        command = [PROGRAM, "serve", "--policy", str(folder), "--port", "0", "--threads", "1"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "ws://" in line:
                port = int(line.split("ws://")[1].split()[0].rsplit(":", 1)[1])
                break
        else:
            sys.exit("faster serve: " + "".join(said))
        self.client = WebsocketClientPolicy("127.0.0.1", port)

    def actions(self, images, state, task):
        message = {self.names.get(name, name).replace(".", "/"): image for name, image in images.items()}
        return self.client.infer(message | {"observation/state": state, "prompt": task})["actions"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def compare(peer, ours, observations, rename, alter=lambda images, state, task: (images, state, task)):
    """Errors where lerobot's answers decode, and the number of those that do not."""
    errors, undecodable = [], 0
    names = {policy: robot for robot, policy in rename.items()}
    for images, state, task in observations:
        observation = checkpoints.batch({names.get(name, name): image for name, image in images.items()}, state, task)
        found = ours.actions(*alter(images, state, task))
        answer, _, _ = peer.answer(observation)
        if peer.words(answer) is None:
            undecodable += 1
            assert np.isfinite(found).all() and np.abs(found).max() < 50, found
            continue
        errors.append(np.abs(found - peer.actions(observation)).max())
    return np.array(errors), undecodable


# What the comparison has to notice.
ALTERATIONS = {
    "words": lambda images, state, task: (images, state, "do nothing"),
    "state": lambda images, state, task: (images, state[::-1].copy(), task),
    "pictures": lambda images, state, task: ({name: 255 - image for name, image in images.items()}, state, task),
}


def main():
    _, size = checkpoints.make_text_tokenizer()
    checkpoints.make_action_tokenizer()
    failed = False
    for seed, (name, case) in enumerate(CASES.items()):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            rename = case.get("rename", {})
            numbers, examples = checkpoints.save_checkpoint(pathlib.Path(folder), size, seed=seed, **case)
            peer, ours = checkpoints.Peer(folder, size), Ours(folder, rename)
            others = list(checkpoints.observations(numbers, COUNT - len(examples), seed=100 + seed))
            errors, undecodable = compare(peer, ours, examples + others, rename)
            same = int((errors < 1e-4).sum())
            print(
                f"{name}: {same} of {len(errors)} chunks within 1e-4 (largest error {errors.max(initial=0):.1e}); "
                f"{undecodable} answers of lerobot's have no meaning ({time.monotonic() - started:.0f} s)",
                flush=True,
            )
            if name == "half learnt":
                failed |= undecodable == 0
            else:
                failed |= len(errors) < COUNT / 2
            failed |= name != "bfloat16" and same < len(errors)
            for what, alter in ALTERATIONS.items() if seed == 0 else []:
                changed, _ = compare(peer, ours, examples, rename, alter)
                noticed = int((changed > 1e-4).sum())
                print(f"  other {what}: {noticed} of {len(changed)} chunks differ")
                failed |= noticed == 0
            ours.stop()
    sys.exit(failed)


if __name__ == "__main__":
    main()
