"""The interface of a simulator: an environment and an expert."""

from typing import Callable, NamedTuple, Protocol

import numpy as np

from .description import Task


class Controller(Protocol):
    """A source of actions for one episode."""

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[columns]`; None when the controller gives up."""


class Environment:
    """One task of a simulator, whose scene is sampled from the seed of every reset.

    `description` names the columns of states and actions.
    """

    # Camera of videos.
    video_camera: str | None = None

    def __init__(self, task: str, description: Task):
        self.task = task
        self.description = description
        # Perturbation of the next episodes; scenes change for the simulator's own perturbations only.
        self.perturbation: str | None = None

    @property
    def instruction(self) -> str:
        """What a policy is told; a perturbation may reword it."""
        return self.description.instruction

    def reset(self, seed: int):
        """Samples the scene of `seed`; the same seed gives the same scene again."""
        raise NotImplementedError

    def step(self, action: np.ndarray) -> bool:
        """Simulates one control step; returns the task's success criterion."""
        raise NotImplementedError

    @property
    def state(self) -> np.ndarray:
        """The state that policies observe, float32 `[columns]`."""
        raise NotImplementedError

    @property
    def environment_state(self) -> np.ndarray:
        """Object poses, float32 `[columns]`, of robots whose description names the columns; never observed."""
        raise NotImplementedError

    @property
    def has_failed(self) -> bool:
        """True once the episode cannot succeed any more, for example because the body fell."""
        return False

    def render(self, camera: str, height: int, width: int) -> np.ndarray:
        """An image of `camera`, uint8 `[height, width, 3]`."""
        raise RuntimeError(f"{self.task} has no cameras yet: record with --no-images, film with --videos 0")

    def snapshot(self):
        """What images of this instant show, for a later `restore`."""
        raise NotImplementedError

    def restore(self, snapshot):
        """Lets `render` show a snapshot of this episode; the next `reset` ends it."""
        raise NotImplementedError

    def close(self):
        """Frees the scene."""


class World(NamedTuple):
    """A simulator's factories."""

    environment: Callable[[str, Task], Environment]
    # Called after every reset with a generator of the episode. An expert reads object poses from its environment.
    expert: Callable[[Environment, np.random.Generator], Controller]
