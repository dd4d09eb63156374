"""A legged body on flat ground with a goal of locomotion."""

from dataclasses import dataclass

import gymnasium
import mujoco
import numpy as np

from ..client import environment
from ..client.description import Task


@dataclass(frozen=True)
class Goal:
    """The goal of an episode, sampled from its seed."""

    # Control steps in all; the body starts and ends at rest.
    steps: int
    # Direction to walk in, radians from the x axis, or the sense of a turn (1: to the left).
    direction: float
    # Distance to cover: metres, or radians of a turn.
    distance: float


@dataclass(frozen=True)
class Harness:
    """Ropes and springs by which a trunk hangs."""

    # The fraction of the body's weight that it carries, and newtons against every metre a second up or down.
    weight: float
    drag: float
    # Newton metres a radian and a radian a second that keep the trunk upright, or leaning forward by `lean` radians.
    stiffness: float
    damping: float
    lean: float = 0.0


@dataclass(frozen=True)
class Body:
    """A body's model, and the limits beyond which it has fallen."""

    model: str
    # It has fallen when the trunk is lower than this, metres, or tilts more than this, radians.
    lowest: float
    steepest: float
    harness: Harness | None = None


BODIES = {
    "ant": Body("Ant-v5", 0.25, 1.0),
    "half-cheetah": Body("HalfCheetah-v5", -0.5, 1.0),
    "walker2d": Body("Walker2d-v5", 0.7, 0.8, Harness(0.3, 60, 400, 15, lean=0.35)),
    "humanoid": Body("Humanoid-v5", 0.8, 0.8, Harness(0.6, 100, 400, 20)),
}


class Environment(environment.Environment):
    """A body with legs; success is determined at the end of the goal's time."""

    def __init__(self, task: str, description: Task):
        super().__init__(task, description)
        self.body = BODIES[description.robot.name]
        self._env = gymnasium.make(self.body.model).unwrapped
        self.model, self.data = self._env.model, self._env.data
        self._joints = self.model.actuator_trnid[:, 0]
        self._strongest = self.model.actuator_ctrlrange[:, 1]
        self._trunk = self.model.body("torso").id
        self.goal = None

    def reset(self, seed: int):
        """Samples the body's pose and its goal."""
        self._env.reset(seed=seed)
        generator = np.random.default_rng(seed)
        fps = self.description.robot.fps
        steps = int(fps * generator.uniform(3, 7))
        self.goal = Goal(steps, *self._aim(generator, steps / fps))
        self._done = 0
        self._start = self.position.copy()
        self._yaw, self._last_heading = 0.0, self.heading

    def _aim(self, generator: np.random.Generator, seconds: float) -> tuple[float, float]:
        """Direction and distance of the goal."""
        match self.task:
            case "ant-walk":
                return generator.uniform(-np.pi, np.pi), 0.12 * seconds
            case "ant-turn":
                return generator.choice([-1.0, 1.0]), 0.6 * seconds
            case "half-cheetah-run":
                return 0.0, 0.3 * seconds
            case "half-cheetah-back":
                return np.pi, 0.3 * seconds
            case _:
                return 0.0, 0.2 * seconds

    def step(self, action: np.ndarray) -> bool:
        """Moves for one control step; true once the time is over and the goal was met."""
        if self.body.harness:
            self._hold()
        self._env.do_simulation(np.clip(action, -1, 1) * self._strongest, self._env.frame_skip)
        self._done += 1
        self._yaw += np.angle(np.exp(1j * (self.heading - self._last_heading)))
        self._last_heading = self.heading
        met = self._done >= self.goal.steps and self.progress >= self.goal.distance and not self.has_failed
        return bool(met)

    def _hold(self):
        """Carries a part of the weight and keeps the trunk upright; it may go anywhere along the ground."""
        velocity = np.zeros(6)
        mujoco.mj_objectVelocity(self.model, self.data, mujoco.mjtObj.mjOBJ_BODY, self._trunk, velocity, 0)
        up = self.data.xmat[self._trunk].reshape(3, 3)[:, 2]
        harness = self.body.harness
        force = self.data.xfrc_applied[self._trunk]
        force[2] = harness.weight * 9.81 * self.model.body_mass.sum() - harness.drag * velocity[5]
        lean = np.array([np.sin(harness.lean), 0, np.cos(harness.lean)])
        force[3:] = harness.stiffness * np.cross(up, lean) - harness.damping * velocity[:3]

    @property
    def progress(self) -> float:
        """Metres in the goal's direction or radians of the turn, so far."""
        if self.task == "ant-turn":
            return self.goal.direction * self._yaw
        way = self.position - self._start
        return float(way @ [np.cos(self.goal.direction), np.sin(self.goal.direction)])

    @property
    def has_failed(self) -> bool:
        """True once the body fell."""
        return self.height < self.body.lowest or np.hypot(*self._tilt) > self.body.steepest

    @property
    def position(self) -> np.ndarray:
        """Position of the trunk on the ground, metres, `[2]`."""
        return self.data.xpos[self._trunk][:2]

    @property
    def height(self) -> float:
        """Height of the trunk, metres."""
        return float(self.data.xpos[self._trunk][2])

    @property
    def angles(self) -> np.ndarray:
        """Angles of the joints in the order of the motors, radians."""
        return self.data.qpos[self.model.jnt_qposadr[self._joints]]

    @property
    def speeds(self) -> np.ndarray:
        """Speeds of the joints in the order of the motors, radians a second."""
        return self.data.qvel[self.model.jnt_dofadr[self._joints]]

    @property
    def limits(self) -> np.ndarray:
        """Lowest and highest angle of every joint, `[joints, 2]`."""
        return self.model.jnt_range[self._joints]

    @property
    def state(self) -> np.ndarray:
        """Height, tilt, angles and speeds, float32."""
        return np.concatenate([[self.height], self._tilt, self.angles, self.speeds / 10]).astype(np.float32)

    @property
    def heading(self) -> float:
        """Yaw of the trunk, radians from the x axis to the left."""
        forward = self.data.xmat[self._trunk].reshape(3, 3)[:, 0]
        return float(np.arctan2(forward[1], forward[0]))

    @property
    def _tilt(self) -> np.ndarray:
        rotation = self.data.xmat[self._trunk].reshape(3, 3)
        roll = np.arctan2(rotation[2, 1], rotation[2, 2])
        return np.array([roll, -np.arcsin(np.clip(rotation[2, 0], -1, 1))])
