"""Demonstrations: the expert acts under DART noise, and its own actions are recorded.

A policy may act first: the expert then takes over at a random step, and the demonstration begins there.
"""

import numpy as np

from .connection import ObservationSchema, Server, ServerError
from .dart_noise import DartNoise
from .environment import Environment, World
from .episodes import for_each_episode, play, roll_out
from .served_policy import ServedPolicy

# Attempts at a scene, each with other noise, before it is replaced by a spare one.
ATTEMPTS_PER_SCENE = 3
# Key of a server's metadata: largest message it takes, bytes.
MESSAGE_LIMIT = "max_message_bytes"
# Bytes of a message beside its images, at most.
OVERHEAD = 1 << 20


def run(world: World, options, report):
    """Sends the shard's demonstrations to a recorder and reports each as it ends."""
    server = Server(options.host, options.port, options.patience)
    policy = options.policy_port and Server(options.host, options.policy_port, options.patience)

    def run_episode(environment: Environment, index: int) -> dict:
        schema = ObservationSchema(server.metadata, environment.description.robot, options.size)
        images = {} if options.no_images else schema.images
        novice = policy and Novice(policy, environment, options)
        message, failures = _first_success(world, environment, images, novice, options, index)
        _send(server, message)
        return {
            "task": environment.task,
            "index": index,
            "seed": message["seed"],
            "steps": len(message["action"]),
            "failures": failures,
        }

    for_each_episode(world, options, report, run_episode)


def scenes(options, index: int):
    """Seeds and attempts for the episode at `index`: some attempts at its own scene, then at spare ones.

    They depend on nothing but the options, so any number of processes collects the same episodes.
    """
    for spare in range(options.scenes_per_episode):
        for attempt in range(ATTEMPTS_PER_SCENE):
            yield options.seed + index + spare * options.episodes, attempt


class Novice:
    """A policy that acts until the expert takes over (HG-DAgger, https://arxiv.org/abs/1810.02890)."""

    def __init__(self, server: Server, environment: Environment, options):
        self._server = server
        self._environment = environment
        self._schema = ObservationSchema(server.metadata, environment.description.robot, options.size)
        self._options = options

    def play(self, seed: int, attempt: int) -> bool:
        """Lets the policy act in a new scene for a random number of steps, fewer than it needs; false if no expert can help any more."""
        task = self._environment.description
        generator = np.random.default_rng([seed, attempt, 2])
        limit = task.max_steps or task.max_demonstration_steps
        while limit > 1:
            self._environment.reset(seed)
            policy = ServedPolicy(self._server, self._schema, self._environment, seed, self._options)
            rollout = roll_out(self._environment, policy, int(generator.integers(1, limit)))
            if not rollout.success:
                return not self._environment.has_failed
            limit = len(rollout.actions)
        return False


def _first_success(
    world: World, environment: Environment, images: dict, novice: Novice | None, options, index: int
) -> tuple[dict, int]:
    """The message of the first success among the scenes for `index`, and the number of failures before it."""
    failures = 0
    for seed, attempt in scenes(options, index):
        message = demonstration(world, environment, images, seed, attempt, options.noise, novice)
        if message is not None:
            return message | {"index": index}, failures
        failures += 1
    raise RuntimeError(
        f"{environment.task}: the expert failed {failures} times under noise {options.noise}: use less"
    )


def demonstration(
    world: World,
    environment: Environment,
    images: dict,
    seed: int,
    attempt: int,
    noise: float,
    novice: Novice | None = None,
) -> dict | None:
    """One episode as the recorder takes it, with the `images` of a schema; None when the expert failed.

    Images are rendered only once the episode is known to have succeeded.
    """
    robot = environment.description.robot
    states, environment_states, snapshots = [], [], []

    def record():
        states.append(environment.state)
        if robot.environment_state:
            environment_states.append(environment.environment_state)
        if images:
            snapshots.append(environment.snapshot())

    dart = DartNoise(noise * robot.noise_unit, np.random.default_rng([seed, attempt]), robot.noise_columns, len(robot.action))
    if novice is None:
        environment.reset(seed)
    elif not novice.play(seed, attempt):
        return None
    rollout = play(world, environment, seed, attempt, dart, record)
    if not (rollout.success_at_last_step if environment.description.counts_last_step else rollout.success):
        return None
    frames = {camera: [] for camera, _, _ in images.values()}
    for snapshot in snapshots:
        environment.restore(snapshot)
        for camera, height, width in images.values():
            frames[camera].append(environment.render(camera, height, width))
    message = {
        "record": "episode",
        "task": environment.task,
        "prompt": environment.description.instruction,
        "seed": seed,
        "images": {camera: np.stack(rendered) for camera, rendered in frames.items()},
        "observation/state": np.stack(states),
        "action": np.stack(rollout.actions),
    }
    if environment_states:
        message["observation/environment_state"] = np.stack(environment_states)
    return message


def _send(server: Server, message: dict):
    limit = server.metadata.get(MESSAGE_LIMIT)
    size = sum(images.nbytes for images in message["images"].values())
    if limit is not None and size > limit - OVERHEAD:
        raise ServerError(
            f"an episode of {len(message['action'])} steps holds {size >> 20} MiB of images, more than the "
            f"{limit >> 20} MiB that a message to {server.address} may hold: use a smaller --size"
        )
    server.infer(message)
