"""Scripted experts: plans that read the scene at every step, so that they recover from noise and slips."""

from typing import Iterator

import numpy as np

from ..client.pose_control import downward, rotation_vector, toward, turn
from .environment import LARGEST_SPEED, LARGEST_STEP, Environment, Hand


OPEN, CLOSED = -1.0, 1.0


class Expert:
    """The expert for a robot's controller: a plan of hand poses, or joints that follow one."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        kind = PathFollower if environment.controller else PlanFollower
        self._controller = kind(environment, generator)

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[columns]`; None when the expert gives up."""
        return self._controller.action()


class PlanFollower:
    """Follows the plan of a task; gives up when it ends without success."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._plan = PLANS[environment.scene](Style(environment, generator))

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[columns]`."""
        action = next(self._plan, None)
        return None if action is None else np.clip(action, -1, 1).astype(np.float32)


class PathFollower:
    """The same motion in joint commands: a twin environment executes the plan, and the joints follow its path.

    Under noise the joints leave the path and come back to it. The success that counts is that of the followed motion.
    """

    # Steps by which commands run ahead, since joints lag behind them.
    lead = 2

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._environment = environment
        self._path = self._planned(environment.twin, generator)
        self._step = 0

    def _planned(self, twin: Environment, generator: np.random.Generator) -> list[tuple]:
        """Joints, their speeds and the grip at every step of the plan, until the end of a success."""
        twin.reset(self._environment.seed)
        expert = PlanFollower(twin, generator)
        path, left = [], None
        while left != 0 and len(path) < twin.description.max_demonstration_steps and (action := expert.action()) is not None:
            path.append((twin.hands[0].joints, twin.hands[0].speeds, action[6]))
            success = twin.step(action)
            left = left - 1 if left is not None else 20 if success else None
        return path if left is not None else []

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[8]`; nothing where the plan failed or the path is at its end."""
        ahead = self._step + self.lead
        if ahead >= len(self._path):
            return None
        hand, (joints, speeds, _) = self._environment.hands[0], self._path[ahead]
        if self._environment.controller == "position":
            move = (joints - hand.joints) / LARGEST_STEP
        else:
            here = self._path[self._step + 1][0]
            move = (speeds + 4 * (here - hand.joints)) / LARGEST_SPEED
        grip = self._path[self._step][2]
        self._step += 1
        return np.clip(np.append(move, grip), -1, 1).astype(np.float32)


class Style:
    """A scene and the random parameters of an episode's plan."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self.scene = environment
        self.hands = environment.hands
        self.hand = environment.hands[0]
        self.speed = generator.uniform(0.5, 1.0)
        # Height above an object before the grasp, and offset of the grasp.
        self.clearance = generator.uniform(0.05, 0.12)
        self.offset = np.append(generator.normal(0, 0.003, 2), generator.uniform(-0.005, 0.003))
        # Depth of the sponge below the table's top.
        self.press = generator.uniform(0.005, 0.015)
        self.reach = generator.uniform(0.02, 0.03)
        self.generator = generator

    def go(self, position, rotation, grip, tolerance=0.01, patience=60, speed=1.0) -> Iterator[np.ndarray]:
        """Leads the hand to a pose; `position` is looked up at every step."""
        for _ in range(patience):
            way, twist = position() - self.hand.position, rotation_vector(rotation @ self.hand.rotation.T)
            if np.linalg.norm(way) < tolerance and np.linalg.norm(twist) < 0.1:
                return
            yield np.append(command(self.hand, way, twist, speed * self.speed), grip)

    def rest(self, grip, steps) -> Iterator[np.ndarray]:
        """Stays, and opens or closes."""
        for _ in range(steps):
            yield np.append(np.zeros(6), grip)

    def grasp_of(self, rotation: np.ndarray) -> np.ndarray:
        """The way to take a cube from above that turns the hand least."""
        yaw = np.arctan2(rotation[1, 0], rotation[0, 0])
        return self.across(yaw, 4)

    def across(self, yaw: float, ways: int = 2) -> np.ndarray:
        """Looking down, the fingers opening along `yaw` or, for objects that look alike after a turn, another way."""
        return least_turn(self.hand, [downward(yaw + part * 2 * np.pi / ways) for part in range(ways)])


def least_turn(hand: Hand, ways: list[np.ndarray]) -> np.ndarray:
    """The one of `ways` to hold the hand that it is nearest to."""
    return min(ways, key=lambda way: np.linalg.norm(rotation_vector(way @ hand.rotation.T)))


def command(hand: Hand, way: np.ndarray, twist: np.ndarray, speed: float) -> np.ndarray:
    """Six columns that lead `hand` on, in its robot's frame."""
    return toward(hand.base.T @ way, hand.base.T @ twist, speed)


def take(style: Style, body: str) -> Iterator[np.ndarray]:
    """Takes a cube from above."""
    position = lambda: style.scene.position(body)
    way = style.grasp_of(style.scene.rotation(body))
    above = lambda: position() + [0, 0, style.clearance]
    yield from style.go(above, way, OPEN, tolerance=0.015)
    yield from style.go(lambda: position() + style.offset, way, OPEN, tolerance=0.006, speed=0.7)
    yield from style.rest(CLOSED, int(style.generator.integers(5, 9)))


def lift(style: Style) -> Iterator[np.ndarray]:
    """Takes the cube up, and again if it fell."""
    while True:
        yield from take(style, "cube_main")
        goal = style.hand.position + [0, 0, style.generator.uniform(0.1, 0.2)]
        yield from style.go(lambda: goal, style.hand.rotation, CLOSED, patience=25)


def stack(style: Style) -> Iterator[np.ndarray]:
    """Takes the red cube, carries it over the green one and lets go."""
    while True:
        yield from take(style, "cubeA_main")
        way = style.hand.rotation
        high = style.hand.position + [0, 0, style.generator.uniform(0.08, 0.15)]
        yield from style.go(lambda: high, way, CLOSED, tolerance=0.02, patience=25)
        cube = lambda: style.scene.position("cubeA_main")
        held = lambda height: lambda: style.scene.position("cubeB_main") + [0, 0, height] + (
            style.hand.position - cube()
        )
        yield from style.go(held(0.1), way, CLOSED, tolerance=0.01)
        yield from style.go(held(0.046), way, CLOSED, tolerance=0.006, speed=0.5, patience=40)
        yield from style.rest(OPEN, 6)
        up = style.hand.position + [0, 0, 0.1]
        yield from style.go(lambda: up, way, OPEN, patience=20)


def two_arm_lift(style: Style) -> Iterator[np.ndarray]:
    """Takes the pot by both handles and lifts it level."""
    raw, hands = style.scene.raw, style.hands
    handles = [lambda: raw._handle0_xpos.copy(), lambda: raw._handle1_xpos.copy()]
    distance = lambda hand, handle: np.linalg.norm(hand.position - handle())
    if distance(hands[0], handles[0]) > distance(hands[0], handles[1]):
        handles.reverse()
    pot = style.scene.position("pot_root")
    radii = [handle() - pot for handle in handles]
    yaws = [np.arctan2(radius[1], radius[0]) for radius in radii]
    ways = [least_turn(hand, [downward(yaw), downward(yaw + np.pi)]) for hand, yaw in zip(hands, yaws)]

    def both(goals, grip, tolerance, patience, speed):
        for _ in range(patience):
            moves = [goal() - hand.position for goal, hand in zip(goals, hands)]
            twists = [rotation_vector(way @ hand.rotation.T) for way, hand in zip(ways, hands)]
            if max(map(np.linalg.norm, moves)) < tolerance and max(map(np.linalg.norm, twists)) < 0.15:
                return
            steps = [
                np.append(command(hand, move, twist, speed * style.speed), grip)
                for hand, move, twist in zip(hands, moves, twists)
            ]
            yield np.concatenate(steps)

    def over(handle, height):
        return lambda: handle() + [0, 0, height]

    while True:
        yield from both([over(handle, style.clearance) for handle in handles], OPEN, 0.015, 80, 1.0)
        yield from both([over(handle, style.offset[2]) for handle in handles], OPEN, 0.008, 50, 0.7)
        for _ in range(int(style.generator.integers(8, 13))):
            yield np.tile(np.append(np.zeros(6), CLOSED), 2)
        start = [hand.position for hand in hands]
        for height in np.arange(0.012, 0.25, 0.012 * style.speed):
            goals = [lambda position=position: position + [0, 0, height] for position in start]
            yield from both(goals, CLOSED, 0.0005, 2, 0.6)


def wipe(style: Style) -> Iterator[np.ndarray]:
    """Goes along the dirt with the sponge pressed on the table, nearest first."""
    raw, hand = style.scene.raw, style.hand
    # Only a flat sponge wipes.
    way = downward(np.pi / 2 + style.generator.uniform(-0.3, 0.3))
    while True:
        dirt = [style.scene.position(m.root_body) for m in raw.model.mujoco_arena.markers if m not in raw.wiped_markers]
        if not dirt:
            return
        near = min(dirt, key=lambda position: np.linalg.norm(position - hand.position))
        for _ in range(3):
            move = near - [0, 0, style.press] - hand.position
            distance = np.linalg.norm(move[:2])
            if distance > 0.08:
                move[2] += style.press + 0.03
            # Friction holds a sponge that is asked for less than this.
            move[:2] *= max(1, style.reach / max(distance, 1e-6))
            yield command(hand, move, rotation_vector(way @ hand.rotation.T), style.speed)


def door(style: Style) -> Iterator[np.ndarray]:
    """Takes the handle from above, turns it down and pulls."""
    raw, hand = style.scene.raw, style.hand
    handle = lambda: raw._handle_xpos.copy()
    latch = lambda: style.scene.rotation("Door_latch")
    outward = lambda: -latch()[:, 1]
    sideways = outward()
    way = style.across(np.arctan2(sideways[1], sideways[0]))
    while True:
        inward = style.generator.uniform(0.0, 0.03)
        # The fingers' backs would touch the door.
        spot = lambda height: lambda: handle() - latch()[:, 0] * inward + 0.015 * outward() + [0, 0, height]
        yield from style.go(spot(style.clearance + 0.03), way, OPEN, tolerance=0.015)
        yield from style.go(spot(-0.005), way, OPEN, tolerance=0.01, speed=0.7)
        yield from style.rest(CLOSED, int(style.generator.integers(5, 9)))
        far = style.generator.uniform(1.25, 1.4)
        turned = lambda: abs(raw.sim.data.qpos[raw.handle_qpos_addr])
        for _ in range(40):
            if turned() > far:
                break
            down = latch()[:, 2] * -0.05
            yield np.append(command(hand, down, rotation_vector(way @ hand.rotation.T), 0.8 * style.speed), CLOSED)
        for _ in range(60):
            pull = outward() * 0.05 + latch()[:, 2] * -0.01
            way = style.across(np.arctan2(outward()[1], outward()[0]))
            yield np.append(command(hand, pull, rotation_vector(way @ hand.rotation.T), style.speed), CLOSED)
        up = hand.position + [0, 0, 0.1]
        yield from style.go(lambda: up, way, OPEN, patience=20)


def humanoid(style: Style) -> Iterator[np.ndarray]:
    """Brings both hands to all goals, turning them on the way, while the fingers close and open."""
    scene, hands, generator = style.scene, style.hands, style.generator
    rest = [hand.rotation for hand in hands]
    fingers = np.full(12, -1.0)
    while scene.goals:
        left, sides = len(scene.goals), [-1, 1] if scene.scene == "humanoid-carry" else None
        twist = generator.uniform(-0.35, 0.35, (2, 3))
        if sides:
            twist = np.outer(sides, twist[0])
        ways = [turn("x", x) @ turn("y", y) @ turn("z", z) @ way for (x, y, z), way in zip(twist, rest)]
        grip = np.repeat(generator.uniform(-1, 1, 2), 6) + generator.normal(0, 0.2, 12)
        for _ in range(70):
            if len(scene.goals) != left:
                break
            fingers = fingers + np.clip(grip - fingers, -0.1, 0.1)
            moves = [
                command(hand, goal - hand.position, rotation_vector(way @ hand.rotation.T), style.speed)
                for hand, goal, way in zip(hands, scene.goals[0], ways)
            ]
            yield np.concatenate([*moves, fingers])
        else:
            return
    while True:
        yield np.concatenate([np.zeros(12), fingers])


PLANS = {"lift": lift, "stack": stack, "two-arm-lift": two_arm_lift, "wipe": wipe, "door": door}
PLANS |= {"humanoid-reach": humanoid, "humanoid-carry": humanoid}
