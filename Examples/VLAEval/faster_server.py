"""A policy behind `faster serve` as a model server of vla-eval: README.md."""

import re
from typing import Any

import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy
from vla_eval.model_servers.base import SessionContext
from vla_eval.model_servers.predict import PredictModelServer
from vla_eval.specs import (
    GRIPPER_CLOSE_POS,
    IMAGE_RGB,
    LANGUAGE,
    POSITION_DELTA,
    ROTATION_AA,
    STATE_EEF_POS_AA_GRIP,
    DimSpec,
)

# LIBERO's cameras under the names that its published datasets and FASTer's simulator give them.
LIBERO = {"agentview": "image", "wrist": "wrist_image"}


class FASTerServer(PredictModelServer):
    """Answers vla-eval's LIBERO observations with chunks of a policy.

    Args:
        policy_host: Host of `faster serve`.
        policy_port: Port of `faster serve`.
        cameras: Last part of the policy's image key for each of the benchmark's cameras; LIBERO's by default.
        chunk_size: Actions executed of a chunk.
    """

    def __init__(
        self,
        policy_host: str = "localhost",
        policy_port: int = 8000,
        cameras: dict[str, str] | None = None,
        *,
        chunk_size: int = 5,
        **kwargs: Any,
    ) -> None:
        super().__init__(chunk_size=chunk_size, **kwargs)
        self._policy = WebsocketClientPolicy(policy_host, policy_port)
        cameras = LIBERO if cameras is None else cameras
        names = {policy: benchmark for benchmark, policy in cameras.items()}
        # Camera of the benchmark by the policy's key.
        self._cameras: dict[str, str] = {}
        self._state_key = self._instruction_key = None
        for key, entry in self._policy.get_server_metadata()["observation"].items():
            part = re.split(r"[/.]", key)[-1]
            if entry["dtype"] == "string":
                self._instruction_key = key
            elif len(entry["shape"]) == 1:
                self._state_key = key
            elif part in names:
                self._cameras[key] = names[part]
            else:
                raise ValueError(f"the policy wants images '{key}'; --args.cameras names {sorted(names)} only")

    def get_observation_params(self) -> dict[str, Any]:
        # The rotation vector is robosuite's own, without a flip to the shorter way round, as in LIBERO's demonstrations.
        return {"send_wrist_image": True, "send_state": True, "quat_no_antipodal": True}

    def get_action_spec(self) -> dict[str, DimSpec]:
        return {"position": POSITION_DELTA, "rotation": ROTATION_AA, "gripper": GRIPPER_CLOSE_POS}

    def get_observation_spec(self) -> dict[str, DimSpec]:
        images = dict.fromkeys(self._cameras.values(), IMAGE_RGB)
        return images | {"state": STATE_EEF_POS_AA_GRIP, "language": LANGUAGE}

    def predict(self, obs: dict[str, Any], ctx: SessionContext) -> dict[str, Any]:
        missing = sorted(set(self._cameras.values()) - set(obs.get("images", {})))
        if missing:
            raise ValueError(f"the observation lacks the images {missing}; it has {sorted(obs.get('images', {}))}")
        message = {key: np.asarray(obs["images"][camera]) for key, camera in self._cameras.items()}
        if self._state_key:
            message[self._state_key] = np.asarray(obs["states"], np.float32)
        if self._instruction_key:
            message[self._instruction_key] = obs["task_description"]
        return {"actions": self._policy.infer(message)["actions"]}


if __name__ == "__main__":
    from vla_eval.model_servers.serve import run_server

    run_server(FASTerServer)
