"""A LIBERO task: new scenes for demonstrations, LIBERO's own initial states for evaluations."""

import logging
import os
import pickle
import random
import tempfile
import warnings
import zipfile
from importlib.util import find_spec
from pathlib import Path

import mujoco
import numpy as np

from ..client import environment
from ..client.description import Task
from ..client.pose_control import quaternion_rotation_vector
from .tasks import SUITE_OF

warnings.simplefilter("ignore")
ASSETS = "FASTER_LIBERO_ASSETS"
# Seeds from here on belong to evaluations, which take LIBERO's initial states in their order.
FIRST_EVALUATION = 1_000_000
# Steps in which objects come to rest, as in LIBERO's own evaluation.
SETTLING = 10


def _configured():
    """LIBERO's module; it asks on the terminal unless a file names its folders."""
    home = Path(find_spec("libero").submodule_search_locations[0]) / "libero"
    folders = {"benchmark_root": "", "bddl_files": "bddl_files", "init_states": "init_files", "assets": "assets"}
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"{key}: {home / name}" for key, name in folders.items()]
        Path(folder, "config.yaml").write_text("\n".join(lines) + f"\ndatasets: {home}\n")
        os.environ["LIBERO_CONFIG_PATH"] = folder
        from libero import libero
        from libero.libero.envs import env_wrapper
    return libero, env_wrapper, home


libero, env_wrapper, home = _configured()
logging.disable(logging.WARNING)


def _assets() -> str:
    """The folder of LIBERO's meshes and scenes, which its wheel does not have."""
    folder = os.environ.get(ASSETS, "")
    if not Path(folder, "scenes").is_dir() or not folder:
        raise RuntimeError(
            f"{ASSETS} is '{folder}', which is no folder of LIBERO's assets (scenes, stable_hope_objects, ...): "
            "set it to libero/libero/assets of a checkout of LIBERO"
        )
    return folder


class Environment(environment.Environment):
    """A scene, its arm and its objects."""

    def __init__(self, task: str, description: Task):
        super().__init__(task, description)
        libero._assets_path_cache = _assets()
        path = home / "bddl_files" / SUITE_OF[task] / f"{task}.bddl"
        self.raw = env_wrapper.ControlEnv(
            str(path),
            use_camera_obs=False,
            has_offscreen_renderer=False,
            ignore_done=True,
            # Furniture moves only when the scene is rebuilt, and objects are placed on it.
            hard_reset=SUITE_OF[task] == "libero_spatial",
        ).env
        self.object, self.goal = self.raw.obj_of_interest[0], self.raw.obj_of_interest[-1]
        states = home / "init_files" / SUITE_OF[task] / f"{task}.pruned_init"
        with zipfile.ZipFile(states) as archive:
            data = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            self._states = np.asarray(pickle.loads(archive.read(data)))

    def reset(self, seed: int):
        """Samples a scene, or takes the initial state that belongs to an evaluation's seed."""
        random.seed(seed)
        np.random.seed(seed)
        self.raw.reset()
        if seed >= FIRST_EVALUATION:
            self.raw.sim.set_state_from_flattened(self._states[(seed - FIRST_EVALUATION) % len(self._states)])
            self.raw.sim.forward()
        for _ in range(SETTLING):
            self.raw.step(np.array([0, 0, 0, 0, 0, 0, -1.0]))

    def step(self, action: np.ndarray) -> bool:
        """Moves for 50 ms; true when the task's conditions hold."""
        self.raw.step(np.clip(action, -1, 1).astype(np.float64))
        return bool(self.raw._check_success())

    @property
    def position(self) -> np.ndarray:
        """Between the fingers, metres, `[3]`."""
        return self.raw.sim.data.site_xpos[self.raw.robots[0].eef_site_id].copy()

    @property
    def rotation(self) -> np.ndarray:
        """Rotation of the hand, `[3, 3]`; the third column looks out of it, the first is the way the fingers open."""
        return self.raw.sim.data.site_xmat[self.raw.robots[0].eef_site_id].reshape(3, 3).copy()

    @property
    def state(self) -> np.ndarray:
        """Position and rotation of the hand, joint angles, gripper opening; float32."""
        robot, data = self.raw.robots[0], self.raw.sim.data
        joints = data.qpos[robot._ref_joint_pos_indexes]
        grip = np.abs(data.qpos[robot._ref_gripper_joint_pos_indexes]).sum()
        turn = quaternion_rotation_vector(self.quaternion)
        return np.concatenate([self.position, turn, joints, [grip]]).astype(np.float32)

    @property
    def quaternion(self) -> np.ndarray:
        """Rotation of the hand as LIBERO observes it (`robot0_eef_quat`): x, y, z, w."""
        name = self.raw.robots[0].robot_model.eef_name
        return self.raw.sim.data.get_body_xquat(name)[[1, 2, 3, 0]]

    def outline(self, name: str) -> np.ndarray:
        """Points on the surface of an object's collision geometry, metres, `[points, 3]`."""
        model, data = self.raw.sim.model._model, self.raw.sim.data._data
        root = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, f"{name}_main")
        points = []
        for geom in range(model.ngeom):
            if model.geom_group[geom] == 0 and _is_part(model, model.geom_bodyid[geom], root):
                corners = _corners(model, geom) @ data.geom_xmat[geom].reshape(3, 3).T
                points.append(corners + data.geom_xpos[geom])
        return np.concatenate(points)

    def others(self) -> list[str]:
        """Names of the objects and pieces of furniture around the one to grasp."""
        names = [*self.raw.objects_dict, *self.raw.fixtures_dict]
        model = self.raw.sim.model._model
        return [
            name
            for name in names
            if name != self.object
            and "table" not in name
            and mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, f"{name}_main") > 0
        ]

    def close(self):
        """Frees the scene."""
        self.raw.close()


def _is_part(model: mujoco.MjModel, body: int, root: int) -> bool:
    while body > 0 and body != root:
        body = model.body_parentid[body]
    return body == root


def _corners(model: mujoco.MjModel, geom: int) -> np.ndarray:
    """Points that span a geometry, in its own frame."""
    kinds, size = mujoco.mjtGeom, model.geom_size[geom]
    if model.geom_type[geom] == kinds.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first = model.mesh_vertadr[mesh]
        return model.mesh_vert[first : first + model.mesh_vertnum[mesh]]
    cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    if model.geom_type[geom] == kinds.mjGEOM_CYLINDER:
        around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = np.stack([np.cos(around), np.sin(around)], axis=1) * size[0]
        return np.concatenate([np.column_stack([ring, np.full(24, z)]) for z in (-size[1], size[1])])
    return cube * (size if model.geom_type[geom] == kinds.mjGEOM_BOX else size[0])
