"""A policy server as openpi writes it, on asyncio: websockets, MessagePack with NumPy arrays, a policy that replies at once.

Written anew from the protocol (Documentation/Formats/OpenpiProtocol.md) on `websockets` and openpi-client's
`msgpack_numpy`; prints the port that it listens on, and ends with its standard input.
"""

import asyncio
import sys
import time

import numpy as np
import websockets.exceptions
from openpi_client import msgpack_numpy
from websockets.asyncio.server import serve

ACTIONS = np.zeros((16, 7), np.float32)


def policy(observation):
    assert observation["observation/images/front"].dtype == np.uint8
    return {"actions": ACTIONS}


async def converse(connection):
    packer = msgpack_numpy.Packer()
    await connection.send(packer.pack({}))
    previous = None
    try:
        while True:
            start = time.monotonic()
            observation = msgpack_numpy.unpackb(await connection.recv())
            asked = time.monotonic()
            reply = policy(observation)
            reply["server_timing"] = {"infer_ms": (time.monotonic() - asked) * 1000}
            if previous is not None:
                reply["server_timing"]["prev_total_ms"] = previous * 1000
            await connection.send(packer.pack(reply))
            previous = time.monotonic() - start
    except websockets.exceptions.ConnectionClosed:
        pass


async def main():
    async with serve(converse, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
        await ended.wait()


asyncio.run(main())
