"""Serves a policy as people do and asks it with openpi's own client: serve.py PROGRAM POLICY SIGNAL.

Any failed check ends it with 1. The observation is made of nothing but the server's metadata.
"""

import signal
import sys

import numpy as np
import serving
import websockets.exceptions
from openpi_client.websocket_client_policy import WebsocketClientPolicy
from serving import observation

PROGRAM, POLICY, ENDING = sys.argv[1:]


def check_reply(client):
    metadata = client.get_server_metadata()
    reply = client.infer(observation(metadata))
    shape = (metadata["action"]["horizon"], metadata["action"]["dimension"])
    actions = reply["actions"]
    assert actions.dtype == np.float32 and actions.shape == shape and np.isfinite(actions).all(), actions
    assert reply["server_timing"]["infer_ms"] >= reply["policy_timing"]["infer_ms"] > 0, reply
    timing = reply["policy_timing"]
    stages = [timing["prefix_ms"], *timing["blocks_ms"], timing["detokenize_ms"]]
    assert len(stages) > 2 and min(stages) >= 0 and sum(stages) <= timing["infer_ms"], timing
    assert reply["codebooks"] == reply["codebooks_total"], reply
    return actions


def check_deadline(client):
    """A policy that has no time replies with its coarsest codebook, and continues after a mistake."""
    message = observation(client.get_server_metadata())
    hurried = client.infer(message | {"deadline_ms": 1e-6})
    assert hurried["codebooks"] == 1 and np.isfinite(hurried["actions"]).all(), hurried
    unhurried = client.infer(message | {"deadline_ms": 60_000})
    assert unhurried["codebooks"] == unhurried["codebooks_total"], unhurried
    try:
        client.infer(message | {"deadline_ms": "soon"})
    except RuntimeError as error:
        assert "deadline_ms: expected a positive number of milliseconds, found text" in str(error), error
    else:
        raise AssertionError("a deadline that is text was accepted")


def check_refusal(port, message, expected):
    try:
        WebsocketClientPolicy("127.0.0.1", port).infer(message)
    except RuntimeError as error:
        assert expected in str(error) and "Fatal" not in str(error), error
    else:
        raise AssertionError(f"expected an error about {expected}")


def check_port_in_use(port):
    second = serving.start(PROGRAM, POLICY, "--port", str(port))
    error_text = second.communicate(timeout=30)[1]
    assert second.returncode not in (0, None) and second.returncode > 0, second.returncode
    assert f"Error: cannot listen on 127.0.0.1:{port}: another program already does" in error_text, error_text


server = serving.start(PROGRAM, POLICY, "--port", "0")
try:
    port = serving.port_of(server)
    client = WebsocketClientPolicy("127.0.0.1", port)
    metadata = client.get_server_metadata()
    assert sorted(metadata["observation"]) == [
        "observation/images/corner2", "observation/images/gripperPOV", "observation/state", "prompt",
    ], metadata  # fmt: skip
    first = check_reply(client)
    check_deadline(client)
    check_refusal(port, observation(metadata, np.nan), "observation/state: element [0] is nan")
    check_refusal(port, {"prompt": "open"}, "key 'observation/images/corner2' is missing")
    assert np.array_equal(check_reply(client), first), "another reply to the same observation"
    if ENDING == "SIGTERM":
        check_port_in_use(port)
    server.send_signal(getattr(signal, ENDING))
    assert server.wait(10) == 0, server.returncode
    try:
        client._ws.recv(timeout=10)
    except websockets.exceptions.ConnectionClosed as closed:
        assert closed.rcvd.code == 1001, closed
    rest = server.stderr.read()
    assert "Error:" not in rest and "Fatal" not in rest, rest
finally:
    server.kill()
