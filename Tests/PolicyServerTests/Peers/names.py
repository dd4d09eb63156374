"""A robot that sends what openpi's DROID example sends: names.py PORT; any failed check ends it with 1.

The server knows its names, and a state of three numbers, of which the gripper is the last.
"""

import sys

import numpy as np

sys.dont_write_bytecode = True
from client import check_actions, connect, infer_fails, observation  # noqa: E402

IMAGE = np.full((224, 224, 3), 7, dtype=np.uint8)


def request(**changes):
    message = {
        "observation/exterior_image_1_left": IMAGE,
        "observation/wrist_image_left": IMAGE,
        "observation/joint_position": np.array([1.0, 2.0]),
        "observation/gripper_position": np.array([3.0]),
    }
    return {key: value for key, value in (message | changes).items() if value is not None}


client = connect()
assert sorted(client.get_server_metadata()["observation"]) == [
    "observation/images/corner2", "observation/images/wrist", "observation/state", "prompt",
]  # fmt: skip
check_actions(client.infer(request()), (1, 2, 3))
check_actions(client.infer(request(**{"observation/gripper_position": 4})), (1, 2, 4))
# A client that goes by the metadata is served, too.
check_actions(client.infer(observation((4.0, 5.0, 6.0))), (4, 5, 6))
for message, expected in [
    (request(prompt="fail"), "the gripper is on fire"),
    (request(**{"observation/gripper_position": None}), "key 'observation/gripper_position' is missing"),
    (request(**{"observation/wrist_image_left": None}), "key 'observation/wrist_image_left' is missing"),
    (
        request(**{"observation/joint_position": np.zeros(3)}),
        "observation/joint_position, observation/gripper_position: expected a state of 3 numbers in all, found 3 + 1",
    ),
]:
    text = infer_fails(connect(), message)
    assert expected in text, text
