"""Where the objects of a scene begin: the benchmark's own layouts, and others from the ranges that those span."""

from typing import NamedTuple

import numpy as np
from transforms3d.quaternions import qinverse, qmult

# Layouts of an evaluation of a task: ManiSkill's episodes 0 ... 23.
BENCHMARK = 24
# A scene is none of the benchmark's: some object stands farther away, metres, or is turned by more, radians.
LEAST_MOVE, LEAST_TURN = 0.01, 0.15
# Least distance of both objects, as a fraction of the benchmark's least.
CLOSENESS = 0.8


class Layout(NamedTuple):
    """Poses from which object and goal fall into place: metres, `[2, 3]`, and quaternions w, x, y, z, `[2, 4]`."""

    positions: np.ndarray
    rotations: np.ndarray


def benchmark(positions: np.ndarray, rotations: np.ndarray) -> list[Layout]:
    """The layouts of an evaluation, from ManiSkill's lists `[p, 2, 3]` and `[r, 2, 4]`, in its order."""
    numbers = (divmod(index % (len(positions) * len(rotations)), len(rotations)) for index in range(BENCHMARK))
    return [Layout(positions[place], rotations[turn]) for place, turn in numbers]


def sampled(positions: np.ndarray, rotations: np.ndarray, generator: np.random.Generator) -> Layout:
    """A layout that is none of the benchmark's.

    Positions are uniform in the box around the benchmark's, orientations on the arc between two that are neighbours in its list.
    """
    distance = CLOSENESS * np.linalg.norm(positions[:, 0, :2] - positions[:, 1, :2], axis=1).min()
    known = benchmark(positions, rotations)
    while True:
        places = generator.uniform(positions.min(0), positions.max(0))
        # Two orientations are the ends of an arc, more go round.
        arcs = len(rotations) if len(rotations) > 2 else max(1, len(rotations) - 1)
        first = int(generator.integers(arcs))
        second, part = (first + 1) % len(rotations), generator.uniform()
        turns = np.stack([_between(one, other, part) for one, other in zip(rotations[first], rotations[second])])
        layout = Layout(places, turns)
        apart = np.linalg.norm(places[0, :2] - places[1, :2]) >= distance
        if apart and not any(_same(layout, other) for other in known):
            return layout


def _between(one: np.ndarray, other: np.ndarray, part: float) -> np.ndarray:
    """The quaternion at `part`, 0 to 1, of the shorter arc between two."""
    other = other if one @ other >= 0 else -other
    angle = np.arccos(np.clip(one @ other, -1, 1))
    if angle < 1e-6:
        return one
    return (np.sin((1 - part) * angle) * one + np.sin(part * angle) * other) / np.sin(angle)


def _same(one: Layout, other: Layout) -> bool:
    moved = np.linalg.norm((one.positions - other.positions)[:, :2], axis=1).max()
    turns = [2 * np.arccos(min(1, abs(qmult(qinverse(a), b)[0]))) for a, b in zip(one.rotations, other.rotations)]
    return moved < LEAST_MOVE and max(turns) < LEAST_TURN
