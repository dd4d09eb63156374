"""Sends demonstrations to a recorder with openpi's own client: simulator.py PORT SCENARIO; a failed check ends it with 1.

Episode `index` of task number `task` has 3 + index steps; its numbers and images follow from both.
"""

import sys

import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

TASKS = ("push", "pull")


def connect():
    return WebsocketClientPolicy("127.0.0.1", int(sys.argv[1]))


def episode(task, index, /, height=16, width=24, **changes):
    """A message; `changes` replace its values, and None leaves one out."""
    steps = np.arange(3 + index, dtype=np.float32)
    brightness = (40 + 40 * index + 20 * task + 5 * steps).astype(np.uint8)
    message = {
        "record": "episode",
        "task": TASKS[task],
        "prompt": f"{TASKS[task]} it",
        "index": index,
        "images": {"front": np.broadcast_to(brightness[:, None, None, None], (len(steps), height, width, 3)).copy()},
        "observation/state": np.stack([steps, steps * 0 + index], axis=1),
        "action": np.stack([steps / 10, steps * 0 + task, steps * 0 - index], axis=1),
    }
    return {key: value for key, value in (message | changes).items() if value is not None}


def refused(message, expected):
    try:
        connect().infer(message)
    except RuntimeError as error:
        assert expected in str(error), error
    else:
        raise AssertionError(f"expected an error about {expected}")


def check_metadata():
    observation = connect().get_server_metadata()["observation"]
    assert observation == {
        "observation/images/front": {"shape": [16, 24, 3], "dtype": "uint8"},
        "observation/state": {"shape": [2], "dtype": "float32"},
        "prompt": {"shape": [], "dtype": "string"},
    }, observation


def out_of_order():
    """Two clients in turn, the last episodes first."""
    check_metadata()
    clients = [connect(), connect()]
    for number, (task, index) in enumerate([(1, 2), (0, 1), (1, 0), (0, 2), (0, 0), (1, 1)]):
        reply = clients[number % 2].infer(episode(task, index))
        assert "actions" not in reply, reply


def malformed():
    """Every mistake is answered with its name, before and after good episodes, and changes nothing."""
    other = connect()
    good = episode(0, 1)
    images = good["images"]["front"]
    nan = good["action"].copy()
    nan[2, 1] = np.nan
    infinite = good["observation/state"].copy()
    infinite[0, 0] = np.inf
    mistakes = [
        (["episode"], "record: expected 'episode', found a list of 1"),
        ({"prompt": "push"}, "record: expected 'episode', found nothing"),
        (episode(0, 1, task=None), "task: expected text, found nothing"),
        (episode(0, 1, prompt=7), "prompt: expected text, found a whole number"),
        (episode(0, 1, index=None), "index: expected a whole number, found nothing"),
        (episode(0, 1, index=float("nan")), "index: expected a whole number"),
        (episode(0, 1, index=1e300), "index: expected a whole number"),
        (episode(0, 1, index=-1), "episode -1 of task 'push' was not asked for"),
        (episode(0, 1, index=3), "episode 3 of task 'push' was not asked for"),
        (episode(0, 1, task="lift"), "episode 1 of task 'lift' was not asked for"),
        (episode(0, 1, action=None), "action: expected an array [n, columns], found nothing"),
        (episode(0, 1, action=np.zeros(4, np.float32)), "action: expected an array [n, columns], found an array of float32 [4]"),
        (episode(0, 1, action=np.zeros((1 << 40, 0), np.float32)), "action: expected an array [n, columns]"),
        (episode(0, 1, action=np.zeros((4, 2), np.float32)), "task 'push', episode 1: actions, step 0: expected 3 values, found 2"),
        (episode(0, 1, action=nan), "task 'push', episode 1: actions, step 2, column 1: expected a finite number, found nan"),
        (episode(0, 1, **{"observation/state": infinite}), "task 'push', episode 1: states, step 0, column 0"),
        (episode(0, 1, **{"observation/state": good["observation/state"][1:]}), "states: expected 4 steps, found 3"),
        (episode(0, 1, images=None), 'cameras: expected ["observation.images.front"], found []'),
        (episode(0, 1, images={"wrist": images}), 'found ["observation.images.wrist"]'),
        (episode(0, 1, images={"front": images.astype(np.float32)}), "images/front: expected uint8 [n, height, width, 3]"),
        (episode(0, 1, images={"front": images[0]}), "images/front: expected uint8 [n, height, width, 3]"),
        (episode(0, 1, images={"front": images[:0]}), "images/front: expected uint8 [n, height, width, 3]"),
        (episode(0, 1, images={"front": images[1:]}), "front: expected 4 frames, one an action, found 3"),
        (episode(0, 1, images={"front": images[:, 1:]}), "front, step 0: expected 24x16 pixels, found 24x15"),
    ]  # fmt: skip
    for message, expected in mistakes[::2]:
        refused(message, expected)
    other.infer(good)
    for message, expected in mistakes[1::2]:
        if message.get("index") == 1:
            message["index"] = 2
        refused(message, expected.replace("episode 1", "episode 2"))
    refused(good, "task 'push', episode 1: was received before")
    for task, index in [(0, 0), (1, 1), (1, 2), (0, 2), (1, 0)]:
        other.infer(episode(task, index))
    refused(episode(0, 0), "task 'push', episode 0: was received before")


def incomplete():
    connect().infer(episode(0, 0))
    connect().infer(episode(1, 1))


if __name__ == "__main__":
    globals()[sys.argv[2]]()
