"""Picking an object up and putting it somewhere."""

from typing import NamedTuple

import numpy as np

from ...client.pose_control import ABOVE, is_above
from .grasping import Grasp, everything_but
from .hand import CLOSED, OPEN, Hand, Motion


# Height over its place from which an object is lowered slowly, metres.
SLOW_BELOW = 0.06


class Place(NamedTuple):
    """Where an object goes: the position of its body, metres, `[2]`, the height of its lower end, and the height that it clears."""

    spot: np.ndarray
    floor: float
    top: float
    # The hand's rotation when the object is put down; that of the grasp where there is none.
    rotation: np.ndarray | None = None
    # True where the middle of the object's outline goes to the spot, to fit into something.
    fits: bool = False
    # Where it is lowered to some height first, to pass below something: metres, `[3]`.
    entry: np.ndarray | None = None


def pick(hand: Hand, name: str, grasp: Grasp, aside=(0.0, 0.0)) -> Motion:
    """Grasps an object and lifts it a little; `aside`, metres, `[2]`, comes first where something is above it."""
    scene = hand.scene
    above = max(scene.outline(name)[:, 2].max() + hand.clearance, grasp.position[2])
    way = max(above, _highest(everything_but(hand, name), scene.position, grasp.position) + 0.03)
    if not (hand.is_open and is_above(scene.position, scene.rotation, grasp)):
        if way > above:
            yield from hand.go([*grasp.position[:2], max(way, scene.position[2])], grasp.rotation, OPEN, 0.03)
        yield from hand.go([*grasp.position[:2], above], grasp.rotation, OPEN, 0.012)
    yield from hand.go(grasp.position, grasp.rotation, OPEN, 0.006, 60, 0.8)
    yield from hand.turn(CLOSED)
    if np.any(aside):
        yield from hand.go(scene.position + [0, 0, 0.04], grasp.rotation, CLOSED, 0.012, 30, 0.6)
        yield from hand.go(scene.position + [*aside, 0], grasp.rotation, CLOSED, 0.015, 40, 0.6)
    yield from hand.go(scene.position + [0, 0, hand.lift], grasp.rotation, CLOSED, 0.02, 40, 0.8)


def _highest(points: np.ndarray, start: np.ndarray, end: np.ndarray, width: float = 0.1) -> float:
    """Height of the highest of `points` near the way from `start` to `end`, metres."""
    way = (end - start)[:2]
    along = np.clip((points[:, :2] - start[:2]) @ way / max(way @ way, 1e-6), 0, 1)
    near = np.linalg.norm(points[:, :2] - start[:2] - along[:, None] * way, axis=1) < width
    return points[near, 2].max(initial=-np.inf)


def is_held(hand: Hand, name: str, before: float) -> bool:
    """True if the object's lower end is well above `before`."""
    return hand.scene.outline(name)[:, 2].min() > before + 0.04


def is_lost(hand: Hand, name: str) -> bool:
    """True if the object is not between the fingers any more."""
    return bool(np.linalg.norm(hand.scene.outline(name) - hand.scene.position, axis=1).min() > 0.04)


def put(hand: Hand, name: str, place: Place, rotation: np.ndarray) -> Motion:
    """Carries the object that is held: up, across, down; then lets go."""
    scene = hand.scene
    rotation = rotation if place.rotation is None else place.rotation

    def missing(height: float, spot: np.ndarray = place.spot) -> np.ndarray:
        outline = scene.outline(name)
        low, high = outline.min(0), outline.max(0)
        position = (low + high) / 2 if place.fits else scene.place(name)
        return np.array([*(spot - position[:2]), height - low[2]])

    height = max(place.top + 0.04, scene.outline(name)[:, 2].min())
    for _ in range(0 if np.linalg.norm(missing(0)[:2]) < ABOVE else 60):
        up = missing(height)[2]
        if up < 0.02 or is_lost(hand, name):
            break
        yield hand.toward([0, 0, up], rotation, CLOSED, 0.9)
    exact = place.fits or place.entry is not None
    over = place.spot if place.entry is None else place.entry[:2]
    yield from _carry(hand, name, lambda: missing(height, over), rotation, 0.006 if exact else 0.015, 0.8)
    if place.entry is None:
        low = place.floor + SLOW_BELOW
        if missing(low)[2] < 0:
            yield from _carry(hand, name, lambda: missing(low), rotation, 0.02, 0.9)
    else:
        yield from _carry(hand, name, lambda: missing(place.entry[2], over), rotation, 0.008, 0.5)
    yield from _carry(hand, name, lambda: missing(place.floor), rotation, 0.01, 0.5)
    yield from hand.turn(OPEN)


def _carry(hand: Hand, name: str, missing, rotation: np.ndarray, tolerance: float, speed: float) -> Motion:
    """Moves until `missing` is small, until it gets no smaller, or until the object is lost."""
    best, stalled = np.inf, 0
    for _ in range(120):
        distance = np.linalg.norm(missing())
        best, stalled = (distance, 0) if distance < best - 0.002 else (best, stalled + 1)
        if distance < tolerance or stalled > 20 or is_lost(hand, name):
            return
        yield hand.toward(missing(), rotation, CLOSED, speed)


def pick_and_place(hand: Hand, name: str, grasp: Grasp, place: Place, aside=(0.0, 0.0)) -> Motion:
    """Picks an object up, unless it is held already, and puts it in its place if that worked."""
    if hand.scene.is_held(name):
        yield from put(hand, name, place, hand.scene.rotation)
        return
    before = hand.scene.outline(name)[:, 2].min()
    yield from pick(hand, name, grasp, aside)
    if is_held(hand, name, before):
        yield from put(hand, name, place, grasp.rotation)
