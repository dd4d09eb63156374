"""Demonstrations: the expert acts while it is disturbed, and its undisturbed wish is recorded."""

import numpy as np

from connection import ObservationForm, Server, ServerError
from environment import LONGEST_EPISODE, Environment
from expert import Expert, Pushes

# Steps kept after the task succeeded, so that the last chunks show how it ends.
STEPS_AFTER_SUCCESS = 5
# A scene that the disturbed expert fails this often is replaced by another one.
ATTEMPTS_PER_SCENE = 3
LARGEST_MESSAGE = 64 << 20


def demonstration(
    environment: Environment, form: ObservationForm, seed: int, attempt: int, noise: float
) -> dict | None:
    """One episode as the recorder wants it, or nothing when the expert failed.

    Pictures are drawn only once the episode is known to have succeeded: it is played twice.
    """
    plan = _play(environment, seed, attempt, noise, lambda: None)
    if plan is None:
        return None
    observations = []

    def watch():
        observations.append(_observation(environment, form))

    actions = _play(environment, seed, attempt, noise, watch)
    return {
        "record": "episode",
        "task": environment.task,
        "prompt": environment.instruction,
        "seed": seed,
        "images": {
            camera: np.stack([pictures[camera] for _, pictures in observations])
            for camera, _, _ in form.pictures.values()
        },
        "observation/state": np.stack([state for state, _ in observations]),
        "action": np.stack(actions),
    }


def _observation(environment: Environment, form: ObservationForm) -> tuple[np.ndarray, dict]:
    views = form.pictures.values()
    return environment.state, {view[0]: environment.picture(*view) for view in views}


def _play(environment: Environment, seed: int, attempt: int, noise: float, watch) -> list | None:
    expert = Expert(environment.task)
    pushes = Pushes(noise, np.random.default_rng([seed, attempt]))
    environment.reset(seed)
    actions = []
    steps_left = None
    while len(actions) < LONGEST_EPISODE and steps_left != 0:
        watch()
        action = expert.action(environment)
        actions.append(action)
        success = environment.step(action + pushes.next())
        if steps_left is not None:
            steps_left -= 1
        elif success:
            steps_left = STEPS_AFTER_SUCCESS
    return None if steps_left is None else actions


def scenes(options, index: int):
    """Seeds and attempts for the episode at `index`: some tries of its own scene, then of spare ones.

    They depend on nothing but the options, so any number of processes collects the same episodes.
    """
    for spare in range(10):
        for attempt in range(ATTEMPTS_PER_SCENE):
            yield options.seed + index + spare * options.episodes, attempt


def run(options, report):
    """Collects this process's share of the episodes; a report says what each one took."""
    server = Server(options.host, options.port, options.patience)
    form = ObservationForm(server.metadata, options.size)
    if options.no_images:
        form.pictures = {}
    for task in options.tasks:
        environment = Environment(task)
        for index in options.episode_indices:
            failures = 0
            for seed, attempt in scenes(options, index):
                message = demonstration(environment, form, seed, attempt, options.noise)
                if message is not None:
                    break
                failures += 1
            else:
                raise RuntimeError(
                    f"{task}: the expert failed {failures} times under noise {options.noise}: use less"
                )
            message["index"] = index
            _send(server, message)
            steps = len(message["action"])
            report({"task": task, "index": index, "seed": seed, "steps": steps, "failures": failures})
        environment.close()


def _send(server: Server, message: dict):
    size = sum(pictures.nbytes for pictures in message["images"].values())
    if size > LARGEST_MESSAGE - (1 << 20):
        raise ServerError(
            f"an episode of {len(message['action'])} steps holds {size >> 20} MiB of pictures, more than a "
            f"message of {LARGEST_MESSAGE >> 20} MiB can carry: use a smaller --size"
        )
    server.ask(message)
