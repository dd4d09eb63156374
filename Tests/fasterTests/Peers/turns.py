"""A client that sends many requests ahead beside one that asks and waits: turns.py PROGRAM POLICY.

Both get their turn; a queue of one request refuses some, and continues. Any failed check ends it with 1.
"""

import concurrent.futures
import sys
import threading
import time

import serving
from openpi_client import msgpack_numpy
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PROGRAM, POLICY = sys.argv[1:]
AHEAD = 400


def check_turns(port):
    greedy, polite = (WebsocketClientPolicy("127.0.0.1", port) for _ in range(2))
    message = serving.observation(polite.get_server_metadata())
    packed = msgpack_numpy.packb(message)
    received = []

    def receive():
        for _ in range(AHEAD):
            assert "actions" in msgpack_numpy.unpackb(greedy._ws.recv())
            received.append(1)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        sending = pool.submit(lambda: [greedy._ws.send(packed) for _ in range(AHEAD)])
        receiving = pool.submit(receive)
        while not received:
            time.sleep(0.001)
        for _ in range(10):
            assert "actions" in polite.infer(message)
        overtaken = len(received)
        sending.result()
        receiving.result()
    assert overtaken < AHEAD / 2, f"{overtaken} requests of the greedy client went before 10 of the polite one"


def check_busy(port):
    """With room for one request, one of several clients is refused sooner or later, and none is cut off."""
    clients = [WebsocketClientPolicy("127.0.0.1", port) for _ in range(4)]
    message = serving.observation(clients[0].get_server_metadata())

    def ask(client):
        refusals = replies = 0
        while replies < 20:
            try:
                client.infer(message)
                replies += 1
            except RuntimeError as error:
                expected = "Error in inference server:\nbusy: 1 requests wait"
                assert str(error).startswith(expected), error
                refusals += 1
        return refusals

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        assert sum(pool.map(ask, clients)) > 0, "nothing was refused"


for check, options in [(check_turns, []), (check_busy, ["--queue", "1"])]:
    server = serving.start(PROGRAM, POLICY, "--port", "0", *options)
    try:
        port = serving.port_of(server)
        # A pipe that nobody reads would stop what the server says, and so the server.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        check(port)
    finally:
        server.kill()
