"""Limits on the load that clients put on a server: limits.py PORT SCENARIO; any failed check ends it with 1."""

import socket
import sys
import time

import numpy as np
import websockets.exceptions
from openpi_client import msgpack_numpy

sys.dont_write_bytecode = True
from client import HANDSHAKE, PORT, check_actions, closed_with, connect, get, observation  # noqa: E402

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OTAxMjM0NQ==",
}


def opened():
    """A websocket that nothing but this program reads, after its metadata."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", PORT))
    connection.sendall(HANDSHAKE)
    received = b""
    while not received.endswith(b"committed_actions"):
        piece = connection.recv(1 << 16)
        assert piece, received
        received += piece
    return connection


def frame(opcode, payload):
    """A frame whose mask changes nothing."""
    return bytes([0x80 | opcode, 0xFF]) + len(payload).to_bytes(8, "big") + bytes(4) + payload


def unread(connection):
    """Bytes that the system holds between this end of the connection and the server, which has not taken them."""
    own, server = (f":{port:04X}" for port in (connection.getsockname()[1], PORT))
    held = 0
    with open("/proc/net/tcp") as table:
        for line in table:
            local, remote, _, queues = line.split()[1:5]
            if (local[-5:], remote[-5:]) == (own, server):
                held += int(queues.split(":")[0], 16)
            if (local[-5:], remote[-5:]) == (server, own):
                held += int(queues.split(":")[1], 16)
    return held


def hasty():
    """One message of a client that sends ahead is read while another is handled; the rest waits in the socket."""
    connection = opened()
    slow = frame(2, msgpack_numpy.packb(observation(prompt="slow")))
    more = frame(2, msgpack_numpy.packb(observation(extra=np.zeros(4 << 20, dtype=np.uint8))))
    pieces = memoryview(slow + 8 * more)
    connection.setblocking(False)
    begun = time.monotonic()
    sent = taken = 0
    # The slow reply takes a second.
    while time.monotonic() - begun < 0.8:
        try:
            sent += connection.send(pieces[sent : sent + (1 << 20)])
        except BlockingIOError:
            pass
        held = unread(connection)
        if time.monotonic() - begun < 0.8:
            taken = max(taken, sent - held)
        time.sleep(0.001)
    assert taken < 10 << 20, taken


def full():
    """Two clients are all that the server takes: a third is turned away in words, until one of them has left."""
    first, second = connect(), connect()
    try:
        connect()
    except websockets.exceptions.InvalidStatus as error:
        assert error.response.status_code == 503, error
    else:
        raise AssertionError("a third client was let in")
    status, text, headers = get("/", headers=UPGRADE)
    assert status == 503 and "2 clients at a time" in text and headers["Retry-After"] == "1", (status, text)
    assert get("/healthz")[:2] == (200, "OK\n")
    check_actions(first.infer(observation()), (1, 2, 3))
    second._ws.close()
    third = None
    deadline = time.monotonic() + 10
    while third is None and time.monotonic() < deadline:
        try:
            third = connect()
        except websockets.exceptions.InvalidStatus:
            time.sleep(0.02)
    check_actions(third.infer(observation()), (1, 2, 3))
    check_actions(first.infer(observation()), (1, 2, 3))


def small():
    """A server that takes a MiB a message says so of a larger one."""
    client = connect()
    check_actions(client.infer(observation(extra=np.zeros(900 << 10, dtype=np.uint8))), (1, 2, 3))
    try:
        client._ws.send(bytes(2 << 20))
    except websockets.exceptions.ConnectionClosed:
        pass
    code, reason = closed_with(client._ws)
    assert code == 1009 and reason.startswith("more than 1 MiB in a message"), (code, reason)


def large():
    """A server that takes 128 MiB a message takes one of 66."""
    check_actions(connect().infer(observation(extra=np.zeros(66 << 20, dtype=np.uint8))), (1, 2, 3))


if __name__ == "__main__":
    globals()[sys.argv[2]]()
