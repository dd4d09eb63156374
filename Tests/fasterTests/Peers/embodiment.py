"""Serves one robot of a policy for several: embodiment.py PROGRAM POLICY EMBODIMENT CAMERAS STATE HORIZON COLUMNS.

Any failed check ends this with 1.
"""

import re
import signal
import subprocess
import sys

import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PROGRAM, POLICY, EMBODIMENT, CAMERAS, *NUMBERS = sys.argv[1:]
STATE, HORIZON, COLUMNS = map(int, NUMBERS)
OBSERVATION = {
    **{f"observation/images/{name}": np.full((48, 48, 3), 7, dtype=np.uint8) for name in CAMERAS.split(",")},
    "observation/state": np.full(STATE, 0.2),
    "prompt": "wave",
}

server = subprocess.Popen(
    [PROGRAM, "serve", "--policy", POLICY, "--embodiment", EMBODIMENT, "--threads", "1", "--port", "0"],
    stderr=subprocess.PIPE,
    text=True,
    preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, []),
)
try:
    said = ""
    for line in server.stderr:
        said += line
        if match := re.search(r"ws://127\.0\.0\.1:(\d+)", line):
            break
    assert match, said
    client = WebsocketClientPolicy("127.0.0.1", int(match.group(1)))
    assert sorted(client.get_server_metadata()["observation"]) == sorted(OBSERVATION)
    actions = client.infer(OBSERVATION)["actions"]
    assert actions.shape == (HORIZON, COLUMNS), actions.shape
    assert np.isfinite(actions).all(), actions
finally:
    server.kill()
