"""A server of openpi's protocol for tests: a policy that stands still, one that rises and wants states only, a recorder
that prints, or one that gives episodes back as they were and at rest.

First prints its port. Then, for every message, one JSON object: the shape and type of each array, other
values as they are. Of the policy that rises it holds the numbers themselves.
"""

import json
import sys

import numpy as np
from openpi_client import msgpack_numpy
from websockets.sync.server import serve

kind, size = sys.argv[1], int(sys.argv[2])
camera = {"dtype": "uint8", "shape": [size, size, 3]}
metadata = {
    "observation": {
        "observation/images/corner2": camera,
        "observation/images/gripperPOV": camera,
        "observation/state": {"dtype": "float32", "shape": [4]},
        "prompt": {"dtype": "string", "shape": []},
    }
}
if kind in ("bare", "clock"):
    # States with `size` columns, or MetaWorld's, without images.
    state = {"dtype": "float32", "shape": [size or 4]}
    metadata["observation"] = {"observation/state": state, "prompt": {"dtype": "string", "shape": []}}
if kind == "stranger":
    metadata["observation"]["observation/images/wrist"] = camera


def outline(value):
    if isinstance(value, dict):
        return {key: outline(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist() if kind == "clock" else f"{value.dtype}{list(value.shape)}"
    return value


def handle(connection):
    connection.send(msgpack_numpy.packb(metadata))
    for packed in connection:
        print(json.dumps(outline(msgpack_numpy.unpackb(packed))), flush=True)
        reply = {} if kind in ("recorder", "bare") else {"actions": np.zeros((16, 4), np.float32)}
        if kind == "clock":
            reply["actions"][:, 2] = 0.5
        if kind == "replay":
            played = msgpack_numpy.unpackb(packed)["action"]
            reply = {"actions": {"raw": played, "rest": np.zeros_like(played)}}
        connection.send(msgpack_numpy.packb(reply))


with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
