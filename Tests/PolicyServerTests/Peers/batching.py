"""Several clients of one server, with queues and policies by path: batching.py PORT SCENARIO; any failed check ends it with 1."""

import concurrent.futures
import socket
import sys

import websockets.exceptions
from openpi_client import msgpack_numpy
from openpi_client.websocket_client_policy import WebsocketClientPolicy

sys.dont_write_bytecode = True
from client import PORT, check_actions, connect, get, infer_fails, observation  # noqa: E402


def busy():
    """Six clients ask at once where one request may wait: some are refused in words, and ask again on the same connection."""

    def ask(number):
        client, refusals = connect(), 0
        while True:
            try:
                check_actions(client.infer(observation((number, 0, 0), prompt="slow")), (number, 0, 0))
                return refusals
            except RuntimeError as error:
                assert "busy: 1 requests wait for the policy already" in str(error), error
                refusals += 1

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        refusals = list(pool.map(ask, range(6)))
    assert sum(refusals) >= 4, refusals


def paths():
    """Each policy at its path, the first one at / too, and everything else refused with what there is."""

    def server(path):
        client = WebsocketClientPolicy(host=f"ws://127.0.0.1:{PORT}{path}")
        check_actions(client.infer(observation()), (1, 2, 3))
        return client.get_server_metadata()["server"]["name"]

    assert WebsocketClientPolicy(host="127.0.0.1", port=PORT).get_server_metadata()["server"]["name"] == "first"
    found = {path: server(path) for path in ("", "/", "/one", "/two", "/two/", "/two?robot=3")}
    assert found == {"": "first", "/": "first", "/one": "first", "/two": "second", "/two/": "second", "/two?robot=3": "second"}, found
    for path in ("/three", "/one/two", "/On", "//x", "/healthz"):
        try:
            WebsocketClientPolicy(host=f"ws://127.0.0.1:{PORT}{path}")
        except websockets.exceptions.InvalidStatus as error:
            status, text = error.response.status_code, error.response.body.decode()
            if path == "/healthz":
                assert (status, text) == (200, "OK\n/one\n/two\n"), (status, text)
            else:
                assert status == 404 and "The policies are at /one, /two." in text, (status, text)
        else:
            raise AssertionError(f"{path} was accepted")
    assert get("/healthz")[:2] == (200, "OK\n/one\n/two\n")
    assert get("/two")[0] == 426 and get("/")[0] == 426 and get("/three")[0] == 404


def slow_reader():
    """A client that sends and never reads, and one that leaves, beside others whose requests share forwards with theirs."""
    deaf, gone = connect(), connect()
    for client in (deaf, gone):
        client._ws.send(msgpack_numpy.packb(observation(prompt="slow")))
    gone._ws.socket.shutdown(socket.SHUT_RDWR)

    def ask(number):
        client = connect()
        for step in range(5):
            check_actions(client.infer(observation((number, step, 0))), (number, step, 0))
        assert "the gripper is on fire" in infer_fails(client, observation(prompt="fail"))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    check_actions(msgpack_numpy.unpackb(deaf._ws.recv(timeout=10)), (1, 2, 3))


if __name__ == "__main__":
    globals()[sys.argv[2]]()
