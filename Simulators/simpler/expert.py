"""A scripted expert: grasps the object from above, carries it over its goal and lets go; looks at the scene at every step."""

from typing import Iterator, NamedTuple

import numpy as np

from ..client.pose_control import ABOVE, is_above, rotation_vector, turn
from .environment import DOWN, Environment

OPEN, CLOSED = 1.0, -1.0
# How far the fingers reach beyond the hand's position, metres.
FINGERTIPS = 0.0156
# Widest object that the open fingers take, metres.
WIDEST = 0.05
# Steps in which the fingers close or open.
CLOSING, OPENING = 4, 3
# Largest turn of a step, radians.
LARGEST_TURN = 0.25

Motion = Iterator[np.ndarray]


class Grasp(NamedTuple):
    """A pose of the hand: metres, `[3]`, and a rotation, `[3, 3]`."""

    position: np.ndarray
    rotation: np.ndarray


class Expert:
    """A plan that begins anew as long as the task is not done, from any state; speed and clearances vary between episodes."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._scene = environment
        self._generator = generator
        self._speed = generator.uniform(0.028, 0.04)
        self._clearance = generator.uniform(0.04, 0.06)
        self._lift = generator.uniform(0.05, 0.07)
        self._offset = generator.normal(0, 0.002, 2)
        self._plan = self._pursue()

    def action(self) -> np.ndarray:
        """The next action, float32 `[7]`."""
        return next(self._plan).astype(np.float32)

    def _pursue(self) -> Motion:
        if self._scene.is_held:
            yield from self._carry_on(self._scene.target[1])
            yield from self._retreat()
        attempt = 0
        while True:
            while self._scene.solved:
                yield self._toward(*self._scene.target, OPEN)
            before = self._scene.places[0][2]
            grasp = self._grasp(attempt)
            yield from self._pick(grasp)
            if self._scene.places[0][2] > before + 0.015:
                yield from self._put(grasp.rotation)
            yield from self._retreat()
            attempt += 1

    def _grasp(self, attempt: int) -> Grasp:
        """Around the object's narrow side, as high above the ground as its middle, with little turn of the hand."""
        outline = self._scene.outline(0)
        low, high = outline.min(0), outline.max(0)
        middle = (low + high) / 2
        middle[:2] += self._offset + (self._generator.normal(0, 0.004, 2) if attempt else 0)
        middle[2] = max(low[2] + FINGERTIPS + 0.002, middle[2])
        hand = self._scene.hand[1]
        best = None
        for yaw in np.linspace(-np.pi / 2, np.pi / 2, 37):
            rotation = turn("z", yaw) @ DOWN
            width = np.ptp(outline @ rotation[:, 1])
            cost = width + 0.004 * np.linalg.norm(rotation_vector(rotation @ hand.T))
            if best is None or cost < best[0]:
                best = cost, rotation
        return Grasp(middle, best[1])

    def _pick(self, grasp: Grasp) -> Motion:
        scene = self._scene
        above = scene.outline(0)[:, 2].max() + FINGERTIPS + self._clearance
        is_open = scene.state[6] > 0.8
        if not (is_open and is_above(*scene.hand, grasp)):
            yield from self._go(lambda: np.array([*grasp.position[:2], above]), grasp.rotation, OPEN, 0.012)
        yield from self._go(lambda: grasp.position, grasp.rotation, OPEN, 0.004, patience=12)
        yield from self._stay(grasp.rotation, CLOSED, CLOSING)
        up = scene.target[0] + [0, 0, self._lift]
        yield from self._go(lambda: up, grasp.rotation, CLOSED, 0.015, patience=6)

    def _carry_on(self, rotation: np.ndarray) -> Motion:
        """Puts an object that is held already, wherever it is."""
        position = self._scene.hand[0]
        raised = np.array([*position[:2], self._over(self._lift)[2]])
        away = np.linalg.norm((self._over(0) - position)[:2]) > ABOVE
        if away and raised[2] > position[2] + 0.02:
            yield from self._go(lambda: raised, rotation, CLOSED, 0.015, patience=6)
        yield from self._put(rotation)

    def _over(self, height: float) -> np.ndarray:
        """Where the hand holds the object with its lower end so far above the goal, metres, `[3]`."""
        scene = self._scene
        position, (place, goal) = scene.hand[0], scene.places
        top = scene.outline(1)[:, 2].max()
        return position + [*(goal - place)[:2], top + height - scene.outline(0)[:, 2].min()]

    def _put(self, rotation: np.ndarray) -> Motion:
        scene = self._scene
        if np.linalg.norm((self._over(0) - scene.hand[0])[:2]) > ABOVE:
            yield from self._go(lambda: self._over(self._lift), rotation, CLOSED, 0.01, patience=20)
        yield from self._go(lambda: self._over(0.004), rotation, CLOSED, 0.005, patience=8)
        yield from self._stay(rotation, OPEN, OPENING)

    def _retreat(self) -> Motion:
        position, rotation = self._scene.target
        up = position + [0, 0, 0.06]
        yield from self._go(lambda: up, rotation, OPEN, 0.03, patience=5)

    def _go(self, position, rotation: np.ndarray, grip: float, tolerance: float, patience: int = 30) -> Motion:
        """Leads the hand to a pose; `position` is looked up at every step."""
        for _ in range(patience):
            place, heading = self._scene.hand
            goal = position()
            if np.linalg.norm(goal - place) < tolerance and np.linalg.norm(rotation_vector(rotation @ heading.T)) < 0.1:
                return
            yield self._toward(goal, rotation, grip)

    def _stay(self, rotation: np.ndarray, grip: float, steps: int) -> Motion:
        position = self._scene.target[0]
        for _ in range(steps):
            yield self._toward(position, rotation, grip)

    def _toward(self, position: np.ndarray, rotation: np.ndarray, grip: float) -> np.ndarray:
        """The action that moves the controller's target on, which the hand follows within a few steps."""
        place, heading = self._scene.target
        move, twist = position - place, rotation_vector(rotation @ heading.T)
        move = move * min(1, self._speed / max(np.linalg.norm(move), 1e-9))
        twist = twist * min(1, LARGEST_TURN / max(np.linalg.norm(twist), 1e-9))
        return np.concatenate([move, twist, [grip]])
