"""Closed-loop episodes: a policy, or the expert in its place, tries tasks from given seeds."""

import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .connection import ObservationForm, Server, ServerError, actions, stages
from .description import Robot
from .perturbations import ActionNoise, observation_age
from .world import Environment, World

# Key of an observation: actions that are already committed when the answer arrives, float32 `[delay, columns]`.
PENDING = "pending_actions"
# Key of an observation: what determines the chance in its answer.
SEED = "seed"
# Steps of an episode without success.
USUAL_STEPS = 500
# More than the steps of any episode.
STEPS_BETWEEN_SEEDS = 1_000_000


class Chunk(NamedTuple):
    """Actions `[steps, columns]`, the first of which is for the step of its observation."""

    start: int
    rows: np.ndarray


class ServedPolicy:
    """A policy behind a server, which is shown an observation every few steps and answers with a chunk.

    The answer may arrive some steps later. Meanwhile the robot carries on with the chunk before; then it goes over
    to the row of the new one that is for the present step. Only the first answer of an episode is waited for.
    """

    def __init__(self, server: Server, form: ObservationForm, options):
        self._server = server
        self._form = form
        self._execute = options.execute
        self._delay = options.delay
        self._sends_pending = options.pending
        self._sends_seed = SEED in (server.metadata.get("options") or [])
        horizon = server.metadata.get("action", {}).get("horizon")
        if horizon is not None:
            self._check(horizon)

    def reset(self, environment: Environment, seed: int):
        """Forgets the chunks, the observations and the timings of the last episode."""
        self._environment = environment
        self._robot = environment.description.robot
        self._age = observation_age(environment.perturbation, self._robot)
        self._seed = seed
        self._seen = {}
        self._step = 0
        # Steps of the next request, and from one to the next.
        self._due = 0
        self._period = self._execute
        self._chunk = None
        self._coming = None
        self.latencies = []
        self.stages = {}

    def action(self) -> np.ndarray:
        """The next action, float32 `[columns]`."""
        self._look()
        if self._coming and self._step == self._coming.start + self._delay:
            self._chunk, self._coming = self._coming, None
        if self._step == self._due:
            answer = Chunk(self._step, self._answer())
            if self._chunk is None or self._delay == 0:
                self._chunk = answer
            else:
                self._coming = answer
            self._period = min(self._execute, len(answer.rows))
            self._due += self._period
        action = self._chunk.rows[self._step - self._chunk.start]
        self._step += 1
        return action

    def _look(self):
        """Keeps what is seen now, if a request will show it: old observations are older than the request."""
        if self._step == 0 or (self._step + self._age - self._due) % self._period == 0:
            self._seen[self._step] = self._form.observation(self._environment)

    def _answer(self) -> np.ndarray:
        """What the policy answers to what was seen some steps ago, or at the beginning."""
        shown = max(0, self._step - self._age)
        message = dict(self._seen[shown])
        self._seen = {step: seen for step, seen in self._seen.items() if step >= shown}
        if self._sends_pending and self._delay > 0 and self._chunk is not None:
            row = self._step - self._chunk.start
            message[PENDING] = np.ascontiguousarray(self._chunk.rows[row : row + self._delay], np.float32)
        if self._sends_seed:
            # An answer must not depend on what other simulators have asked in between.
            message[SEED] = self._seed * STEPS_BETWEEN_SEEDS + self._step
        start = time.perf_counter()
        reply = self._server.ask(message)
        self.latencies.append(round(1000 * (time.perf_counter() - start), 3))
        for name, milliseconds in stages(reply).items():
            self.stages.setdefault(name, []).append(round(milliseconds, 3))
        found = actions(reply, len(self._robot.action))
        self._check(len(found))
        return found

    def _check(self, horizon: int):
        """Without a delay, a chunk shorter than wished for is carried out to its end."""
        if self._delay > 0 and self._delay + self._execute > horizon:
            raise ServerError(
                f"a delay of {self._delay} steps and an observation every {self._execute} need chunks of "
                f"{self._delay + self._execute} steps, and the policy's have {horizon}"
            )


class ScriptedPolicy:
    """The expert, under the interface of a served policy."""

    def __init__(self, world: World):
        self._world = world
        self._expert = None
        self.latencies = []
        self.stages = {}

    def reset(self, environment: Environment, seed: int):
        """A new expert for every episode."""
        self._expert = self._world.expert(environment, np.random.default_rng([seed, 0, 1]))

    def action(self) -> np.ndarray | None:
        """The next action, float32 `[columns]`; nothing when the expert gives up."""
        return self._expert.action()


def episode(
    environment: Environment, policy, seed: int, max_steps: int | None, film: list | None, film_size: int
) -> dict:
    """Runs until the task succeeds once or `max_steps` are over, `USUAL_STEPS` or a demonstration's where none are said."""
    if max_steps is None:
        max_steps = max(USUAL_STEPS, environment.description.longest)
    environment.reset(seed)
    policy.reset(environment, seed)
    noise = ActionNoise(environment.perturbation, environment.description.robot, seed)
    success = False
    executed = []
    while not success and len(executed) < max_steps and not environment.is_lost:
        if film is not None:
            film.append(environment.picture(environment.film_camera, film_size, film_size))
        action = policy.action()
        if action is None:
            break
        action = action + noise.next()
        success = environment.step(action)
        # Robots take no more than 1.
        executed.append(np.clip(action, -1, 1))
    if film is not None:
        film.append(environment.picture(environment.film_camera, film_size, film_size))
    result = {
        "task": environment.task,
        "seed": seed,
        "success": success,
        "steps": len(executed),
        "latency_ms": policy.latencies,
        "stages": [{"name": name, "ms": times} for name, times in policy.stages.items()] or None,
        "jerk": jerk(executed, environment.description.robot),
    }
    return result | {"perturbation": environment.perturbation} if environment.perturbation else result


def jerk(executed: list, robot: Robot) -> float | None:
    """How abruptly actions change: the mean norm of their second difference; nothing for fewer than three.

    Grippers are left out, whose jumps are wanted.
    """
    if len(executed) < 3:
        return None
    columns = [index for index, name in enumerate(robot.action) if "gripper" not in name]
    second = np.diff(np.stack(executed)[:, columns].astype(np.float64), n=2, axis=0)
    return float(np.linalg.norm(second, axis=1).mean())


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
        due = {perturbation: options.share.take() for perturbation in [None, *options.perturbations]}
        if not any(due.values()):
            continue
        if server is None:
            policy = ScriptedPolicy(world)
        else:
            policy = ServedPolicy(server, ObservationForm(server.metadata, task.robot, options.size), options)
        environment = world.environment(name, task)
        for perturbation, indices in due.items():
            environment.perturbation = perturbation
            for index in indices:
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
