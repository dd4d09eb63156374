"""What a simulator brings: a scene that moves, and an expert that moves it."""

from typing import Callable, NamedTuple, Protocol

import numpy as np

from .description import Task


class Environment:
    """One task of a simulator, drawn anew from the seed of every reset.

    What columns of states and actions mean is said by `description`.
    """

    # The camera of films.
    film_camera: str | None = None

    def __init__(self, task: str, description: Task):
        self.task = task
        self.description = description
        # What the next episodes are perturbed in; scenes change for the simulator's own perturbations only.
        self.perturbation: str | None = None

    def reset(self, seed: int):
        """Draws the scene that belongs to `seed`; the same seed gives the same scene again."""
        raise NotImplementedError

    def step(self, action: np.ndarray) -> bool:
        """Moves for one control step; true when the task's own measure says that it is done."""
        raise NotImplementedError

    @property
    def state(self) -> np.ndarray:
        """What a policy may know, float32 `[columns]`."""
        raise NotImplementedError

    @property
    def environment_state(self) -> np.ndarray:
        """Where things are, float32 `[columns]`: of robots whose description names the columns."""
        raise NotImplementedError

    @property
    def is_lost(self) -> bool:
        """Whether nothing can come of this episode any more, for example because the body fell."""
        return False

    def picture(self, camera: str, height: int, width: int) -> np.ndarray:
        """What `camera` sees, uint8 `[height, width, 3]`."""
        raise RuntimeError(f"{self.task} has no cameras yet: record with --no-images, film with --videos 0")

    def close(self):
        """Frees the scene."""


class Expert(Protocol):
    """Knows how to do the task of one episode, from poses that a policy would have to see."""

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[columns]`; nothing when the expert gives up."""


class World(NamedTuple):
    """How scenes and experts are made."""

    environment: Callable[[str, Task], Environment]
    # Called after every reset; the generator is that of the episode and attempt.
    expert: Callable[[Environment, np.random.Generator], Expert]
