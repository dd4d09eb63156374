"""Serves one robot of a policy for several: embodiment.py PROGRAM POLICY EMBODIMENT CAMERAS STATE HORIZON COLUMNS.

Any failed check ends this with 1.
"""

import sys

import numpy as np
import serving
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PROGRAM, POLICY, EMBODIMENT, CAMERAS, *NUMBERS = sys.argv[1:]
STATE, HORIZON, COLUMNS = map(int, NUMBERS)
OBSERVATION = {
    **{f"observation/images/{name}": np.full((48, 48, 3), 7, dtype=np.uint8) for name in CAMERAS.split(",")},
    "observation/state": np.full(STATE, 0.2),
    "prompt": "wave",
}

server = serving.start(PROGRAM, POLICY, "--embodiment", EMBODIMENT, "--port", "0")
try:
    client = WebsocketClientPolicy("127.0.0.1", serving.port_of(server))
    assert sorted(client.get_server_metadata()["observation"]) == sorted(OBSERVATION)
    actions = client.infer(OBSERVATION)["actions"]
    assert actions.shape == (HORIZON, COLUMNS), actions.shape
    assert np.isfinite(actions).all(), actions
finally:
    server.kill()
