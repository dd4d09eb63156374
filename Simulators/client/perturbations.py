"""The perturbations of every simulator, and the random numbers of all perturbations.

A simulator adds perturbations of its scenes (`Simulator.own_perturbations`).
"""

import zlib

import numpy as np

from .description import ACTIONS, DELAY, Robot

# Standard deviation of the noise on executed actions, as a fraction of a large one (`Robot.noise_unit`).
ACTION_NOISE = 0.3
# Age of observations in seconds, rounded to control steps.
OBSERVATION_AGE = 0.1


def generator(name: str, seed: int) -> np.random.Generator:
    """Random numbers for perturbation `name` in the episode of `seed`, whatever ran before it."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class ActionNoise:
    """Gaussian noise on executed actions under the perturbation `actions`; zero under all others."""

    def __init__(self, perturbation: str | None, robot: Robot, seed: int):
        self._scale = np.zeros(len(robot.action), np.float32)
        if perturbation == ACTIONS:
            self._scale[list(robot.noise_columns)] = ACTION_NOISE * robot.noise_unit
        self._generator = generator(ACTIONS, seed)

    def next(self) -> np.ndarray:
        """Noise of the next step, float32 `[columns]`."""
        return self._scale * self._generator.standard_normal(len(self._scale), np.float32)


def observation_age(perturbation: str | None, robot: Robot) -> int:
    """Age of a policy's observations in control steps: 0 except under `delay`."""
    return max(1, round(OBSERVATION_AGE * robot.fps)) if perturbation == DELAY else 0
