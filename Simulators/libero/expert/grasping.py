"""Grasps from above: where an object's outline fits between the fingers."""

from typing import NamedTuple

import numpy as np

from .hand import Hand, down

# Opening of the fingers with a margin, metres.
WIDEST = 0.075
# How far below an object's upper end, and below a rim, the fingers' middle goes.
DEEPEST, RIM_DEPTH = 0.026, 0.018
# Half the size of the open fingers and of the hand above them, along the opening and across it; the hand begins so far above.
FINGERS, HAND, PALM = np.array([0.062, 0.012]), np.array([0.104, 0.032]), 0.031


class Grasp(NamedTuple):
    """A pose of the hand: metres, `[3]`, and a rotation, `[3, 3]`."""

    position: np.ndarray
    rotation: np.ndarray


def grasp(hand: Hand, name: str, attempt: int, along: float | None = None) -> Grasp:
    """The grasp for an object at an attempt; hollow ones by the rim, with the fingers opening along `along` where possible."""
    if any(word in name for word in ("bowl", "mug", "plate")):
        return rim(hand, name, attempt, along)
    if "moka_pot" in name:
        return knob(hand, name)
    return around(hand, name, attempt)


def around(hand: Hand, name: str, attempt: int = 0) -> Grasp:
    """Around a narrow side, where the hand keeps clear of all else, with little turn of the hand."""
    points = hand.scene.outline(name)
    bottom, top = points[:, 2].min(), points[:, 2].max()
    height = max(bottom + 0.012, top - DEEPEST)
    crowd = everything_but(hand, name)
    best = None
    for yaw in np.linspace(0, np.pi, 36, endpoint=False):
        axes = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
        low, high = (points[:, :2] @ axes.T).min(0), (points[:, :2] @ axes.T).max(0)
        width, length = high - low
        for shift in (0.0, 0.2, -0.2, 0.35, -0.35):
            middle = np.array([*((low + high) / 2 + [0, shift * length]) @ axes, height])
            cost = 5 * width + 50 * max(0.0, width - WIDEST) + 0.02 * hand.away(yaw) + 0.3 * abs(shift) * length
            blocked = _blocked(crowd, middle, axes)
            cost += 0.1 * (blocked > 0) + 0.005 * blocked
            # A grasp that failed is hardly tried again.
            cost += 0.5 * width * hand.chance() if attempt else 0.0
            if best is None or cost < best[0]:
                best = (cost, Grasp(middle, down(yaw)))
    return best[1]


def _blocked(crowd: np.ndarray, middle: np.ndarray, axes: np.ndarray) -> int:
    """Number of points of `crowd` in the way of a hand that looks down at `middle`, its fingers opening along the first axis."""
    offsets = np.abs((crowd[:, :2] - middle[:2]) @ axes.T)
    above = crowd[:, 2] - middle[2]
    in_hand = (above > PALM - 0.01) & (offsets < HAND + 0.004).all(axis=1)
    in_fingers = (above > -0.01) & (offsets < FINGERS + 0.005).all(axis=1)
    return int(np.sum(in_hand | in_fingers))


def everything_but(hand: Hand, name: str) -> np.ndarray:
    """Points on everything but an object, metres, `[points, 3]`; one of them is far away."""
    others = [hand.scene.outline(other) for other in hand.scene.names if other != name]
    return np.concatenate([*others, [[9.0, 9.0, 9.0]]])


def rim(hand: Hand, name: str, attempt: int = 0, along: float | None = None) -> Grasp:
    """One finger inside and one outside, where there is most room; the fingers open along `along` where possible."""
    points = hand.scene.outline(name)
    top, bottom = points[:, 2].max(), points[:, 2].min()
    edge = points[points[:, 2] > top - 0.012][:, :2]
    middle = (edge.max(0) + edge.min(0)) / 2
    radius = np.median(np.linalg.norm(edge - middle, axis=1))
    crowd = everything_but(hand, name)
    # Its own handle is in the way too.
    handle = points[np.linalg.norm(points[:, :2] - middle, axis=1) > radius + 0.012]
    beside = np.concatenate([crowd[crowd[:, 2] > bottom + 0.01], handle])[:, :2]

    def room(angle: float) -> float:
        axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        outside = middle + (radius + 0.03) * axes[0]
        result = min(np.linalg.norm(beside - outside, axis=1).min(), 0.06) - 0.01 * hand.away(angle)
        blocked = _blocked(crowd, np.array([*(middle + radius * axes[0]), top - RIM_DEPTH]), axes)
        result -= 0.05 * (blocked > 0) + 0.002 * blocked
        return result if along is None else result - 0.1 * abs(np.sin(angle - along))

    angle = sorted(np.linspace(-np.pi, np.pi, 24, endpoint=False), key=room, reverse=True)[2 * attempt]
    spot = middle + radius * np.array([np.cos(angle), np.sin(angle)])
    depth = min(RIM_DEPTH + 0.004 * attempt, (top - bottom) * 0.6)
    return Grasp(np.array([*spot, top - depth]), down(angle))


def knob(hand: Hand, name: str) -> Grasp:
    """By the highest of an object's parts."""
    parts = hand.scene.parts(name)
    highest = max(parts, key=lambda points: points[:, 2].max())
    low, high = highest.min(0), highest.max(0)
    yaw = 0.0 if np.ptp(highest[:, 0]) < np.ptp(highest[:, 1]) else np.pi / 2
    return Grasp(np.array([*(low + high)[:2] / 2, high[2] - 0.009]), down(yaw))
