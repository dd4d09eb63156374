"""Noise injection into demonstrations (DART, https://arxiv.org/abs/1703.09327)."""

import numpy as np


class DartNoise:
    """Gaussian noise on the expert's executed actions, held for some steps and then off for some.

    Held noise moves a hand centimetres off its path, where noise sampled for every step would average out. The steps
    without noise show how the expert returns.
    """

    # Range of steps with noise and without.
    STEPS_ON = (4, 10)
    STEPS_OFF = (8, 20)

    def __init__(self, deviation: float, generator: np.random.Generator, noise_columns: tuple[int, ...], columns: int):
        self._deviation = deviation
        self._generator = generator
        self._noise_columns = list(noise_columns)
        self._noise = np.zeros(columns, np.float32)
        self._is_on = True
        self._steps_left = 0

    def next(self) -> np.ndarray:
        """Noise on the next action, float32 `[columns]`."""
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
        return self._noise
