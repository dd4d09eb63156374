"""A robot that sends two images, a state and a prompt with openpi's own client, and waits for actions.

    robot.py NAME PORT PIXELS [NAME PORT PIXELS ...]
"""

import sys

import measuring
import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

STATE, HORIZON, DIMENSION = 8, 16, 7


def conversation(port, pixels):
    client = WebsocketClientPolicy(host="127.0.0.1", port=port)
    random = np.random.default_rng(0)
    observation = {
        f"observation/images/{camera}": random.integers(0, 256, (pixels, pixels, 3), dtype=np.uint8) for camera in ("front", "wrist")
    }
    observation |= {"observation/state": np.zeros(STATE, np.float32), "prompt": "open the drawer"}
    actions = client.infer(observation)["actions"]
    assert actions.shape == (HORIZON, DIMENSION) and actions.dtype == np.float32, actions

    def infer():
        client.infer(observation)

    return infer


arguments = sys.argv[1:]
calls = {name: conversation(int(port), int(pixels)) for name, port, pixels in zip(arguments[::3], arguments[1::3], arguments[2::3])}
measuring.serve("ready", calls)
