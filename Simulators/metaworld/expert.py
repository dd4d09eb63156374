"""MetaWorld's scripted experts, and the disturbances under which they show how to recover."""

import warnings

import numpy as np
from metaworld.policies import ENV_POLICY_MAP

from environment import Environment


class Expert:
    """The scripted policy that ships with a task; it reads the poses that a camera would have to find."""

    def __init__(self, task: str):
        self._policy = ENV_POLICY_MAP[task]()

    def action(self, environment: Environment) -> np.ndarray:
        """The next action, float32 `[4]`.

        Experts ask for up to 24 times the possible motion; what the robot does is what gets recorded.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            action = self._policy.get_action(environment.observation)
        return np.clip(action, -1, 1).astype(np.float32)


class Pushes:
    """Disturbances that come and go: the hand is pushed one way for some steps, then left alone for some.

    A push that lasts moves the hand centimetres off its path, where single noisy actions would average
    out; the calm steps after it are the demonstration of how to return.
    Source: DART (https://arxiv.org/abs/1703.09327), which disturbs the demonstrator while its own actions
    are recorded.
    """

    def __init__(self, strength: float, generator: np.random.Generator):
        self._strength = strength
        self._generator = generator
        self._push = np.zeros(4, np.float32)
        self._pushing = True
        self._steps_left = 0

    def next(self) -> np.ndarray:
        """What is added to the next action, float32 `[4]`; the gripper is never disturbed."""
        if self._steps_left == 0:
            self._pushing = not self._pushing
            self._push = np.zeros(4, np.float32)
            if self._pushing:
                self._push[:3] = self._generator.normal(0, self._strength, 3)
            shortest, longest = (4, 10) if self._pushing else (8, 20)
            self._steps_left = int(self._generator.integers(shortest, longest + 1))
        self._steps_left -= 1
        return self._push
