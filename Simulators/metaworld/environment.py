"""A MetaWorld task: a state of four numbers and two cameras."""

import os
import sys

os.environ.setdefault("MUJOCO_GL", "egl")

import numpy as np
from metaworld.env_dict import ALL_V3_ENVIRONMENTS

from ..client import environment
from ..client.description import Task
from ..client.perturbations import generator
from ..client.rendering import SmallImages
from ..client.views import projected, set_visible_poses, visible_poses
from . import perturbations


# The scene mounts this camera upside down and far away. It is turned and moved as LeRobot does, so that
# images look like those of its MetaWorld datasets.
CORNER = "corner2"
CORNER_POSITION = (0.75, 0.075, 0.7)


class Environment(environment.Environment):
    """A task whose scene and goal are sampled from the seed of every reset."""

    video_camera = CORNER

    def __init__(self, task: str, description: Task):
        super().__init__(task, description)
        self._env = ALL_V3_ENVIRONMENTS[task]()
        # Experts read the goal; the space that clips observations is cached and must be built with it.
        self._env._partially_observable = False
        self._env.__dict__.pop("sawyer_observation_space", None)
        # Without these, every reset repeats one frozen scene.
        self._env._freeze_rand_vec = False
        self._env.seeded_rand_vec = True
        self._env._set_task_called = True
        # The caller limits episodes.
        self._env.max_path_length = sys.maxsize
        self._env.model.camera(CORNER).pos = CORNER_POSITION
        self._scene = perturbations.Scene(self._env.model, self._env.data)
        self._sample_positions = self._env._get_state_rand_vec
        self._images = SmallImages(self._env.model)
        self.observation = None

    def reset(self, seed: int):
        """Samples the scene of `seed`, under `perturbation`."""
        if self._scene.restore():
            self._images.close()
        random = generator(self.perturbation or "", seed)
        space = self._env._random_reset_space
        self._env._get_state_rand_vec = self._sample_positions
        if self.perturbation == "positions":
            self._env._get_state_rand_vec = lambda: perturbations.positions(space.low, space.high, random)
        self._env.seed(seed)
        self.observation, _ = self._env.reset()
        match self.perturbation:
            case "light":
                self._scene.light(random)
            case "camera":
                self._scene.camera(random)
            case "texture":
                self._scene.texture(random)
                self._images.close()
            case "distractors":
                self._scene.add_distractors(random, *perturbations.DISTRACTOR_AREA)

    def step(self, action: np.ndarray) -> bool:
        """Moves for 12.5 ms; true when the task's own success criterion holds."""
        self.observation, _, _, _, information = self._env.step(np.clip(action, -1, 1))
        return information["success"] >= 1

    @property
    def state(self) -> np.ndarray:
        """Position of the end effector and gripper opening, float32 `[4]`."""
        return self.observation[:4].astype(np.float32)

    @property
    def environment_state(self) -> np.ndarray:
        """Positions of the end effector, up to two objects and the goal, in metres and in images: float32 `[28]`.

        Objects that a task does not have are at the origin.
        """
        points = self.observation[[0, 1, 2, 4, 5, 6, 11, 12, 13, 36, 37, 38]].reshape(4, 3)
        pixels = [self._projected(points, camera) for camera in self.description.robot.cameras]
        return np.concatenate([part.ravel() for part in [points, *pixels]]).astype(np.float32)

    def _projected(self, points: np.ndarray, camera: str) -> np.ndarray:
        """Positions of `points`, `[n, 3]`, in images of `camera`, as these are turned."""
        pose, angle = self._env.data.camera(camera), self._env.model.camera(camera).fovy[0]
        positions = projected(points, pose.xpos, pose.xmat.reshape(3, 3), angle)
        return -positions if camera == CORNER else positions

    @property
    def cameras(self) -> list[str]:
        """Names of the scene's cameras."""
        model = self._env.model
        return [model.camera(index).name for index in range(model.ncam)]

    def render(self, camera: str, height: int, width: int) -> np.ndarray:
        """An image of `camera`, uint8 `[height, width, 3]`."""
        image = self._images.image(self._env.data, camera, height, width, add=self._scene.draw)
        return np.ascontiguousarray(image[::-1, ::-1] if camera == CORNER else image)

    def snapshot(self):
        """Poses of everything that images show."""
        return visible_poses(self._env.data)

    def restore(self, snapshot):
        """Lets images show the poses of a snapshot."""
        set_visible_poses(self._env.data, snapshot)

    def close(self):
        """Frees the scene and its renderers."""
        self._images.close()
        self._env.close()
