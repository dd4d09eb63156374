"""Closed-loop episodes: a policy, or the expert in its place, tries tasks from given seeds."""

import os
import time
from pathlib import Path

import numpy as np

from .connection import ObservationForm, Server, actions
from .perturbations import ActionNoise, observation_age
from .world import Environment, World


class ServedPolicy:
    """A policy behind a server: asked for a chunk, of which the first steps are carried out."""

    def __init__(self, server: Server, form: ObservationForm, execute: int):
        self._server = server
        self._form = form
        self._execute = execute

    def reset(self, environment: Environment, seed: int):
        """Forgets the chunk, the observations and the timings of the last episode."""
        self._environment = environment
        self._robot = environment.description.robot
        self._age = observation_age(environment.perturbation, self._robot)
        self._seen = {}
        self._step = 0
        # Of the observation that the next chunk answers.
        self._due = 0
        self._chunk = None
        self.latencies = []

    def action(self) -> np.ndarray:
        """The next action, float32 `[columns]`."""
        self._look()
        if self._step == self._due:
            self._chunk = self._ask()
            self._begin = self._step
            self._due += len(self._chunk)
        action = self._chunk[self._step - self._begin]
        self._step += 1
        return action

    def _look(self):
        """Keeps what is seen now, if a request will show it: old observations are older than the request."""
        chunk = self._execute if self._chunk is None else len(self._chunk)
        if self._step == 0 or (self._step + self._age - self._due) % chunk == 0:
            self._seen[self._step] = self._form.observation(self._environment)

    def _ask(self) -> np.ndarray:
        """What the policy answers to what was seen some steps ago, or at the beginning."""
        shown = max(0, self._step - self._age)
        message = self._seen[shown]
        self._seen = {step: seen for step, seen in self._seen.items() if step >= shown}
        start = time.perf_counter()
        reply = self._server.ask(message)
        self.latencies.append(round(1000 * (time.perf_counter() - start), 3))
        return actions(reply, len(self._robot.action))[: self._execute]


class ScriptedPolicy:
    """The expert, under the interface of a served policy."""

    def __init__(self, world: World):
        self._world = world
        self._expert = None
        self.latencies = []

    def reset(self, environment: Environment, seed: int):
        """A new expert for every episode."""
        self._expert = self._world.expert(environment, np.random.default_rng([seed, 0, 1]))

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[columns]`; nothing when the expert gives up."""
        return self._expert.action()


def episode(
    environment: Environment, policy, seed: int, max_steps: int, film: list | None, film_size: int
) -> dict:
    """Runs until the task succeeds once or `max_steps` are over."""
    environment.reset(seed)
    policy.reset(environment, seed)
    noise = ActionNoise(environment.perturbation, environment.description.robot, seed)
    success = False
    steps = 0
    while not success and steps < max_steps and not environment.is_lost:
        if film is not None:
            film.append(environment.picture(environment.film_camera, film_size, film_size))
        action = policy.action()
        if action is None:
            break
        success = environment.step(action + noise.next())
        steps += 1
    if film is not None:
        film.append(environment.picture(environment.film_camera, film_size, film_size))
    result = {
        "task": environment.task,
        "seed": seed,
        "success": success,
        "steps": steps,
        "latency_ms": policy.latencies,
    }
    return result | {"perturbation": environment.perturbation} if environment.perturbation else result


def save_film(film: list, path: Path):
    """Writes pictures as `[frames, height, width, 3]` uint8; a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    with open(partial, "wb") as file:
        np.save(file, np.stack(film))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def run(world: World, options, report):
    """Runs this process's share of the episodes and reports each as it ends."""
    server = None
    if options.policy != "expert":
        server = Server(options.host, options.port, options.patience)
    for name, task in options.tasks.items():
        if server is None:
            policy = ScriptedPolicy(world)
        else:
            policy = ServedPolicy(server, ObservationForm(server.metadata, task.robot, options.size), options.execute)
        environment = world.environment(name, task)
        for perturbation in [None, *options.perturbations]:
            environment.perturbation = perturbation
            for index in options.episode_indices:
                report(_rolled_out(environment, policy, options, index))
        environment.close()


def _rolled_out(environment: Environment, policy, options, index: int) -> dict:
    """The episode at `index`, filmed if it is one of the first."""
    film = [] if options.video_dir and index < options.videos else None
    seed = options.seed + index
    result = episode(environment, policy, seed, options.max_steps, film, options.video_size)
    if film is not None:
        parts = [environment.task, environment.perturbation, str(seed)]
        path = Path(options.video_dir) / f"{'-'.join(part for part in parts if part)}.npy"
        save_film(film, path)
        result["video"] = str(path)
    return result
