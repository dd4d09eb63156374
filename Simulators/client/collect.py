"""Demonstrations: the expert acts while it is disturbed, and its undisturbed wish is recorded."""

import numpy as np

from .connection import ObservationForm, Server, ServerError
from .pushes import Pushes
from .world import Environment, World

# Steps kept after the task succeeded, so that the last chunks show how it ends.
STEPS_AFTER_SUCCESS = 5
# A scene that the disturbed expert fails this often is replaced by another one.
ATTEMPTS_PER_SCENE = 3
# Scenes before the expert is given up (`CollectionPlan.scenesPerEpisode`, which keeps them off those of evaluations).
SCENES_PER_EPISODE = 10
# What the recorder takes (`DemonstrationRecorder.limits`): a message is a whole episode.
LARGEST_MESSAGE = 1 << 30


def run(world: World, options, report):
    """Collects this process's share of the episodes; a report says what each one took."""
    server = Server(options.host, options.port, options.patience)
    for name, task in options.tasks.items():
        indices = options.share.take()
        if not indices:
            continue
        form = ObservationForm(server.metadata, task.robot, options.size)
        if options.no_images:
            form.pictures = {}
        environment = world.environment(name, task)
        for index in indices:
            message, failures = _episode(world, environment, form, options, index)
            _send(server, message)
            steps, seed = len(message["action"]), message["seed"]
            report({"task": name, "index": index, "seed": seed, "steps": steps, "failures": failures})
        environment.close()


def scenes(options, index: int):
    """Seeds and attempts for the episode at `index`: some tries of its own scene, then of spare ones.

    They depend on nothing but the options, so any number of processes collects the same episodes.
    """
    for spare in range(SCENES_PER_EPISODE):
        for attempt in range(ATTEMPTS_PER_SCENE):
            yield options.seed + index + spare * options.episodes, attempt


def _episode(world: World, environment: Environment, form: ObservationForm, options, index: int):
    """The first success among the scenes for `index` as a message, and how many failed before it."""
    failures = 0
    for seed, attempt in scenes(options, index):
        message = demonstration(world, environment, form, seed, attempt, options.noise)
        if message is not None:
            return message | {"index": index}, failures
        failures += 1
    raise RuntimeError(
        f"{environment.task}: the expert failed {failures} times under noise {options.noise}: use less"
    )


def demonstration(
    world: World, environment: Environment, form: ObservationForm, seed: int, attempt: int, noise: float
) -> dict | None:
    """One episode as the recorder wants it, or nothing when the expert failed.

    Pictures are drawn only once the episode is known to have succeeded: it is played twice.
    """
    states, environment_states = [], []
    tells_all = bool(environment.description.robot.environment_state)

    def note():
        states.append(environment.state)
        if tells_all:
            environment_states.append(environment.environment_state)

    actions = _play(world, environment, seed, attempt, noise, note)
    if actions is None:
        return None
    shots = []
    if form.pictures:
        views = form.pictures.values()

        def watch():
            shots.append({view[0]: environment.picture(*view) for view in views})

        actions = _play(world, environment, seed, attempt, noise, watch)
    return {
        "record": "episode",
        "task": environment.task,
        "prompt": environment.description.instruction,
        "seed": seed,
        "images": {
            camera: np.stack([shot[camera] for shot in shots]) for camera, _, _ in form.pictures.values()
        },
        "observation/state": np.stack(states),
        "action": np.stack(actions),
    } | ({"observation/environment_state": np.stack(environment_states)} if tells_all else {})


def _play(world: World, environment: Environment, seed: int, attempt: int, noise: float, watch) -> list | None:
    robot = environment.description.robot
    pushes = Pushes(noise, np.random.default_rng([seed, attempt]), robot.pushed, len(robot.action))
    environment.reset(seed)
    expert = world.expert(environment, np.random.default_rng([seed, attempt, 1]))
    actions = []
    steps_left = None
    while len(actions) < environment.description.longest and steps_left != 0:
        action = expert.action()
        if action is None or environment.is_lost:
            break
        watch()
        actions.append(action)
        success = environment.step(action + pushes.next())
        if steps_left is not None:
            steps_left -= 1
        elif success:
            steps_left = STEPS_AFTER_SUCCESS
    return None if steps_left is None else actions


def _send(server: Server, message: dict):
    size = sum(pictures.nbytes for pictures in message["images"].values())
    if size > LARGEST_MESSAGE - (1 << 20):
        raise ServerError(
            f"an episode of {len(message['action'])} steps holds {size >> 20} MiB of pictures, more than a "
            f"message of {LARGEST_MESSAGE >> 20} MiB can carry: use a smaller --size"
        )
    server.ask(message)
