"""Central pattern generators: rhythms of joint angles that start, continue and end smoothly, held by torques.

Every leg has a phase that runs with the rhythm; a gait says what its joints do at every phase. Frequencies, strides,
postures and gains are sampled for every episode.
Source: A. Ijspeert, Central pattern generators for locomotion control, 2008, for the idea.
"""

import numpy as np

from .environment import Environment


class Expert:
    """Torques that pull the joints after the rhythm of a gait."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._environment = environment
        self._gait = GAITS[environment.task](environment, generator)
        self._gain = self._gait.gain * generator.uniform(0.8, 1.2)
        self._damping = self._gait.damping * generator.uniform(0.8, 1.2)
        self._steps = 0
        self._phase = generator.uniform(0, 2 * np.pi)
        # The rhythm wanders: fast and slow parts of one walk.
        self._drift = 0.0
        self._generator = generator

    def action(self) -> np.ndarray:
        """Torques as fractions of the largest, float32 `[joints]`."""
        body = self._environment
        self._steps += 1
        self._drift += 0.05 * self._generator.normal() - 0.05 * self._drift
        self._phase += 2 * np.pi * self._gait.frequency * (1 + self._drift) / body.description.robot.fps
        wanted = self._gait.angles(self._phase, self._strength())
        wanted = np.clip(wanted, *body.limits.T)
        torque = self._gain * (wanted - body.angles) - self._damping * body.speeds
        return np.clip(torque, -1, 1).astype(np.float32)

    def _strength(self) -> float:
        """From 0 at rest over 1 in full swing to 0 again, with smooth slopes."""
        ramp = 1.2 * self._environment.description.robot.fps
        left = self._environment.goal.steps - self._steps
        edge = np.clip(min(self._steps, left) / ramp, 0, 1)
        return float(edge * edge * (3 - 2 * edge))


class AntGait:
    """A trot: diagonal legs swing together, along the way or around the trunk."""

    gain = np.tile([1.6, 1.6], 4)
    damping = np.tile([0.15, 0.15], 4)
    # Where the legs point, and the phases of the two diagonals, in the order of the motors.
    bearings = np.radians([-45.0, 45.0, 135.0, -135.0])
    phases = np.array([np.pi, 0.0, np.pi, 0.0])

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._environment = environment
        self.frequency = generator.uniform(0.9, 1.7)
        self._stride = generator.uniform(0.4, 0.52)
        self._reach = generator.uniform(0.3, 0.5)
        limits = environment.limits.reshape(4, 2, 2)[:, 1]
        rows = np.arange(4)
        steep = np.argmax(np.abs(limits), axis=1)
        self._lifted = limits[rows, 1 - steep]
        self._stance = self._lifted + (limits[rows, steep] - self._lifted) * generator.uniform(0.5, 0.8)

    def angles(self, phase: float, strength: float) -> np.ndarray:
        """Wanted angles of hips and ankles, radians."""
        phases = phase + self.phases
        if self._environment.task == "ant-turn":
            # Feet that push one way turn the trunk the same way.
            around, outward = np.full(4, self._environment.goal.direction), np.zeros(4)
        else:
            bearings = self._environment.goal.direction - self._environment.heading - self.bearings
            around, outward = np.sin(bearings), np.cos(bearings)
        hips = strength * self._stride * around * np.cos(phases)
        lift = np.maximum(0, -np.sin(phases)) + self._reach * outward * np.cos(phases)
        ankles = self._stance + strength * lift * (self._lifted - self._stance)
        return np.stack([hips, ankles], axis=1).ravel()


class Rhythm:
    """Joints that swing to and fro, each about its own middle and with its own phase: a row of `rows` a joint."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self.gain, self.damping = GAINS[environment.description.robot.name]
        rhythm = RHYTHMS[environment.task]
        self.frequency = rhythm["frequency"] * generator.uniform(0.85, 1.15)
        middle, swing, self._phases = np.array(rhythm["rows"]).T
        joints = len(middle)
        self._middle = middle + generator.normal(0, 0.03, joints)
        self._swing = swing * generator.uniform(0.8, 1.2) * generator.uniform(0.9, 1.1, joints)
        self._phases = self._phases + generator.normal(0, 0.15, joints)
        self._rest = environment.angles.copy()

    def angles(self, phase: float, strength: float) -> np.ndarray:
        """Wanted angles, radians."""
        moving = self._middle + self._swing * np.sin(phase + self._phases)
        return self._rest + strength * (moving - self._rest)


# Middle, swing and phase of every joint, radians, and the frequency in hertz. Found by random changes that were kept when
# the body came farther without falling.
RHYTHMS = {
    "half-cheetah-run": {
        "frequency": 2.18,
        "rows": [
            *((-0.12, 0.41, -3.59), (-0.27, 0.27, -3.39), (-0.31, 0.15, -4.51)),
            *((0.03, 0.81, -5.95), (0.44, 0.33, -5.04), (0.22, 0.71, 0.44)),
        ],
    },
    "half-cheetah-back": {
        "frequency": 3.5,
        "rows": [
            *((-0.42, 0.77, 3.15), (-0.49, 0.23, 1.17), (0.18, 0.85, 3.81)),
            *((0.08, 0.82, 1.0), (0.13, 0.58, 2.98), (-0.18, 0.9, 2.91)),
        ],
    },
    "walker2d-walk": {
        "frequency": 2.35,
        "rows": [
            *((-0.3, 0.14, 0.25), (-0.44, 0.21, 1.6), (0.32, 0.6, 0.72)),
            *((-0.36, 0.12, 1.93), (-0.27, 0.23, 4.6), (0.12, 0.9, 3.6)),
        ],
    },
    "humanoid-walk": {
        "frequency": 1.27,
        "rows": [
            *((0.2, 0.64, 1.06), (-0.02, 0.23, 1.14), (0.3, 0.08, 0.91)),
            *((0.04, 0.0, -0.23), (0.02, 0.0, 1.55), (-0.43, 0.9, 0.57), (-0.76, 0.07, 2.62)),
            *((0.04, 0.37, 2.33), (0.42, 0.0, 2.98), (-0.72, 0.41, 3.42), (-0.29, 0.01, 2.48)),
            *((0.0, 0.34, 2.53), (0.15, 0.41, 0.55), (-0.47, 0.12, 0.78)),
            *((0.05, 0.58, -1.05), (-0.09, 0.56, -0.62), (-0.55, 0.41, 0.12)),
        ],
    },
}
# Fractions of the largest torque per radian, and per radian a second.
GAINS = {
    # Springs and dampers of its own do the rest.
    "half-cheetah": (0.8, 0.0),
    "walker2d": (3.0, 0.06),
    "humanoid": (np.array([3.0] * 11 + [2.0] * 6), np.array([0.06] * 11 + [0.02] * 6)),
}
GAITS = {"ant-walk": AntGait, "ant-turn": AntGait} | {task: Rhythm for task in RHYTHMS}
