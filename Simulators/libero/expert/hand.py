"""Motions of the hand that all skills are made of. Each yields one action a control step."""

from typing import Iterator

import numpy as np

from ...client.pose_control import downward, rotation_vector, toward
from ..environment import Environment

OPEN, CLOSED = -1.0, 1.0
Motion = Iterator[np.ndarray]


class Hand:
    """The hand, with the habits of an episode: its speed, clearances and pauses vary between episodes."""

    def __init__(self, scene: Environment, generator: np.random.Generator):
        self.scene = scene
        self._generator = generator
        self._speed = generator.uniform(0.8, 1.0)
        self.clearance = generator.uniform(0.06, 0.1)
        self.lift = generator.uniform(0.1, 0.16)

    @property
    def is_open(self) -> bool:
        """True if the fingers are as wide open as they go, or nearly."""
        return bool(np.ptp(self.scene.state[-2:]) > 0.07)

    def chance(self) -> float:
        """A number that is sampled from 0 to 1."""
        return float(self._generator.uniform())

    def toward(self, move, rotation: np.ndarray, grip: float, speed: float = 1.0) -> np.ndarray:
        """The action that moves by `move`, metres, and turns to `rotation`."""
        twist = rotation_vector(rotation @ self.scene.rotation.T)
        return np.append(toward(move, twist, speed * self._speed), grip)

    def go(self, position, rotation, grip, tolerance=0.01, patience=80, speed=1.0, bend=0.1) -> Motion:
        """Moves to a pose, within `tolerance` metres and `bend` radians; at most `patience` steps, and until something is in the way."""
        best, stalled = np.inf, 0
        for _ in range(patience):
            move = np.asarray(position) - self.scene.position
            twist = rotation_vector(rotation @ self.scene.rotation.T)
            if np.linalg.norm(move) < tolerance and np.linalg.norm(twist) < bend:
                return
            distance = np.linalg.norm(move) + 0.1 * np.linalg.norm(twist)
            best, stalled = (distance, 0) if distance < best - 0.001 else (best, stalled + 1)
            if stalled > 15:
                return
            yield self.toward(move, rotation, grip, speed)

    def turn(self, grip: float) -> Motion:
        """Stays, for as long as fingers take to open or to close."""
        for _ in range(int(self._generator.integers(8, 12))):
            yield np.array([0, 0, 0, 0, 0, 0, grip])

    def retreat(self, height: float = 0.1) -> Motion:
        """Opens and rises."""
        yield from self.go(self.scene.position + [0, 0, height], self.scene.rotation, OPEN, 0.02, 25)

    def away(self, yaw: float) -> float:
        """Turn of the hand until it looks down with its fingers opening along `yaw`, radians."""
        return float(np.linalg.norm(rotation_vector(down(yaw) @ self.scene.rotation.T)))


def down(yaw: float) -> np.ndarray:
    """Looking down, fingers opening along `yaw`: of two such hands, the one that keeps clear of the wrist's end."""
    # At rest the fingers open along the world's y axis.
    return nearest(downward(yaw), downward(np.pi / 2))


def looking(direction, opening) -> np.ndarray:
    """Looking along `direction`, fingers opening along `opening`, `[3]` each."""
    z = np.asarray(direction, float) / np.linalg.norm(direction)
    x = np.asarray(opening, float) - np.dot(opening, z) * z
    x /= np.linalg.norm(x)
    return nearest(np.stack([x, np.cross(z, x), z], axis=1), downward(np.pi / 2))


def nearest(rotation: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The hand at `rotation`, or turned by half a turn about where it looks: the one that is nearer to `reference`."""
    other = rotation @ np.diag([-1.0, -1.0, 1.0])
    return min((rotation, other), key=lambda way: np.linalg.norm(rotation_vector(way @ reference.T)))
