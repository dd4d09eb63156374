"""Pushing a plate along the table, held by its rim."""

import numpy as np

from .carrying import is_lost
from .grasping import rim
from .hand import CLOSED, OPEN, Hand, Motion

FORCE = 2.0


def push(hand: Hand, name: str, spot: np.ndarray, attempt: int = 0) -> Motion:
    """Takes the plate's rim and pushes it to `spot`, metres, `[2]`: past other things first, then to its goal."""
    scene = hand.scene
    grasp = rim(hand, name, attempt)
    yield from hand.go(grasp.position + [0, 0, hand.clearance], grasp.rotation, OPEN, 0.012)
    yield from hand.go(grasp.position, grasp.rotation, OPEN, 0.006, 60, 0.7)
    yield from hand.turn(CLOSED)
    height = scene.position[2] - 0.002
    # Along the second axis first, where the way is free.
    for corner, tolerance in ((np.array([scene.place(name)[0], spot[1]]), 0.03), (spot, 0.012)):
        for _ in range(90):
            move = corner - scene.place(name)[:2]
            if np.linalg.norm(move) < tolerance or is_lost(hand, name):
                break
            # More than the way that is left, against friction.
            yield hand.toward([*(FORCE * move), height - scene.position[2]], grasp.rotation, CLOSED, 0.6)
    yield from hand.turn(OPEN)
