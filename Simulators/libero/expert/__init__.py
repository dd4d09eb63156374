"""A scripted expert for LIBERO: brings about a task's goals one after the other, and looks at the scene at every step."""

from typing import Iterator

import numpy as np

from ..environment import Environment
from .hand import Hand
from .planning import ordered, skill

# Times that the goals are begun with anew.
ROUNDS = 5


class Expert:
    """A plan that reads the scene at every step; gives up after some rounds."""

    def __init__(self, environment: Environment, generator: np.random.Generator):
        self._scene = environment
        self._hand = Hand(environment, generator)
        self._plan = self._pursue()

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[7]`."""
        action = next(self._plan, None)
        return None if action is None else np.clip(action, -1, 1).astype(np.float32)

    def _pursue(self) -> Iterator[np.ndarray]:
        for attempt in range(ROUNDS):
            for goal in ordered(self._scene.goals):
                if self._scene.holds(goal):
                    continue
                yield from skill(self._hand, goal, attempt)
                yield from self._hand.retreat()
                # What comes after may need it: nothing goes into a drawer that is shut.
                if not self._scene.holds(goal):
                    break
