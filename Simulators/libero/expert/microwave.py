"""The microwave: a mug goes in by its handle, and the door is pushed shut."""

import numpy as np

from ...client.pose_control import turn
from .hand import CLOSED, OPEN, Hand, Motion, down, looking

# The hand looks into the microwave, and down so far that it keeps clear of what stands behind it.
TILT = np.deg2rad(45)
INWARD = np.array([0.0, 1.0, 0.0])
# From the door's hinge to where it is pushed, metres.
ARM = 0.17


def put_in(hand: Hand, name: str, region: str, attempt: int = 0) -> Motion:
    """Takes a mug by its handle, moves it in front of `region` and then into it."""
    scene = hand.scene
    look = np.array([0, np.cos(TILT), -np.sin(TILT)])
    rotation = looking(look, [1, 0, 0])
    handle = scene.mug_handle(name)
    before = scene.place(name)[2]
    yield from hand.go(handle - 0.12 * look, rotation, OPEN, 0.02, 100)
    yield from hand.go(handle, rotation, OPEN, 0.006, 60, 0.6)
    yield from hand.turn(CLOSED)
    yield from hand.go(scene.position + [0, 0, 0.06], rotation, CLOSED, 0.015, 40, 0.6)
    if scene.place(name)[2] < before + 0.03:
        return
    # The hand is wider than the opening: it stays outside, and pushes the mug in with the fingertips.
    spot, floor = scene.place(region) + [-0.04, 0, 0], scene.region_floor(region)
    for depth, height, tolerance, speed in ((-0.2, 0.04, 0.015, 0.8), (-0.045, 0.025, 0.008, 0.5), (-0.045, 0.008, 0.008, 0.4)):
        for _ in range(80):
            move = np.array([*spot[:2], floor + height]) + depth * INWARD - scene.place(name)
            if np.linalg.norm(move) < tolerance:
                break
            yield hand.toward(move, rotation, CLOSED, speed)
    yield from hand.turn(OPEN)
    yield from hand.go(scene.position - 0.05 * INWARD, rotation, OPEN, 0.015, 30, 0.7)
    yield from hand.turn(CLOSED)
    for _ in range(40):
        missing = spot[1] - 0.018 - scene.place(name)[1]
        if missing < 0.002:
            break
        move = scene.mug_handle(name) - scene.position
        yield hand.toward([move[0], missing + 0.02, move[2]], rotation, CLOSED, 0.4)
    yield from hand.go(scene.position - 0.15 * INWARD, rotation, CLOSED, 0.02, 40, 0.8)


def close_door(hand: Hand, name: str, attempt: int = 0) -> Motion:
    """Goes round the door and pushes it from outside, along its arc."""
    scene = hand.scene
    hinge, angle = scene.hinge(name)
    rotation = down(np.pi / 2)

    def at(angle: float, off: float) -> np.ndarray:
        return hinge + turn("z", angle) @ [ARM, -off, 0.02]

    high = hinge[2] + 0.2
    yield from hand.go([*scene.position[:2], high], rotation, CLOSED, 0.03, 60)
    start = at(angle, 0.1)
    yield from hand.go([*start[:2], high], rotation, CLOSED, 0.03, 100)
    yield from hand.go(start, rotation, CLOSED, 0.015, 60)
    for _ in range(140):
        _, angle = scene.hinge(name)
        goal = at(min(angle + 0.25, 0.1), 0.02)
        yield hand.toward(goal - scene.position, rotation, CLOSED, 0.6)
        if scene.holds(["close", name]):
            break
