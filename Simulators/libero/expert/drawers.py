"""Drawers: pulled open by their handle, and pushed shut."""

import numpy as np

from .hand import CLOSED, OPEN, Hand, Motion, looking

# How far a drawer is pulled, metres: it is open at 0.14, and ready to be filled a little before.
STROKE, FILLING = 0.152, 0.118
# How far the hand looks down: hardly where a handle above the drawer's is in the way of its upper end, else so far that its
# lower end keeps clear of what lies before the drawer.
LEVEL, TILTED = np.deg2rad([6, 30])


def open_drawer(hand: Hand, region: str, attempt: int = 0, stroke: float = STROKE) -> Motion:
    """Pulls the drawer of `region` by its handle, one finger above and one below."""
    scene = hand.scene
    outward = scene.outward(region)
    tilt = TILTED if "top" in region else LEVEL
    rotation = _facing(outward, [0, 0, 1], tilt)
    bar = scene.handle(region)
    yield from hand.go(bar + 0.1 * outward + [0, 0, 0.08], rotation, OPEN, 0.02, 100)
    yield from hand.go(bar + 0.05 * outward, rotation, OPEN, 0.01, 40)
    yield from hand.go(bar - (0.002 + 0.003 * attempt) * outward, rotation, OPEN, 0.006, 40, 0.6)
    yield from hand.turn(CLOSED)
    start = scene.position
    for _ in range(60):
        missing = stroke - np.dot(scene.handle(region) - bar, outward)
        if missing < 0 or np.dot(scene.position - start, outward) > stroke + 0.02:
            break
        move = start - scene.position
        move += (np.dot(-move, outward) + missing + 0.01) * outward
        yield hand.toward(move, rotation, CLOSED, 0.7)
    yield from hand.turn(OPEN)
    yield from hand.go(scene.position + 0.06 * outward + [0, 0, 0.02], rotation, OPEN, 0.02, 30)


def close_drawer(hand: Hand, region: str, attempt: int = 0) -> Motion:
    """Pushes the drawer of `region` by its handle with closed fingers."""
    scene = hand.scene
    outward = scene.outward(region)
    rotation = _facing(outward, np.cross(outward, [0, 0, 1]), TILTED)
    start = scene.handle(region) + 0.07 * outward
    yield from hand.go(start + [0, 0, 0.15], rotation, CLOSED, 0.03, 100)
    yield from hand.go(start, rotation, CLOSED, 0.012, 60)
    for _ in range(80):
        # A goal behind the handle keeps pushing until the drawer is shut.
        move = scene.handle(region) - 0.04 * outward - scene.position
        yield hand.toward(move, rotation, CLOSED, 0.6)
    yield from hand.go(scene.position + 0.08 * outward, rotation, CLOSED, 0.02, 30)


def from_under(hand: Hand, name: str, region: str) -> np.ndarray:
    """The way, metres, `[2]`, out from under the open drawer of `region`."""
    scene = hand.scene
    outward, outline, middle = scene.outward(region), scene.outline(name), scene.place(region)
    beside = np.abs((outline - middle) @ np.cross(outward, [0, 0, 1])).min() > 0.12
    if beside or outline[:, 2].max() > middle[2]:
        return np.zeros(2)
    return max(0.0, (scene.handle(region) @ outward) + 0.025 - (outline @ outward).min()) * outward[:2]


def _facing(outward: np.ndarray, opening, tilt: float) -> np.ndarray:
    return looking(-np.cos(tilt) * outward - [0, 0, np.sin(tilt)], opening)
