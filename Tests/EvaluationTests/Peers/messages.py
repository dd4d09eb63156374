"""Gives a simulator's client messages of other programs, and checks that it names what is wrong with them."""

import sys
from pathlib import Path

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from Simulators.client.connection import ObservationSchema, ServerError, actions  # noqa: E402
from Simulators.client.description import Robot  # noqa: E402

robot = Robot("arm", 20, state=("x",), action=("delta_x", "gripper"), cameras=("front",))


def refusal(read, *arguments):
    """The error of reading a message."""
    try:
        read(*arguments)
    except ServerError as error:
        return str(error)
    raise AssertionError(f"{arguments} was accepted")


for wrong in (None, [], [[1.0]], [["a", "b"]], [[True, False]], {"a": 1}, [[1, 2], [3]]):
    assert "expected float32 [steps, 2]" in refusal(actions, {"actions": wrong}, 2), wrong
assert "not finite" in refusal(actions, {"actions": [[1.0, float("nan")]]}, 2)
assert actions({"actions": np.ones((3, 2), np.float32)}, 2).shape == (3, 2)

for wrong in ("state", ["state"], {"state": 4}, {"state": [4]}):
    assert "'observation'" in refusal(ObservationSchema, {"observation": wrong}, robot, 96), wrong
schema = ObservationSchema({}, robot, 96)
assert schema.images == {"observation/images/front": ("front", 96, 96)}, schema.images
print("ok")
