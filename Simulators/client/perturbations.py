"""What can be made harder in every simulator, and how what is left to chance is drawn.

A simulator adds perturbations of its scenes (`Simulator.own_perturbations`).
"""

import zlib

import numpy as np

from .description import ACTIONS, DELAY, Robot

# Standard deviation of the noise on executed actions, as a share of the largest action.
ACTION_NOISE = 0.3
# Age of observations in seconds, rounded to control steps.
OBSERVATION_AGE = 0.1


def generator(name: str, seed: int) -> np.random.Generator:
    """Chance for perturbation `name` in the episode of `seed`, whatever ran before it."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class ActionNoise:
    """What is added to executed actions under `actions`; under everything else, nothing."""

    def __init__(self, perturbation: str | None, robot: Robot, seed: int):
        self._scale = np.zeros(len(robot.action), np.float32)
        if perturbation == ACTIONS:
            # A gripper is never among the pushed columns.
            self._scale[list(robot.pushed)] = ACTION_NOISE
        self._generator = generator(ACTIONS, seed)

    def next(self) -> np.ndarray:
        """The noise of the next step, float32 `[columns]`."""
        return self._scale * self._generator.standard_normal(len(self._scale), np.float32)


def observation_age(perturbation: str | None, robot: Robot) -> int:
    """How many control steps old a policy's observations are: some under `delay`, else none."""
    return max(1, round(OBSERVATION_AGE * robot.fps)) if perturbation == DELAY else 0
