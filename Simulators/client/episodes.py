"""The loops that all modes share: over episodes, and over the steps of one."""

from typing import Callable, NamedTuple, Protocol, Sequence

import numpy as np

from .environment import Controller, Environment, World


class Noise(Protocol):
    """Noise on executed actions."""

    def next(self) -> np.ndarray:
        """Noise of the next step, float32 `[columns]`."""


class Rollout(NamedTuple):
    """The steps of an episode."""

    # The controller's actions, `[columns]` each, and the ones that were executed: with noise added.
    actions: list[np.ndarray]
    executed: list[np.ndarray]
    # True if the task was done at any step, and at the last one.
    success: bool
    success_at_last_step: bool


def for_each_episode(
    world: World,
    options,
    report: Callable[[dict], None],
    run_episode: Callable[[Environment, int], dict],
    perturbations: Sequence[str | None] = (None,),
):
    """Reports `run_episode(environment, index)` for the shard's episodes of every task, under each perturbation."""
    for name, task in options.tasks.items():
        indices = {perturbation: options.shard.take() for perturbation in perturbations}
        if not any(indices.values()):
            continue
        environment = world.environment(name, task)
        for environment.perturbation, remaining in indices.items():
            for index in remaining:
                report(run_episode(environment, index))
        environment.close()


def roll_out(
    environment: Environment,
    controller: Controller,
    max_steps: int,
    *,
    noise: Noise | None = None,
    watch: Callable[[], None] | None = None,
    steps_after_success: int | None = 0,
) -> Rollout:
    """Executes the controller's actions in `environment`, which has just been reset.

    Ends `steps_after_success` steps after the first success, where that is a number, when the controller gives up, when
    the episode cannot succeed any more, or after `max_steps`. `watch` is called before every step that is executed.
    """
    actions, executed = [], []
    succeeded = success = False
    steps_left = None
    while len(actions) < max_steps and steps_left != 0 and not environment.has_failed:
        action = controller.action()
        if action is None:
            break
        if watch:
            watch()
        actions.append(action)
        executed.append(action if noise is None else action + noise.next())
        success = environment.step(executed[-1])
        if steps_left is not None:
            steps_left -= 1
        elif success:
            steps_left = steps_after_success
        succeeded |= success
    return Rollout(actions, executed, succeeded, success)


def play(
    world: World,
    environment: Environment,
    seed: int,
    attempt: int = 0,
    noise: Noise | None = None,
    watch: Callable[[], None] | None = None,
) -> Rollout:
    """A demonstration of the expert from the present state of the scene of `seed` on."""
    expert = world.expert(environment, np.random.default_rng([seed, attempt, 1]))
    return roll_out(
        environment,
        expert,
        environment.description.max_demonstration_steps,
        noise=noise,
        watch=watch,
        steps_after_success=environment.description.steps_after_success,
    )
