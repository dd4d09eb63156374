"""From a task's goals to skills."""

import numpy as np

from . import drawers, microwave, pushing, stove
from .carrying import Place, pick_and_place
from .grasping import grasp
from .hand import Hand, Motion, looking

# What is opened or turned on comes first, and what is closed last.
ORDER = ("open", "turnon", "on", "in", "close")


def ordered(goals: list[list[str]]) -> list[list[str]]:
    """Goals in the order in which they are pursued."""
    return sorted(goals, key=lambda goal: ORDER.index(goal[0]))


def skill(hand: Hand, goal: list[str], attempt: int) -> Motion:
    """The motions that bring `goal` about: LIBERO's predicate and what it is of."""
    match goal:
        case ["open", region]:
            return drawers.open_drawer(hand, region, attempt)
        case ["close", name] if "microwave" in name:
            return microwave.close_door(hand, name, attempt)
        case ["close", region]:
            return drawers.close_drawer(hand, region, attempt)
        case ["turnon", name]:
            return stove.turn_on(hand, name, attempt)
        case [_, name, target] if "plate" in name:
            return pushing.push(hand, name, hand.scene.place(target)[:2], attempt)
        case [_, name, target] if "heating_region" in target:
            return microwave.put_in(hand, name, target, attempt)
        case [_, name, target]:
            return _transfer(hand, name, target, attempt)
    raise RuntimeError(f"the expert has no skill for the goal {' '.join(goal)}")


def _transfer(hand: Hand, name: str, target: str, attempt: int) -> Motion:
    scene = hand.scene
    is_drawer = scene.joint(target) is not None
    if is_drawer and scene.opening(target) < drawers.FILLING - 0.02:
        yield from drawers.open_drawer(hand, target, attempt, drawers.FILLING)
        yield from hand.retreat()
    # Before a cabinet's front, the hand is held along it.
    along = 0.0 if is_drawer and "top" not in target else None
    aside = drawers.from_under(hand, name, target) if is_drawer else (0.0, 0.0)
    yield from pick_and_place(hand, name, grasp(hand, name, attempt, along), _place(hand, name, target), aside)


def _place(hand: Hand, name: str, target: str) -> Place:
    """Where `name` comes to lie on or in `target`, another object or one of LIBERO's regions."""
    scene = hand.scene
    spot = scene.place(target)[:2]
    if target in scene.names:
        outline = scene.outline(target)
        depth = 0.02 if "bowl" in name or "mug" in name else 0.025
        return Place(spot, outline[:, 2].min() + depth, outline[:, 2].max())
    floor, top = scene.region_floor(target), scene.region_top(target)
    if "contain_region" in target and "basket" in target:
        # What is in it already stays where it is.
        inside = [other for other in scene.names if other != name and scene.is_in(other, target)]
        spot = spot + ([0.0, 0.0] if not scene.shares(target) else [0.0, 0.03 if inside else -0.03])
        return Place(spot, top - 0.03, top)
    if "caddy" in target:
        return Place(spot, floor + 0.02, top, looking([0, 0, -1], [1, 0, 0]), fits=True)
    if "wine_rack" in target:
        return Place(spot + [0, -0.004], floor + 0.005, top)
    if "cook_region" in target and scene.shares(target):
        others = [other for other in scene.names if other != name and "moka" in other and scene.is_on(other, target)]
        spot = spot + [0.042 if others else -0.042, 0.0]
    if scene.joint(target) is not None:
        # Past the handles of the drawers above, which stand out.
        outward = scene.outward(target)[:2]
        entry = None if "top" in target else np.array([*(spot + 0.03 * outward), floor + 0.028])
        return Place(spot + 0.014 * outward, floor + 0.008, top, entry=entry)
    return Place(spot, floor + 0.008, max(top, floor))
