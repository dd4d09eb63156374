"""Replay: an expert's episode, executed open loop from the same scene, as a server gives its actions back."""

import numpy as np

from .collect import STEPS_AFTER_SUCCESS
from .connection import Server, actions
from .world import Environment, World


def run(world: World, options, report):
    """Replays this process's share of the episodes and reports each as it ends."""
    server = Server(options.host, options.port, options.patience)
    for name, task in options.tasks.items():
        indices = options.share.take()
        if not indices:
            continue
        environment = world.environment(name, task)
        for index in indices:
            seed = options.seed + index
            played = demonstration(world, environment, seed)
            versions = server.ask({"replay": "episode", "task": name, "seed": seed, "action": played})["actions"]
            columns = len(task.robot.action)
            outcomes = {
                version: execute(environment, seed, actions({"actions": rows}, columns))
                for version, rows in versions.items()
            }
            report({"task": name, "seed": seed, "steps": len(played), "outcomes": outcomes})
        environment.close()


def demonstration(world: World, environment: Environment, seed: int) -> np.ndarray:
    """What the undisturbed expert does, float32 `[steps, columns]`: to its success and a little beyond, or its end."""
    environment.reset(seed)
    expert = world.expert(environment, np.random.default_rng([seed, 0, 1]))
    played = []
    steps_left = None
    while len(played) < environment.description.longest and steps_left != 0 and not environment.is_lost:
        action = expert.action()
        if action is None:
            break
        played.append(action)
        success = environment.step(action)
        if steps_left is not None:
            steps_left -= 1
        elif success:
            steps_left = STEPS_AFTER_SUCCESS
    if not played:
        raise RuntimeError(f"{environment.task}: the expert does nothing in scene {seed}")
    return np.stack(played).astype(np.float32)


def execute(environment: Environment, seed: int, rows: np.ndarray) -> bool:
    """Whether the task is done at any step of `rows`, executed without looking."""
    environment.reset(seed)
    for action in rows:
        if environment.is_lost:
            break
        if environment.step(action):
            return True
    return False
