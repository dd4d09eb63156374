"""Noise injection into demonstrations (DART, https://arxiv.org/abs/1703.09327)."""

import numpy as np

from .description import Robot


class DartNoise:
    """Gaussian noise on the expert's executed actions, held for some steps and then off for some, and slips of the gripper.

    Held noise moves a hand centimetres off its path, where noise sampled for every step would average out. The steps
    without noise show how the expert returns.
    """

    # Range of steps with noise and without.
    STEPS_ON = (4, 10)
    STEPS_OFF = (8, 20)

    def __init__(self, deviation: float, robot: Robot, seed: list[int]):
        """Noise of `deviation`, a fraction of the robot's large motion; none, and no slip, if it is 0."""
        self._deviation = deviation * robot.noise_unit
        self._generator = np.random.default_rng(seed)
        self._noise_columns = list(robot.noise_columns)
        self._noise = np.zeros(len(robot.action), np.float32)
        self._is_on = True
        self._steps_left = 0
        self._slip = Slip(robot, np.random.default_rng([*seed, 2])) if deviation > 0 and robot.gripper else None

    def added_to(self, action: np.ndarray) -> np.ndarray:
        """`action` with the noise of the next step, float32 `[columns]`."""
        if self._steps_left == 0:
            self._is_on = not self._is_on
            self._noise = np.zeros_like(self._noise)
            if self._is_on:
                self._noise[self._noise_columns] = self._generator.normal(
                    0, self._deviation, len(self._noise_columns)
                )
            shortest, longest = self.STEPS_ON if self._is_on else self.STEPS_OFF
            self._steps_left = int(self._generator.integers(shortest, longest + 1))
        self._steps_left -= 1
        noisy = action + self._noise
        return noisy if self._slip is None else self._slip.added_to(noisy)


class Slip:
    """A slip in some episodes: the gripper opens although it is told to close, so that demonstrations show grasping again.

    Without one, a policy that has missed an object never saw an empty hand, and goes on as if the object were in it.
    """

    # Share of the episodes with a slip.
    PROBABILITY = 0.3
    # Range of steps from the first closing to the slip, and steps that it lasts.
    DELAY = (0, 30)
    STEPS = 6

    def __init__(self, robot: Robot, generator: np.random.Generator):
        self._gripper = robot.gripper
        self._steps_left = self.STEPS if generator.random() < self.PROBABILITY else 0
        self._delay = int(generator.integers(self.DELAY[0], self.DELAY[1] + 1))

    def added_to(self, action: np.ndarray) -> np.ndarray:
        """`action`, opening the gripper while the slip lasts, float32 `[columns]`."""
        column, opened, closed = self._gripper
        if action[column] != closed or self._steps_left == 0:
            return action
        if self._delay > 0:
            self._delay -= 1
            return action
        self._steps_left -= 1
        action = action.copy()
        action[column] = opened
        return action
