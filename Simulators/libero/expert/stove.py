"""The stove's knob."""

import numpy as np

from ...client.pose_control import turn
from .hand import CLOSED, OPEN, Hand, Motion, down

# How far the knob is turned, radians; it is on at half a radian.
TURN = 1.0


def turn_on(hand: Hand, stove: str, attempt: int = 0) -> Motion:
    """Takes the knob's ridge between the fingers and turns it."""
    scene = hand.scene
    axis, ridge, yaw = scene.knob(stove)
    yaw += [0, 0.15, -0.15][attempt % 3]
    yield from hand.go(ridge + [0, 0, hand.clearance + 0.03], down(yaw), OPEN, 0.015, 100)
    yield from hand.go(ridge, down(yaw), OPEN, 0.006, 60, 0.7)
    yield from hand.turn(CLOSED)
    start = scene.rotation
    for step in range(50):
        angle = min(TURN + 0.3, 0.05 * (step + 1))
        rotation = turn("z", angle) @ start
        goal = axis + turn("z", angle) @ (ridge - axis)
        yield hand.toward(goal - scene.position, rotation, CLOSED, 0.6)
        if scene.holds(["turnon", stove]) and angle > TURN:
            break
    yield from hand.turn(OPEN)
