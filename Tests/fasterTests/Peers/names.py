"""Serves a policy to a robot that has other names for what it sends: names.py PROGRAM POLICY.

The robot is openpi's DROID example, with fewer joints. Any failed check ends this with 1.
"""

import sys

import numpy as np
import serving
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PROGRAM, POLICY = sys.argv[1:]
OPTIONS = [
    *("--rename", "observation/exterior_image_1_left=observation/images/corner2"),
    *("--rename", "observation/wrist_image_left=observation/images/gripperPOV"),
    *("--state", "observation/joint_position,observation/gripper_position"),
    *("--prompt", "open the drawer"),
]
IMAGE = np.full((224, 224, 3), 7, dtype=np.uint8)
THEIRS = {
    "observation/exterior_image_1_left": IMAGE,
    "observation/wrist_image_left": IMAGE,
    "observation/joint_position": np.array([0.1, 0.2, 0.3]),
    "observation/gripper_position": np.array([1.0]),
}
OURS = {
    "observation/images/corner2": IMAGE,
    "observation/images/gripperPOV": IMAGE,
    "observation/state": np.array([0.1, 0.2, 0.3, 1.0]),
    "prompt": "open the drawer",
}

server = serving.start(PROGRAM, POLICY, "--port", "0", *OPTIONS)
try:
    client = WebsocketClientPolicy("127.0.0.1", serving.port_of(server))
    assert sorted(client.get_server_metadata()["observation"]) == sorted(OURS)
    actions = client.infer(THEIRS)["actions"]
    assert np.isfinite(actions).all(), actions
    assert np.array_equal(actions, client.infer(OURS)["actions"]), actions
    try:
        client.infer({key: value for key, value in THEIRS.items() if key != "observation/gripper_position"})
    except RuntimeError as error:
        assert "key 'observation/gripper_position' is missing; expected a part of the state" in str(error), error
    else:
        raise AssertionError("a state without its gripper was accepted")
finally:
    server.kill()
