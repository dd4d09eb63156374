"""Disturbances under which experts show how to recover."""

import numpy as np


class Pushes:
    """Disturbances that come and go: the body is pushed one way for some steps, then left alone for some.

    A push that lasts moves a hand centimetres off its path, where single noisy actions would average
    out; the calm steps after it are the demonstration of how to return.
    Source: DART (https://arxiv.org/abs/1703.09327), which disturbs the demonstrator while its own actions
    are recorded.
    """

    def __init__(self, strength: float, generator: np.random.Generator, pushed: tuple[int, ...], columns: int):
        self._strength = strength
        self._generator = generator
        self._pushed = list(pushed)
        self._push = np.zeros(columns, np.float32)
        self._pushing = True
        self._steps_left = 0

    def next(self) -> np.ndarray:
        """What is added to the next action, float32 `[columns]`; a gripper should never be among the pushed."""
        if self._steps_left == 0:
            self._pushing = not self._pushing
            self._push = np.zeros_like(self._push)
            if self._pushing:
                self._push[self._pushed] = self._generator.normal(0, self._strength, len(self._pushed))
            shortest, longest = (4, 10) if self._pushing else (8, 20)
            self._steps_left = int(self._generator.integers(shortest, longest + 1))
        self._steps_left -= 1
        return self._push
