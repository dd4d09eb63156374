"""A policy server as people start it, for the scripts beside this one."""

import re
import signal
import subprocess

import numpy as np


def start(program, policy, *options):
    """Tests run on threads that block signals, which a process started from a shell does not."""
    return subprocess.Popen(
        [program, "serve", "--policy", policy, "--threads", "1", *options],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, []),
    )


def observation(metadata, number=0.25):
    """An observation made of nothing but a server's metadata."""

    def value(entry):
        if entry["dtype"] == "string":
            return "open the drawer"
        return np.full(entry["shape"], 7 if entry["dtype"] == "uint8" else number, dtype=entry["dtype"])

    return {key: value(entry) for key, entry in metadata["observation"].items()}


def port_of(server):
    """The port that a server prints when it listens."""
    text = ""
    for line in server.stderr:
        text += line
        if match := re.search(r"ws://127\.0\.0\.1:(\d+)", line):
            return int(match.group(1))
    raise AssertionError(text)
