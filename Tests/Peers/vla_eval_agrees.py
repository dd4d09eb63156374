#!/usr/bin/env python3
"""vla-eval's own client gets a served policy's actions through Examples/VLAEval, those that openpi's client gets.

The policy is untrained, of LIBERO's layout; vla-eval 0.8.0 is in .deps/vla-eval. Usage: vla_eval_agrees.py [PROGRAM]
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

from programs import free_port, run

PEERS = pathlib.Path(__file__).resolve().parent
ROOT = PEERS.parents[1]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "bin/faster")
PYTHON = ROOT / ".deps/vla-eval/bin/python"
CHUNK = 5
CLIENT = f"""
import sys
import anyio
import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy
from vla_eval.connection import Connection
from vla_eval.model_servers.base import SessionContext
from vla_eval.specs import check_specs, DimSpec, GRIPPER_CLOSE_POS, IMAGE_RGB, LANGUAGE, POSITION_DELTA, ROTATION_AA, STATE_EEF_POS_AA_GRIP

policy, adapter = map(int, sys.argv[1:])
random = np.random.default_rng(5)
images = {{name: random.integers(0, 256, (256, 256, 3), np.uint8) for name in ("agentview", "wrist")}}
states = random.normal(size=8)
direct = WebsocketClientPolicy("127.0.0.1", policy)
expected = direct.infer({{
    "observation/image": images["agentview"],
    "observation/wrist_image": images["wrist"],
    "observation/state": states.astype(np.float32),
    "prompt": "turn on the stove",
}})["actions"]
# As vla-eval's LIBERO benchmark declares them.
actions = {{"position": POSITION_DELTA, "rotation": ROTATION_AA, "gripper": GRIPPER_CLOSE_POS}}
seen = {{"agentview": IMAGE_RGB, "wrist": IMAGE_RGB, "state": STATE_EEF_POS_AA_GRIP, "language": LANGUAGE}}

async def main():
    async with Connection(f"ws://127.0.0.1:{{adapter}}", timeout=60) as connection:
        info = connection.server_info
        assert info["observation_params"] == {{"send_wrist_image": True, "send_state": True, "quat_no_antipodal": True}}, info
        declared = [{{key: DimSpec.from_dict(spec) for key, spec in info[name].items()}} for name in ("action_spec", "observation_spec")]
        mismatches = check_specs(declared[0], actions, declared[1], seen)
        assert not mismatches, mismatches
        await connection.start_episode({{"task": {{"name": "turn on the stove"}}}})
        observation = {{"images": images, "states": states, "task_description": "turn on the stove"}}
        received = [(await connection.act(observation))["actions"] for _ in range({CHUNK})]
        assert np.array_equal(np.stack(received), expected[:{CHUNK}]), np.abs(np.stack(received) - expected[:{CHUNK}]).max()
        # A camera that is missing is an error that names it, and the connection stays.
        await connection.end_episode({{}})
        await connection.start_episode({{}})
        try:
            await connection.act(observation | {{"images": {{"agentview": images["agentview"]}}}})
        except RuntimeError as error:
            assert "wrist" in str(error), error
        else:
            raise AssertionError("an observation without the wrist's image was answered")
        again = (await connection.act(observation))["actions"]
        assert np.array_equal(again, expected[0]), "another observation is answered otherwise after an error"
        await connection.end_episode({{"success": False}})

anyio.run(main)
"""


def wait_for(url, process):
    """Waits until a server answers; it must not have ended."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert process.poll() is None, f"{url}: the server ended with {process.returncode}"
            time.sleep(0.2)


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    mapping = ["--mapping", ROOT / "Recipes/libero-openpi-mapping.yaml"]
    run(sys.executable, PEERS / "lerobot_makes_libero.py", root / "data", "openpi")
    run(PROGRAM, "policy", "train", "--data", root / "data", *mapping, "--head", "regression", "--horizon", 10,
        "--set", "backbone.imageSize=64", "--steps", 0, "--out", root / "policy")  # fmt: skip
    ports = free_port(), free_port()
    servers = [subprocess.Popen([PROGRAM, "serve", "--policy", root / "policy", "--port", str(ports[0]), "--threads", "1"])]
    try:
        wait_for(f"http://127.0.0.1:{ports[0]}/healthz", servers[0])
        adapter = [PYTHON, ROOT / "Examples/VLAEval/faster_server.py", "--address", f"127.0.0.1:{ports[1]}"]
        adapter += ["--args.policy_host", "127.0.0.1", "--args.policy_port", str(ports[0]), "--args.chunk_size", str(CHUNK)]
        servers.append(subprocess.Popen(adapter, env=os.environ | {"PYTHONUNBUFFERED": "1"}))
        wait_for(f"http://127.0.0.1:{ports[1]}/health", servers[1])
        run(PYTHON, "-c", CLIENT, *ports)
    finally:
        for server in reversed(servers):
            server.terminate()
            server.wait(60)
print("vla-eval's client gets the served policy's actions")
