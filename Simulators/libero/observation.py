"""LIBERO's observations: what its environment returns, at the instant at which robosuite takes them."""

from types import SimpleNamespace

import mujoco
import numpy as np
from robosuite.utils.binding_utils import MjRenderContextOffscreen
from robosuite.utils.observables import Observable, sensor

from ..client.views import VISIBLE, set_visible_poses, visible_poses

# LIBERO's names of the cameras.
CAMERAS = {"image": "agentview", "wrist_image": "robot0_eye_in_hand"}


class Observations:
    """The last observation of a scene.

    robosuite samples once a control step, some substeps before its end, and a picture shows the substep's beginning. One
    of its own observables keeps the time here, which takes everything together: that pictures are rendered is decided
    later, and most are not.
    """

    def __init__(self, raw):
        self._raw = raw
        self._seen = mujoco.MjData(raw.sim.model._model)
        self._context = None
        # Adds what exists in images only to a scene, if there is such a thing.
        self.draw = None
        self._clock = Observable("clock", sensor("object")(lambda _: self._sample()), sampling_rate=raw.control_freq)
        # Nobody reads robosuite's own, which it updates at every substep.
        raw._update_observables = lambda force=False: self._clock.update(raw.model_timestep, {}, force)
        raw._get_observations = lambda force_update=False: {}

    def restart(self, updates: int):
        """Begins an episode, before which robosuite was forced to sample `updates` times."""
        self._clock.reset()
        for _ in range(updates):
            self._raw._update_observables(force=True)

    def _sample(self) -> np.ndarray:
        raw, data = self._raw, self._raw.sim.data
        for name in VISIBLE:
            getattr(self._seen, name)[:] = getattr(data._data, name)
        self._burners = raw.sim.model._model.site_rgba.copy()
        robot = raw.robots[0]
        return np.concatenate(
            [
                data.site_xpos[robot.eef_site_id],
                data.get_body_xquat(robot.robot_model.eef_name)[[1, 2, 3, 0]],
                data.qpos[robot._ref_gripper_joint_pos_indexes],
            ]
        )

    @property
    def position(self) -> np.ndarray:
        """Between the fingers, metres, `[3]`: `robot0_eef_pos`."""
        return self._clock.obs[:3]

    @property
    def quaternion(self) -> np.ndarray:
        """Rotation of the hand, x, y, z, w: `robot0_eef_quat`."""
        return self._clock.obs[3:7]

    @property
    def fingers(self) -> np.ndarray:
        """Positions of the fingers, metres, `[2]`: `robot0_gripper_qpos`."""
        return self._clock.obs[7:]

    def snapshot(self):
        """What images of the observation show."""
        return visible_poses(self._seen), self._burners

    def restore(self, snapshot):
        """Lets images show a snapshot."""
        poses, self._burners = snapshot
        set_visible_poses(self._seen, poses)

    def image(self, camera: str, size: int) -> np.ndarray:
        """A picture of `camera` as LIBERO returns it, upside down: uint8 `[size, size, 3]`."""
        sim = self._raw.sim
        if self._context is None:
            # It would step the physics' solver, which a picture must not change.
            seen = SimpleNamespace(_data=self._seen)
            stand_in = SimpleNamespace(model=sim.model, data=seen, forward=lambda: None, add_render_context=lambda _: None)
            self._context = MjRenderContextOffscreen(stand_in, device_id=-1)
            # Visual geometry only.
            self._context.vopt.geomgroup[0] = 0
            self._context.vopt.geomgroup[1] = 1
        # A burner's glow belongs to the model.
        rgba = sim.model._model.site_rgba
        present = rgba.copy()
        rgba[:] = self._burners
        self._context.gl_ctx.make_current()
        self._context.render(size, size, sim.model.camera_name2id(CAMERAS[camera]))
        if self.draw:
            self.draw(self._context.scn)
            mujoco.mjr_render(mujoco.MjrRect(0, 0, size, size), self._context.scn, self._context.con)
        image = self._context.read_pixels(size, size)
        rgba[:] = present
        return image

    def close(self):
        """Frees the renderer."""
        self._context = None
