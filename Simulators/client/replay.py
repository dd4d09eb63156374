"""Replay: an expert's episode, executed open loop from the same scene, as a server reconstructs its actions."""

import numpy as np

from .connection import Server, actions
from .environment import Environment, World
from .episodes import for_each_episode, play, roll_out


class OpenLoop:
    """Given actions, one a step."""

    def __init__(self, rows: np.ndarray):
        self._rows = iter(rows)

    def action(self) -> np.ndarray | None:
        """The next row; None at the end."""
        return next(self._rows, None)


def run(world: World, options, report):
    """Replays the shard's episodes and reports each as it ends."""
    server = Server(options.host, options.port, options.patience)

    def run_episode(environment: Environment, index: int) -> dict:
        seed = options.seed + index
        environment.reset(seed)
        played = play(world, environment, seed).actions
        if not played:
            raise RuntimeError(f"{environment.task}: the expert does nothing in scene {seed}")
        original = np.stack(played).astype(np.float32)
        message = {"replay": "episode", "task": environment.task, "seed": seed, "action": original}
        versions = server.infer(message)["actions"]
        outcomes = {}
        for version, rows in versions.items():
            rows = actions({"actions": rows}, original.shape[1])
            environment.reset(seed)
            outcomes[version] = roll_out(environment, OpenLoop(rows), len(rows)).success
        return {"task": environment.task, "seed": seed, "steps": len(played), "outcomes": outcomes}

    for_each_episode(world, options, report, run_episode)
