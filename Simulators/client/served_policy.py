"""A policy behind a server, and the clock by which its action chunks are executed."""

import time
from typing import NamedTuple

import numpy as np

from .connection import ObservationSchema, Server, ServerError, actions, sizes, stages
from .environment import Environment
from .perturbations import observation_age

# Key of an observation: the actions that are executed until the reply arrives, float32 `[delay, columns]`.
COMMITTED_ACTIONS = "committed_actions"
# Key of an observation: seed of the random numbers in its reply.
SEED = "seed"
# More than the steps of any episode.
STEPS_BETWEEN_SEEDS = 1_000_000


class Chunk(NamedTuple):
    """Actions `[steps, columns]`, the first of which is for the step of its observation."""

    start: int
    rows: np.ndarray


class ServedPolicy:
    """Chunks of actions for one episode, requested every few steps.

    A chunk may arrive some steps after its observation. Meanwhile the robot carries on with the chunk before; then it
    goes over to the row of the new one that is for the present step. Only the first chunk of an episode is waited for.
    """

    def __init__(self, server: Server, schema: ObservationSchema, environment: Environment, seed: int, options):
        self._server = server
        self._schema = schema
        self._environment = environment
        self._columns = len(environment.description.robot.action)
        self._age = observation_age(environment.perturbation, environment.description.robot)
        self._seed = seed
        self._execute = options.execute
        self._delay = options.delay
        self._sends_committed = options.committed_prefix
        self._sends_seed = SEED in (server.metadata.get("options") or [])
        self._observed = {}
        self._step = 0
        # Step of the next request, and steps from one to the next.
        self._due = 0
        self._period = self._execute
        self._chunk = None
        self._coming = None
        self._latencies = []
        self._stages = {}
        self._sizes = {}
        action = server.metadata.get("action")
        horizon = action.get("horizon") if isinstance(action, dict) else None
        if isinstance(horizon, int):
            self._check(horizon)

    def action(self) -> np.ndarray:
        """The next action, float32 `[columns]`."""
        self._observe()
        if self._coming and self._step == self._coming.start + self._delay:
            self._chunk, self._coming = self._coming, None
        if self._step == self._due:
            chunk = Chunk(self._step, self._request())
            if self._chunk is None or self._delay == 0:
                self._chunk = chunk
            else:
                self._coming = chunk
            self._period = min(self._execute, len(chunk.rows))
            self._due += self._period
        action = self._chunk.rows[self._step - self._chunk.start]
        self._step += 1
        return action

    @property
    def measured(self) -> dict:
        """Milliseconds of every request's round trip; stages, tokens and forwards of every reply that states them."""
        stages = [{"name": name, "ms": times} for name, times in self._stages.items()]
        return {"latency_ms": self._latencies} | ({"stages": stages} if stages else {}) | self._sizes

    def _observe(self):
        """Keeps the present observation if a request will send it: old observations are older than their request."""
        if self._step == 0 or (self._step + self._age - self._due) % self._period == 0:
            self._observed[self._step] = self._schema.observation(self._environment)

    def _request(self) -> np.ndarray:
        """The policy's actions for the observation of some steps ago, or for the first one."""
        sent = max(0, self._step - self._age)
        message = dict(self._observed[sent])
        self._observed = {step: observation for step, observation in self._observed.items() if step >= sent}
        if self._sends_committed and self._delay > 0 and self._chunk is not None:
            row = self._step - self._chunk.start
            message[COMMITTED_ACTIONS] = np.ascontiguousarray(self._chunk.rows[row : row + self._delay], np.float32)
        if self._sends_seed:
            # A reply must not depend on the requests of other simulators in between.
            message[SEED] = self._seed * STEPS_BETWEEN_SEEDS + self._step
        start = time.perf_counter()
        reply = self._server.infer(message)
        self._latencies.append(round(1000 * (time.perf_counter() - start), 3))
        for name, milliseconds in stages(reply).items():
            self._stages.setdefault(name, []).append(round(milliseconds, 3))
        for name, number in sizes(reply).items():
            self._sizes.setdefault(name, []).append(number)
        found = actions(reply, self._columns)
        self._check(len(found))
        return found

    def _check(self, horizon: int):
        """Without a delay, a chunk shorter than `--execute` is carried out to its end."""
        if self._delay > 0 and self._delay + self._execute > horizon:
            raise ServerError(
                f"a delay of {self._delay} steps and an observation every {self._execute} need chunks of "
                f"{self._delay + self._execute} steps, and the policy's have {horizon}"
            )
