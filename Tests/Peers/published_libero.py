#!/usr/bin/env python3
"""A policy is trained on LIBERO's published layouts and serves openpi's LIBERO client: Documentation/LIBERO.md's commands.

lerobot writes both layouts, small; the recipe and mappings are the project's own. The message to the server is the one of
openpi's `examples/libero/main.py`. Usage: published_libero.py [PROGRAM]
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from programs import free_port, run

PEERS = pathlib.Path(__file__).resolve().parent
ROOT = PEERS.parents[1]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "bin/faster")
HORIZON, TOKENS = 20, 21
CLIENT = """
import sys
import numpy as np
from openpi_client import image_tools
from openpi_client.websocket_client_policy import WebsocketClientPolicy

client = WebsocketClientPolicy("127.0.0.1", int(sys.argv[1]))
image = image_tools.convert_to_uint8(image_tools.resize_with_pad(np.full((256, 256, 3), 90, np.uint8), 224, 224))
reply = client.infer({
    "observation/image": image,
    "observation/wrist_image": image,
    "observation/state": np.concatenate((np.zeros(3), np.zeros(3), np.zeros(2))),
    "prompt": "turn on the stove",
})
np.save(sys.argv[2], reply["actions"])
"""


def served(policy, actions):
    """Actions of the served policy, as openpi's client receives them."""
    port = free_port()
    server = subprocess.Popen(
        [PROGRAM, "serve", "--policy", policy, "--port", str(port), "--threads", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = []
        while not said or "ws://" not in said[-1]:
            said.append(server.stdout.readline())
            assert said[-1], f"the server ended: {''.join(said)}"
        run(ROOT / ".deps/python/bin/python", "-c", CLIENT, port, actions)
    finally:
        server.terminate()
        server.wait(60)
    return np.load(actions)


def check(root, layout):
    data, tokenizer, policy = (root / f"{layout}-{name}" for name in ("data", "tokenizer", "policy"))
    mapping = ["--mapping", ROOT / f"Recipes/libero-{layout}-mapping.yaml"]
    run(sys.executable, PEERS / "lerobot_makes_libero.py", data, layout)
    # It warns of openpi's names, one for all columns.
    found = subprocess.run([PROGRAM, "data", "check", data], capture_output=True, text=True)
    assert ": 0 errors" in found.stdout, found.stdout + found.stderr
    fitting = ["--horizon", HORIZON, "--positions", 7, "--entries", 32]
    output = run(PROGRAM, "tokenizer", "fit", "--data", data, *mapping, *fitting, "--out", tokenizer)
    assert f"{TOKENS} tokens" in output, output
    small = ["optimization.batchSize=4", "optimization.warmUpSteps=1", "objectPose.weight=0"]
    run(
        PROGRAM, "policy", "train", "--data", data, *mapping, "--tokenizer", tokenizer,
        "--recipe", ROOT / "Recipes/libero-policy.yaml", *[part for pair in small for part in ("--set", pair)],
        "--steps", 2, "--threads", 1, "--image-features", root / "features", "--out", policy,
    )  # fmt: skip
    actions = served(policy, root / f"{layout}.npy")
    assert actions.shape == (HORIZON, 7) and np.isfinite(actions).all(), actions
    assert np.abs(actions).max() <= 1.01, "actions leave the range of the recording"
    print(f"{layout}: trained, and serves openpi's client")


with tempfile.TemporaryDirectory() as folder:
    for layout in ("openpi", "lerobot"):
        check(pathlib.Path(folder), layout)
