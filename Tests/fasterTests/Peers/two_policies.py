"""Two policies in one server, as people start it: two_policies.py PROGRAM POLICY; any failed check ends it with 1."""

import re
import sys
import urllib.request

import numpy as np
import serving
from openpi_client.websocket_client_policy import WebsocketClientPolicy

PROGRAM, POLICY = sys.argv[1:]


def observation(metadata):
    def value(entry):
        if entry["dtype"] == "string":
            return "open the drawer"
        return np.full(entry["shape"], 7 if entry["dtype"] == "uint8" else 0.1, dtype=entry["dtype"])

    return {key: value(entry) for key, entry in metadata["observation"].items()}


server = serving.start(PROGRAM, f"own={POLICY}", "--policy", "shipped=metaworld", "--port", "0")
try:
    text = ""
    for line in server.stderr:
        text += line
        if "/shipped" in line:
            break
    port = int(re.search(r"ws://127\.0\.0\.1:(\d+)/own ", text).group(1))
    clients = {path: WebsocketClientPolicy(f"ws://127.0.0.1:{port}{path}") for path in ("", "/own", "/shipped")}
    metadata = {path: client.get_server_metadata() for path, client in clients.items()}
    assert metadata[""] == metadata["/own"] != metadata["/shipped"], metadata
    actions = {path: client.infer(observation(metadata[path]))["actions"] for path, client in clients.items()}
    assert np.array_equal(actions[""], actions["/own"]) and actions["/shipped"].shape == (16, 4), actions
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as page:
        assert page.read() == b"OK\n/own\n/shipped\n"
finally:
    server.kill()
