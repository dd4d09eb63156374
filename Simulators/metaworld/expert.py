"""MetaWorld's scripted experts."""

import warnings

import numpy as np
from metaworld.policies import ENV_POLICY_MAP

from .environment import Environment


class Expert:
    """The scripted policy that ships with a task; it reads object poses."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._environment = environment
        self._policy = ENV_POLICY_MAP[environment.task]()

    def action(self) -> np.ndarray:
        """The next action, float32 `[4]`.

        Experts ask for up to 24 times the possible motion; the executed action is recorded.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            action = self._policy.get_action(self._environment.observation)
        return np.clip(action, -1, 1).astype(np.float32)
