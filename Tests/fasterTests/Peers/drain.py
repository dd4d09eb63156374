"""SIGTERM while requests are in progress and wait: drain.py PROGRAM POLICY; any failed check ends it with 1."""

import signal
import sys

import numpy as np
import serving
import websockets.exceptions
from openpi_client import msgpack_numpy
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PROGRAM, POLICY = sys.argv[1:]
CLIENTS = 12


def observation(metadata, number):
    def value(entry):
        if entry["dtype"] == "string":
            return "open the drawer"
        return np.full(entry["shape"], number if entry["dtype"] == "uint8" else 0.1, dtype=entry["dtype"])

    return {key: value(entry) for key, entry in metadata["observation"].items()} | {"request_id": number, "seed": 1}


def start(*options):
    """Hundreds of samples make a request slow, so that requests wait when the signal comes."""
    return serving.start(PROGRAM, POLICY, "--port", "0", "--temperature", "1", "--samples", "400", *options)


def send_all(port):
    """A request of every client, which the server has: it answers a ping after it has read what came before."""
    clients = [WebsocketClientPolicy("127.0.0.1", port) for _ in range(CLIENTS)]
    for number, client in enumerate(clients):
        client._ws.send(msgpack_numpy.packb(observation(client.get_server_metadata(), number)))
    for client in clients:
        assert client._ws.ping().wait(60)
    return clients


def replies_all():
    """One signal: every request is replied to, then 1001; new clients are refused; the program ends with 0."""
    server = start()
    try:
        port = serving.port_of(server)
        clients = send_all(port)
        server.send_signal(signal.SIGTERM)
        reply = msgpack_numpy.unpackb(clients[0]._ws.recv(timeout=60))
        assert reply["request_id"] == 0, reply
        try:
            WebsocketClientPolicy("127.0.0.1", port)
        except ConnectionRefusedError:
            assert server.poll() is None, "it ended before the others had their replies"
        else:
            raise AssertionError("a new client was accepted")
        for number, client in enumerate(clients):
            if number > 0:
                reply = msgpack_numpy.unpackb(client._ws.recv(timeout=60))
                assert reply["request_id"] == number and np.isfinite(reply["actions"]).all(), reply
            try:
                client._ws.recv(timeout=60)
            except websockets.exceptions.ConnectionClosed as closed:
                assert closed.rcvd.code == 1001, closed
        assert server.wait(60) == 0, server.returncode
        rest = server.stderr.read()
        assert "Error:" not in rest and "Fatal" not in rest and "request failed" not in rest, rest
    finally:
        server.kill()


def ends_at_once():
    """A second signal ends the program, whatever waits."""
    server = start("--max-batch", "1")
    try:
        clients = send_all(serving.port_of(server))
        server.send_signal(signal.SIGTERM)
        msgpack_numpy.unpackb(clients[0]._ws.recv(timeout=60))
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0, server.returncode
        lost = 0
        for client in clients[1:]:
            try:
                msgpack_numpy.unpackb(client._ws.recv(timeout=60))
            except websockets.exceptions.ConnectionClosed:
                lost += 1
        assert lost > 0, "the second signal came too late to mean anything"
    finally:
        server.kill()


replies_all()
ends_at_once()
