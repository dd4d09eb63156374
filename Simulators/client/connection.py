"""The server on the other end of openpi's protocol, and the observations that it asks for."""

import re
import time
from functools import cached_property

import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

from .description import Robot
from .environment import Environment


class ServerError(RuntimeError):
    """A server that cannot be reached, refuses, or asks for what the robot cannot give."""


class Server:
    """A policy or a recorder that serves openpi's unmodified client.

    It is connected to when it is first used: a renderer that takes long to start would answer none of its pings until then.
    """

    def __init__(self, host: str, port: int, patience: float):
        self.address = f"ws://{host}:{port}"
        self._host, self._port, self._patience = host, port, patience

    @cached_property
    def _client(self) -> WebsocketClientPolicy:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return WebsocketClientPolicy(self._host, self._port)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"no server at {self.address} after {self._patience:g} s: start one with 'faster serve'"
                    ) from None
                time.sleep(0.2)
            except Exception as error:
                raise ServerError(f"{self.address} does not speak openpi's protocol: {error}") from error

    @property
    def metadata(self) -> dict:
        """What the server says of itself."""
        return self._map(self._client.get_server_metadata(), "metadata")

    def infer(self, message: dict) -> dict:
        """Sends `message` and waits for the reply."""
        try:
            reply = self._client.infer(message)
        except RuntimeError as error:
            raise ServerError(f"{self.address}: {str(error).strip()}") from error
        except Exception as error:
            raise ServerError(f"{self.address} broke the connection: {error}") from error
        return self._map(reply, "reply")

    def _map(self, value, name: str) -> dict:
        if not isinstance(value, dict):
            raise ServerError(f"{self.address}: its {name} is {type(value).__name__}, expected a map of named values")
        return value


class ObservationSchema:
    """Keys, shapes and types of a server's observations, from the `observation` of its metadata."""

    def __init__(self, metadata: dict, robot: Robot, size: int | None):
        self._robot = robot
        # Camera, height and width by key.
        self.images = {}
        self.state_key = None
        self.instruction_key = None
        wanted = metadata.get("observation")
        if wanted is None:
            wanted = {"observation/state": _entry("float32", len(robot.state)), "prompt": _entry("string")}
            side = robot.image_size if size is None else size
            for camera in robot.cameras:
                wanted[robot.image_key.format(camera=camera)] = _entry("uint8", side, side, 3)
        if not isinstance(wanted, dict) or not all(isinstance(entry, dict) for entry in wanted.values()):
            raise ServerError(f"the server's 'observation' is {wanted}, expected a map with dtype and shape of every key")
        for key, entry in wanted.items():
            self._add(key, entry.get("dtype"), tuple(entry.get("shape", ())))

    def _add(self, key: str, dtype: str, shape: tuple):
        camera = re.split(r"[/.]", key)[-1]
        if dtype == "uint8" and len(shape) == 3 and shape[2] == 3 and camera in self._robot.cameras:
            self.images[key] = (camera, shape[0], shape[1])
        elif dtype == "float32" and shape == (len(self._robot.state),) and self.state_key is None:
            self.state_key = key
        elif dtype == "string" and self.instruction_key is None:
            self.instruction_key = key
        else:
            raise ServerError(
                f"the server wants '{key}' ({dtype} {list(shape)}), which {self._robot.name} cannot give: it has "
                f"uint8 [height, width, 3] images of {' and '.join(self._robot.cameras) or 'no camera'}, "
                f"a float32 [{len(self._robot.state)}] state and an instruction"
            )

    def observation(self, environment: Environment) -> dict:
        """The present observation of `environment`."""
        result = {key: environment.render(*view) for key, view in self.images.items()}
        if self.state_key:
            result[self.state_key] = environment.state
        if self.instruction_key:
            result[self.instruction_key] = environment.instruction
        return result


def _entry(dtype: str, *shape: int) -> dict:
    return {"dtype": dtype, "shape": shape}


def stages(reply: dict) -> dict[str, float]:
    """Milliseconds of every stage of a policy's reply, in their order; empty where it names none.

    openpi's `infer_ms` is of the reply as a whole and `wait_ms` of other clients' requests, so neither is a stage.
    """
    timing = reply.get("policy_timing")
    found = {}
    for key, value in timing.items() if isinstance(timing, dict) else ():
        if not isinstance(key, str) or not key.endswith("_ms") or key in ("infer_ms", "wait_ms"):
            continue
        name = key.removesuffix("_ms")
        if isinstance(value, list):
            found |= {f"{name.removesuffix('s')} {index + 1}": part for index, part in enumerate(value)}
        else:
            found[name] = value
    return {name: float(value) for name, value in found.items() if isinstance(value, (int, float))}


def sizes(reply: dict) -> dict[str, int]:
    """Numbers of tokens and of forwards behind a policy's reply, as far as it states them."""
    timing = reply.get("policy_timing")
    blocks = timing.get("blocks_ms") if isinstance(timing, dict) else None
    found = {"tokens": reply.get("tokens"), "forwards": len(blocks) if isinstance(blocks, list) else None}
    return {name: number for name, number in found.items() if isinstance(number, int)}


def actions(reply: dict, columns: int) -> np.ndarray:
    """The actions in a policy's reply, `[steps, columns]`, checked."""
    try:
        found = np.asarray(reply.get("actions"))
    except ValueError as error:
        raise ServerError(f"the policy's 'actions' are rows of different lengths, expected float32 [steps, {columns}]") from error
    if found.ndim != 2 or found.shape[1] != columns or len(found) == 0 or found.dtype.kind not in "fiu":
        raise ServerError(
            f"the policy's 'actions' are {found.dtype} of shape {list(found.shape)}, expected float32 [steps, {columns}]"
        )
    if not np.isfinite(found).all():
        raise ServerError("the policy's 'actions' hold values that are not finite")
    return found
