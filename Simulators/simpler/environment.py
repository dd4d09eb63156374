"""A WidowX task of ManiSkill: new scenes for demonstrations, the benchmark's own for evaluations."""

import numpy as np
import sapien
import torch
from PIL import Image
from transforms3d.euler import mat2euler
from transforms3d.quaternions import quat2mat

from ..client import environment
from ..client.description import Task
from . import benchmark, layouts
from .tasks import SCENES

# Seeds from here on belong to evaluations, which take the benchmark's layouts in their order.
FIRST_EVALUATION = 1_000_000
# Rotation of a hand that looks down: the Bridge data's rotations are relative to it.
DOWN = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
# Objects that move farther before they rest, metres, are not where the layout has them.
LARGEST_MOVE = 0.03
# Positions of a finger, metres: closed and open.
CLOSED, OPEN = 0.015, 0.037


class Environment(environment.Environment):
    """A scene, its arm and its objects; positions and rotations are in the frame of the arm's base."""

    video_camera = "image"

    def __init__(self, task: str, description: Task):
        super().__init__(task, description)
        self.raw = benchmark.make(SCENES[task])
        self._layouts = [np.asarray(part, float) for part in (self.raw.xyz_configs, self.raw.quat_configs)]
        self._background = np.asarray(self.raw._rgb_overlay_images[benchmark.CAMERA])
        self.solved = False

    def reset(self, seed: int):
        """Places the objects as the benchmark does for an evaluation's seed, or else as no layout of it does."""
        if seed >= FIRST_EVALUATION:
            self._place(layouts.benchmark(*self._layouts)[(seed - FIRST_EVALUATION) % layouts.BENCHMARK])
            return
        generator = np.random.default_rng(seed)
        layout = layouts.sampled(*self._layouts, generator)
        # An object that begins within the sink's wall flies out of it.
        while not self._place(layout):
            layout = layouts.sampled(*self._layouts, generator)

    def _place(self, layout: layouts.Layout) -> bool:
        """Lets the objects of a new scene fall into place; true if they come to rest there, with the task still to be done."""
        self.raw.xyz_configs, self.raw.quat_configs = (torch.tensor(part[None], dtype=torch.float32) for part in layout)
        # Contacts that the physics remember from the episode before would change this one.
        _, info = self.raw.reset(seed=0, options={"episode_id": torch.tensor([0]), "reconfigure": True})
        self._camera = self.raw._sensors[benchmark.CAMERA]
        self._shown = np.asarray(self.raw._segmentation_ids_to_keep)
        self._arm = self.raw.agent.controller.controllers["arm"]
        robot = self.raw.agent.robot
        self._robot = robot._objs[0]
        self._base, self._hand = (robot.links_map[name]._objs[0].entity for name in ("base_link", "ee_gripper_link"))
        self._objects = [self.raw.objs[name]._objs[0] for name in (self.raw.source_obj_name, self.raw.target_obj_name)]
        self._parts = [_vertices(entity) for entity in self._objects]
        self.solved = bool(info["success"][0])
        moved = [entity.pose.p[:2] - place[:2] for entity, place in zip(self._objects, layout.positions)]
        return not self.solved and np.linalg.norm(moved, axis=1).max() < LARGEST_MOVE

    def step(self, action: np.ndarray) -> bool:
        """Moves for 0.2 s; true when the benchmark's condition holds."""
        command = np.clip(action, -1, 1).astype(np.float32)
        # SimplerEnv's policies open or close the gripper, and nothing between.
        command[6] = 1.0 if action[6] > 0 else -1.0
        *_, info = self.raw.step(command)
        self.solved = bool(info["success"][0])
        return self.solved

    @property
    def hand(self) -> tuple[np.ndarray, np.ndarray]:
        """Position, metres, `[3]`, and rotation, `[3, 3]`, of the hand, whose x looks out of it, and whose y is the way the fingers open."""
        pose = self._base.pose.inv() * self._hand.pose
        return np.asarray(pose.p, float), quat2mat(pose.q)

    @property
    def target(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the controller leads the hand: the pose that actions move."""
        pose = self._arm._target_pose.raw_pose[0].numpy().astype(float)
        return pose[:3], quat2mat(pose[3:])

    @property
    def places(self) -> np.ndarray:
        """Positions of the object and of its goal, metres, `[2, 3]`."""
        return np.stack([(self._base.pose.inv() * entity.pose).p for entity in self._objects]).astype(float)

    @property
    def is_held(self) -> bool:
        """True if both fingers press on the object."""
        return bool(self.raw.agent.is_grasping(self.raw.objs[self.raw.source_obj_name])[0])

    def outline(self, index: int) -> np.ndarray:
        """Corners of the collision geometry of the object, 0, or of its goal, 1, metres, `[corners, 3]`."""
        pose = (self._base.pose.inv() * self._objects[index].pose).to_transformation_matrix()
        return self._parts[index] @ pose[:3, :3].T + pose[:3, 3]

    @property
    def state(self) -> np.ndarray:
        """Position of the hand, its Euler angles from looking down, and the gripper's opening: float32 `[7]`."""
        position, rotation = self.hand
        opening = (self._robot.qpos[-2:].mean() - CLOSED) / (OPEN - CLOSED)
        return np.array([*position, *mat2euler(rotation @ DOWN.T), opening], np.float32)

    @property
    def environment_state(self) -> np.ndarray:
        """Positions of the hand, of the object and of its goal, in metres; the object's heading; the positions in the image: float32 `[17]`."""
        points = np.stack([self.hand[0], *self.places])
        return np.concatenate([points.ravel(), self._heading, self._in_image(points).ravel()]).astype(np.float32)

    @property
    def _heading(self) -> np.ndarray:
        """Cosine and sine of the angle by which the object is turned about the vertical, `[2]`; both 0 while its x axis stands upright."""
        ahead = quat2mat((self._base.pose.inv() * self._objects[0].pose).q)[:2, 0]
        length = np.linalg.norm(ahead)
        return ahead / length if length > 0.1 else np.zeros(2)

    def _in_image(self, points: np.ndarray) -> np.ndarray:
        """Where the image shows `points`: right and down, -1 to 1 from edge to edge, `[n, 2]`."""
        config = self._camera.config
        # SAPIEN's cameras look along x, with y to the left and z up.
        pose = config.pose.sp.inv().to_transformation_matrix()
        ahead, left, up = (points @ pose[:3, :3].T + pose[:3, 3]).T
        matrix = np.asarray(config.intrinsic).reshape(3, 3)
        pixels = np.stack([-left, -up, ahead], axis=1) @ matrix.T
        pixels = pixels[:, :2] / np.maximum(ahead, 1e-3)[:, None]
        return np.clip(2 * pixels / (config.width, config.height) - 1, -2, 2)

    def snapshot(self):
        """Positions of the joints, and poses of the objects."""
        return self._robot.qpos, [entity.pose for entity in self._objects]

    def restore(self, snapshot):
        """Lets images show a snapshot; the physics do not go on from it."""
        joints, poses = snapshot
        self._robot.qpos = joints
        for entity, pose in zip(self._objects, poses):
            entity.pose = pose

    def picture(self) -> np.ndarray:
        """The benchmark's picture: robot and objects on a photograph, uint8 `[480, 640, 3]`."""
        self.raw.scene.update_render(update_sensors=True, update_human_render_cameras=False)
        self._camera.capture()
        seen = self._camera.get_obs(rgb=True, depth=False, segmentation=True, position=False)
        rendered, shown = seen["rgb"][0].numpy(), np.isin(seen["segmentation"][0].numpy(), self._shown)
        return np.where(shown, rendered, self._background).astype(np.uint8)

    def render(self, camera: str, height: int, width: int) -> np.ndarray:
        """The benchmark's picture, scaled as the Bridge data are, whatever its proportions."""
        return np.asarray(Image.fromarray(self.picture()).resize((width, height), Image.LANCZOS))

    def close(self):
        """Frees the scene."""
        self.raw.close()


def _vertices(entity) -> np.ndarray:
    """Corners of an object's collision geometry in its own frame, metres, `[corners, 3]`."""
    body = entity.find_component_by_type(sapien.physx.PhysxRigidDynamicComponent)
    corners = []
    for shape in body.collision_shapes:
        pose = shape.local_pose.to_transformation_matrix()
        corners.append(np.asarray(shape.vertices) * shape.scale @ pose[:3, :3].T + pose[:3, 3])
    return np.concatenate(corners)
