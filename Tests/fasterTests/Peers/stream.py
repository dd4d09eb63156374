"""Streams episodes to `faster data record` with openpi's own client: stream.py PORT SCENARIO; a failed check ends it with 1.

Numbers and images of an episode follow from its number alone.
"""

import sys

import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

SIZES = {"front": (48, 64), "wrist": (32, 40)}
LENGTHS = [7, 12, 9, 5]


def connect(port=None):
    return WebsocketClientPolicy("127.0.0.1", int(port or sys.argv[1]))


def image(camera, episode, step):
    height, width = SIZES[camera]
    rows, columns = np.mgrid[0:height, 0:width]
    red = 30 + 20 * episode + 5 * step + rows
    return np.stack([red, 40 + columns, np.full_like(rows, 200 - 10 * step)], axis=-1).astype(np.uint8)


def frame(episode, step, **changes):
    """A message; `changes` replace its values, and None leaves one out."""
    random = np.random.default_rng([episode, step])
    message = {
        "observation/images/front": image("front", episode, step),
        "observation/wrist": image("wrist", episode, step),
        "observation/state": random.normal(size=7).astype(np.float32),
        "observation/joint_torque": random.normal(size=3),
        "contact": bool(step % 2),
        "tick": np.array([2**60 + step]),
        "action": random.normal(size=4).astype(np.float32),
        "prompt": "push" if episode % 2 == 0 else "pull",
    }
    return {key: value for key, value in (message | changes).items() if value is not None}


def stream(robot, episode, length=None):
    length = length or LENGTHS[episode]
    for step in range(length):
        reply = robot.infer(frame(episode, step, episode_end=step == length - 1))
        assert reply["frame_index"] == step and reply["saved"] == (step == length - 1), reply
        assert reply["episode_index"] == episode, reply
    assert reply["saved_episode"] == episode and reply["episodes"] == episode + 1, reply


def refused(robot, message, expected):
    try:
        robot.infer(message)
    except RuntimeError as error:
        assert expected in str(error), error
    else:
        raise AssertionError(f"expected an error about {expected}")


def two():
    """Two whole episodes; then frames of a third until the recorder is gone."""
    robot = connect()
    assert robot.get_server_metadata()["fps"] == 10, robot.get_server_metadata()
    for episode in range(2):
        stream(robot, episode)
    step = 0
    try:
        while True:
            robot.infer(frame(2, step))
            step += 1
            if step == 5:
                print("in the third", flush=True)
    except Exception as error:
        assert not isinstance(error, (RuntimeError, AssertionError)), error
    assert step >= 5, step


def third():
    """Goes on, with messages that do not fit in between, and beside another robot."""
    robot, other, idle = connect(), connect(), connect()
    metadata = robot.get_server_metadata()
    assert metadata["episodes"] == 2, metadata
    assert metadata["observation"]["observation/images/wrist"] == {"shape": [32, 40, 3], "dtype": "uint8"}, metadata
    other.infer(frame(3, 0))
    idle.infer(frame(3, 0))
    for message, expected in [
        (frame(2, 0, action=None), "action: is missing; expected float32 [4]; keys present: contact, "),
        (frame(2, 0, action=np.zeros(5, np.float32)), "action: expected float32 [4], as in the recording so far, found float32 [5]"),
        (frame(2, 0, action=np.full(4, np.nan)), "action: element 0 is not a finite number"),
        (frame(2, 0, tick=0.5), "tick: expected int64 [1], as in the recording so far, found float64 [1]; send whole numbers"),
        (frame(2, 0, grip=1.0), "grip: the recording has no feature 'grip'; it has action, contact, "),
        (frame(2, 0, actions=np.zeros(4)), "'action' and 'actions' are both the feature 'action'"),
        (frame(2, 0, **{"observation/wrist": image("front", 2, 0)}), "observation/wrist: expected an image [32, 40, 3], as in the recording so far, found an image [48, 64, 3]"),
        (frame(2, 0, **{"observation/wrist": image("wrist", 2, 0)[:31]}), "expected an image of even width and height, as videos have them, found 40x31"),
        (frame(2, 0, **{"observation/wrist": b"\xff\xd8\xff\x00"}), "observation/wrist: cannot be read: the image is damaged"),
        (frame(2, 0, prompt=7), "prompt: expected the task as text, found a whole number"),
        (frame(2, 0, episode_end="yes"), "episode_end: expected True or False, found text"),
        ({"episode_end": True}, "episode_end: there is no frame of an episode on this connection"),
        ({"prompt": "push"}, "expected a frame (arrays, with 'action')"),
        ([1], "message: expected a map of named values, found a list of 1"),
    ]:  # fmt: skip
        refused(robot, message, expected)
    # The same connection goes on, and what is refused within an episode leaves its frames.
    robot.infer(frame(2, 0))
    refused(robot, frame(2, 1, action=np.zeros(5)), "action: expected float32 [4]")
    for step in range(1, LENGTHS[2]):
        robot.infer(frame(2, step))
    reply = robot.infer({"episode_end": True})
    assert reply["saved"] and reply["episode_index"] == reply["saved_episode"] == 2, reply
    robot.infer(frame(0, 0))
    assert not robot.infer({"episode_discard": True})["saved"]
    # The other robot's pictures as PNG, its numbers as lists, everything in nested maps; another number ends its episode.
    for step in range(1, LENGTHS[3]):
        message = frame(3, step)
        other.infer(
            {
                "images": {"front": png(message["observation/images/front"]), "wrist": png(message["observation/wrist"])},
                "state": message["observation/state"].tolist(),
                "observation": {"joint_torque": message["observation/joint_torque"]},
                "contact": message["contact"], "tick": int(message["tick"][0]),
                "actions": message["action"][None].astype(np.float64), "task": message["prompt"],
            }
        )  # fmt: skip
    reply = other.infer(frame(0, 0, episode_index=8))
    assert reply["saved"] and reply["saved_episode"] == 3 and reply["frame_index"] == 0, reply


def png(pixels):
    """The bytes of a PNG file, without any library."""
    import struct
    import zlib

    height, width, _ = pixels.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    globals()[sys.argv[2]]()
