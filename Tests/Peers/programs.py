"""Programs and ports of the tests in this folder."""

import socket
import subprocess


def run(*arguments):
    """Runs a command that has to succeed; returns its standard output."""
    result = subprocess.run([*map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, f"{' '.join(map(str, arguments))}\n{result.stdout}{result.stderr}"
    return result.stdout


def free_port():
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
