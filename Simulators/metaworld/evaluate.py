"""Closed-loop episodes: a policy, or the expert in its place, tries tasks from given seeds."""

import os
import time
from pathlib import Path

import numpy as np

from connection import ObservationForm, Server, actions
from environment import CORNER, Environment
from expert import Expert


class ServedPolicy:
    """A policy behind a server: asked for a chunk, of which the first steps are carried out."""

    def __init__(self, server: Server, form: ObservationForm, execute: int):
        self._server = server
        self._form = form
        self._execute = execute
        self._queue = []
        self.latencies = []

    def reset(self):
        """Forgets the chunk and the timings of the last episode."""
        self._queue = []
        self.latencies = []

    def action(self, environment: Environment) -> np.ndarray:
        """The next action, float32 `[4]`."""
        if not self._queue:
            message = self._form.observation(environment)
            start = time.perf_counter()
            reply = self._server.ask(message)
            self.latencies.append(round(1000 * (time.perf_counter() - start), 3))
            self._queue = list(actions(reply)[: self._execute])
        return self._queue.pop(0)


class ScriptedPolicy:
    """The expert, under the interface of a served policy."""

    def __init__(self):
        self._experts = {}
        self.latencies = []

    def reset(self):
        """An expert remembers nothing."""

    def action(self, environment: Environment) -> np.ndarray:
        """The next action, float32 `[4]`."""
        if environment.task not in self._experts:
            self._experts[environment.task] = Expert(environment.task)
        return self._experts[environment.task].action(environment)


def episode(
    environment: Environment, policy, seed: int, max_steps: int, film: list | None, film_size: int
) -> dict:
    """Runs until the task succeeds once or `max_steps` are over."""
    environment.reset(seed)
    policy.reset()
    success = False
    steps = 0
    while not success and steps < max_steps:
        if film is not None:
            film.append(environment.picture(CORNER, film_size, film_size))
        success = environment.step(policy.action(environment))
        steps += 1
    if film is not None:
        film.append(environment.picture(CORNER, film_size, film_size))
    return {
        "task": environment.task,
        "seed": seed,
        "success": success,
        "steps": steps,
        "latency_ms": policy.latencies,
    }


def save_film(film: list, path: Path):
    """Writes pictures as `[frames, height, width, 3]` uint8; a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    with open(partial, "wb") as file:
        np.save(file, np.stack(film))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def run(options, report):
    """Runs this process's share of the episodes and reports each as it ends."""
    if options.policy == "expert":
        policy = ScriptedPolicy()
    else:
        server = Server(options.host, options.port, options.patience)
        policy = ServedPolicy(server, ObservationForm(server.metadata, options.size), options.execute)
    for task in options.tasks:
        environment = Environment(task)
        for index in options.episode_indices:
            film = [] if options.video_dir and index < options.videos else None
            seed = options.seed + index
            result = episode(environment, policy, seed, options.max_steps, film, options.video_size)
            if film is not None:
                path = Path(options.video_dir) / f"{task}-{seed}.npy"
                save_film(film, path)
                result["video"] = str(path)
            report(result)
        environment.close()
