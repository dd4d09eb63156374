"""Closed-loop episodes: a policy, or the expert instead, attempts tasks from given seeds."""

import os
from pathlib import Path

import numpy as np

from .connection import ObservationSchema, Server
from .description import Robot
from .environment import Controller, Environment, World
from .episodes import for_each_episode, roll_out
from .perturbations import ActionNoise
from .served_policy import ServedPolicy

# Step limit of an episode where none is given.
MAX_STEPS = 500


def run(world: World, options, report):
    """Runs the shard's episodes and reports each as it ends."""
    server = None
    if options.policy != "expert":
        server = Server(options.host, options.port, options.patience)

    def run_episode(environment: Environment, index: int) -> dict:
        seed = options.seed + index
        environment.reset(seed)
        if server is None:
            policy = world.expert(environment, np.random.default_rng([seed, 0, 1]))
        else:
            schema = ObservationSchema(server.metadata, environment.description.robot, options.size)
            policy = ServedPolicy(server, schema, environment, seed, options)
        video = Video(environment, seed, options) if options.video_dir and index < options.videos else None
        result = episode(environment, policy, seed, options.max_steps, video)
        return result | (policy.measured if server else {"latency_ms": []})

    for_each_episode(world, options, report, run_episode, [None, *options.perturbations])


class Video:
    """Images of an episode, one a step."""

    def __init__(self, environment: Environment, seed: int, options):
        self._environment = environment
        self._size = options.video_size
        self._frames = []
        parts = [environment.task, environment.perturbation, str(seed)]
        self.path = Path(options.video_dir) / f"{'-'.join(part for part in parts if part)}.npy"

    def add(self):
        """Renders the scene as it is."""
        camera = self._environment.video_camera
        self._frames.append(self._environment.render(camera, self._size, self._size))

    def save(self):
        """Writes `[frames, height, width, 3]` uint8; a reader never sees half a file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f"{self.path.name}.partial-{os.getpid()}")
        with open(partial, "wb") as file:
            np.save(file, np.stack(self._frames))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self.path)


def episode(environment: Environment, policy: Controller, seed: int, max_steps: int | None, video: Video | None) -> dict:
    """Runs `policy` in the scene of `seed`, which `environment` was reset to, until the task succeeds once.

    Where the benchmark counts the last step, the episode goes on to its limit, and says whether the task is done there.
    Without `max_steps`, ends after the task's own limit; if it has none, after `MAX_STEPS`, or the limit of a
    demonstration where it is higher.
    """
    task = environment.description
    rollout = roll_out(
        environment,
        policy,
        max_steps or task.max_steps or max(MAX_STEPS, task.max_demonstration_steps),
        noise=ActionNoise(environment.perturbation, task.robot, seed),
        watch=video.add if video else None,
        steps_after_success=None if task.counts_last_step else 0,
    )
    result = {
        "task": environment.task,
        "seed": seed,
        "success": rollout.success,
        "steps": len(rollout.executed),
        "jerk": jerk(rollout.executed, task.robot),
    }
    if task.counts_last_step:
        result["success_at_last_step"] = rollout.success_at_last_step
    if environment.perturbation:
        result["perturbation"] = environment.perturbation
    if video:
        video.add()
        video.save()
        result["video"] = str(video.path)
    return result


def jerk(executed: list, robot: Robot) -> float | None:
    """Mean norm of the second difference of executed actions, grippers left out; None for fewer than three.

    Robots take no more than 1, so actions are clipped.
    """
    if len(executed) < 3:
        return None
    columns = [index for index, name in enumerate(robot.action) if "gripper" not in name]
    clipped = np.clip(np.stack(executed), -1, 1)
    second = np.diff(clipped[:, columns].astype(np.float64), n=2, axis=0)
    return float(np.linalg.norm(second, axis=1).mean())
