"""Robots that ask a policy server at the same time, each as soon as it has its reply.

    fleet.py PORT

`robots-N` are N of them for the time that is asked for: seconds a reply. Then `p50-N` and `p99-N` are the latencies that the last
such run saw, in seconds. One process of asyncio stands for all robots, with messages that were packed before, so that it leaves the
cores to the server.
"""

import asyncio
import sys
import time

import numpy as np
from openpi_client import msgpack_numpy
from websockets.asyncio.client import connect

PORT = int(sys.argv[1])
PROMPTS = ("open the drawer", "close the window", "press the button from the top", "pick up the mug")
latencies = {}


def message(metadata, robot):
    random = np.random.default_rng(robot)

    def value(entry):
        if entry["dtype"] == "string":
            return PROMPTS[robot % len(PROMPTS)]
        if entry["dtype"] == "uint8":
            return random.integers(0, 256, entry["shape"], dtype=np.uint8)
        return random.normal(size=entry["shape"]).astype(np.float32)

    return msgpack_numpy.packb({key: value(entry) for key, entry in metadata["observation"].items()})


async def ask(robot, connection, until, seen):
    request = message(msgpack_numpy.unpackb(await connection.recv()), robot)
    await connection.send(request)
    reply = await connection.recv()
    assert not isinstance(reply, str), reply
    while (start := time.perf_counter()) < until():
        await connection.send(request)
        reply = await connection.recv()
        assert not isinstance(reply, str), reply
        seen.append((start, time.perf_counter()))


async def run(robots, seconds):
    connections = [await connect(f"ws://127.0.0.1:{PORT}", compression=None, max_size=None) for _ in range(robots)]
    begun = time.perf_counter()
    seen = []
    await asyncio.gather(*(ask(robot, each, lambda: begun + seconds, seen) for robot, each in enumerate(connections)))
    for connection in connections:
        await connection.close()
    latencies[robots] = [end - start for start, end in seen]
    return (max(end for _, end in seen) - min(start for start, _ in seen)) / len(seen)


print("ready", flush=True)
for line in sys.stdin:
    name, least = line.split()
    what, robots = name.split("-")
    if what == "robots":
        print(asyncio.run(run(int(robots), float(least))), flush=True)
    else:
        print(np.percentile(latencies[int(robots)], float(what[1:])), flush=True)
