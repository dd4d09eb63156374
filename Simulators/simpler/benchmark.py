"""ManiSkill's own tasks, on the files in `assets` and with the Vulkan driver of SIMPLER's Python environment."""

import ctypes
import logging
import os
import sys
import warnings
from pathlib import Path

# ManiSkill looks for `data` there.
os.environ["MS_ASSET_DIR"] = str(Path(__file__).parent / "assets")
os.environ["MS_SKIP_ASSET_DOWNLOAD_PROMPT"] = "1"
warnings.simplefilter("ignore")


def use_own_driver():
    """Lets SAPIEN find the Vulkan driver that Scripts/bootstrap unpacked; without it, the system's own."""
    libraries = Path(sys.prefix, "vulkan", "usr", "lib", "x86_64-linux-gnu")
    manifest = Path(sys.prefix, "vulkan", "usr", "share", "vulkan", "icd.d", "lvp_icd.json")
    if not manifest.exists():
        return
    for library in ("libdrm.so.2", "libxcb-shm.so.0"):
        # The driver takes a library that is loaded already instead of the system's, which is too old.
        ctypes.CDLL(str(libraries / library))
    os.environ["VK_DRIVER_FILES"] = os.environ["VK_ICD_FILENAMES"] = str(manifest)


use_own_driver()

import gymnasium
import torch
from mani_skill.envs.tasks.digital_twins import bridge_dataset_eval
from mani_skill.envs.tasks.digital_twins.base_env import BaseDigitalTwinEnv

logging.disable(logging.WARNING)
# Tensors of one scene are small.
torch.set_num_threads(1)

CAMERA = "3rd_view_camera"


def make(name: str):
    """ManiSkill's environment called `name`, which renders nothing by itself."""
    # ManiSkill keeps these on the class, so that a task's pictures would show the objects of the one before.
    BaseDigitalTwinEnv._objects_to_remove_from_greenscreen = []
    BaseDigitalTwinEnv._rgb_overlay_images = {}
    raw = gymnasium.make(
        name, num_envs=1, obs_mode="rgb+segmentation", sim_backend="physx_cpu", render_backend="cpu", reconfiguration_freq=0
    ).unwrapped
    raw.get_obs = lambda *_, **__: {}
    return raw
