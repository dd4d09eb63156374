"""A scripted expert: grasps the object where its outline fits the hand, and places it at the task's goal."""

from typing import Iterator

import numpy as np

from ..client.pose_control import downward, rotation_vector, toward
from .environment import Environment


OPEN, CLOSED = -1.0, 1.0
# Opening of the fingers with a margin, metres.
WIDEST = 0.075


class Expert:
    """A plan that reads the scene at every step; gives up after three tries."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._scene = environment
        self._generator = generator
        self._speed = generator.uniform(0.6, 1.0)
        self._clearance = generator.uniform(0.06, 0.12)
        self._height = generator.uniform(0.14, 0.22)
        self._plan = self._try_thrice()

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[7]`."""
        action = next(self._plan, None)
        return None if action is None else np.clip(action, -1, 1).astype(np.float32)

    def _try_thrice(self) -> Iterator[np.ndarray]:
        for attempt in range(3):
            yield from self._carry(attempt)
            up = self._scene.position + [0, 0, 0.1]
            yield from self._go(up, self._scene.rotation, OPEN, 0.02, 20)

    def _carry(self, attempt: int) -> Iterator[np.ndarray]:
        scene = self._scene
        is_bowl = "bowl" in scene.object
        spot, way = self._rim(attempt) if is_bowl else self._middle(attempt)
        bottom = scene.outline(scene.object)[:, 2].min()
        top = scene.outline(scene.object)[:, 2].max()
        yield from self._go([*spot[:2], top + self._clearance], way, OPEN, 0.012, 80)
        yield from self._go(spot, way, OPEN, 0.006, 60, 0.8)
        yield from self._rest(CLOSED, int(self._generator.integers(8, 12)))
        yield from self._go(scene.position + [0, 0, self._height], way, CLOSED, 0.02, 40, 0.8)
        if scene.outline(scene.object)[:, 2].min() < bottom + 0.05:
            return
        goal = scene.outline(scene.goal)
        # A bowl is set down on the plate; other objects are dropped below the basket's edge.
        floor = goal[:, 2].min() + 0.03 if is_bowl else goal[:, 2].max() - 0.03
        for height, tolerance, speed in ((None, 0.015, 0.7), (floor, 0.012, 0.5)):
            for _ in range(90):
                way_there = self._over(goal, height)
                if np.linalg.norm(way_there) < tolerance:
                    break
                yield self._toward(way_there, way, CLOSED, speed)
        yield from self._rest(OPEN, int(self._generator.integers(8, 12)))

    def _over(self, goal: np.ndarray, height: float | None) -> np.ndarray:
        """Motion of the hand that brings the object over the goal: its lower end to `height`, or well above."""
        held = self._scene.outline(self._scene.object)
        if height is None:
            height = max(goal[:, 2].max() + 0.04, held[:, 2].min())
        middle = (goal.max(0) + goal.min(0)) / 2 - (held.max(0) + held.min(0)) / 2
        return np.array([*middle[:2], height - held[:, 2].min()])

    def _middle(self, attempt: int) -> tuple[np.ndarray, np.ndarray]:
        """A grasp around the object's narrow side, with the least turn of the hand."""
        points = self._scene.outline(self._scene.object)
        ways = []
        for yaw in np.linspace(0, np.pi, 36, endpoint=False):
            along, across = points[:, :2] @ [np.cos(yaw), np.sin(yaw)], points[:, :2] @ [-np.sin(yaw), np.cos(yaw)]
            ways.append((np.ptp(along), yaw, (along.max() + along.min()) / 2, (across.max() + across.min()) / 2))
        narrowest = min(ways)[0] + 0.004
        fits = [way for way in ways if way[0] <= max(narrowest, 0.7 * WIDEST)] if attempt else [
            way for way in ways if way[0] <= narrowest
        ]
        _, yaw, along, across = min(fits, key=lambda way: self._turn(way[1]))
        bottom, top = points[:, 2].min(), points[:, 2].max()
        depth = np.clip(0.45 * (top - bottom), 0.03, 0.045)
        x, y = along * np.cos(yaw) - across * np.sin(yaw), along * np.sin(yaw) + across * np.cos(yaw)
        return np.array([x, y, max(bottom + 0.012, top - depth)]), self._way(yaw)

    def _rim(self, attempt: int) -> tuple[np.ndarray, np.ndarray]:
        """One finger in the bowl and one outside, where there is most room beside it."""
        points = self._scene.outline(self._scene.object)
        top, bottom = points[:, 2].max(), points[:, 2].min()
        middle = (points.max(0) + points.min(0))[:2] / 2
        rim = points[points[:, 2] > top - 0.015]
        radius = np.median(np.linalg.norm(rim[:, :2] - middle, axis=1))
        crowd = [self._scene.outline(name) for name in self._scene.others()]
        # What stands higher than the bowl does; the last point is far from everything.
        crowd = [other[other[:, 2] > bottom + 0.01] for other in crowd]
        crowd = np.concatenate([*crowd, [[9.0, 9.0, 9.0]]])[:, :2]

        def room(angle: float) -> float:
            outside = middle + (radius + 0.03) * np.array([np.cos(angle), np.sin(angle)])
            return min(np.linalg.norm(crowd - outside, axis=1).min(), 0.06) - 0.01 * self._turn(angle)

        angles = sorted(np.linspace(-np.pi, np.pi, 8, endpoint=False), key=room, reverse=True)
        angle = angles[attempt]
        spot = middle + radius * np.array([np.cos(angle), np.sin(angle)])
        return np.array([*spot, top - 0.018 - 0.004 * attempt]), self._way(angle)

    def _turn(self, yaw: float) -> float:
        """Turn of the hand until its fingers open along `yaw`, radians."""
        return float(np.linalg.norm(rotation_vector(self._way(yaw) @ self._scene.rotation.T)))

    def _way(self, yaw: float) -> np.ndarray:
        """Looking down, fingers opening along `yaw`: of two such hands, the one that keeps clear of the wrist's end."""
        # At rest the fingers open along the world's y axis.
        ways = [downward(yaw), downward(yaw + np.pi)]
        return min(ways, key=lambda way: np.linalg.norm(rotation_vector(way @ downward(np.pi / 2).T)))

    def _toward(self, move, way: np.ndarray, grip: float, speed: float) -> np.ndarray:
        twist = rotation_vector(way @ self._scene.rotation.T)
        return np.append(toward(move, twist, speed * self._speed), grip)

    def _go(self, position, way, grip, tolerance, patience, speed=1.0) -> Iterator[np.ndarray]:
        for _ in range(patience):
            move = np.asarray(position) - self._scene.position
            twist = rotation_vector(way @ self._scene.rotation.T)
            if np.linalg.norm(move) < tolerance and np.linalg.norm(twist) < 0.1:
                return
            yield self._toward(move, way, grip, speed)

    def _rest(self, grip: float, steps: int) -> Iterator[np.ndarray]:
        for _ in range(steps):
            yield np.array([0, 0, 0, 0, 0, 0, grip])
