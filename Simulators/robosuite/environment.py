"""A robosuite task, commanded as its robot's description says."""

import logging
import os
import warnings
from functools import cached_property

import numpy as np

os.environ.setdefault("MUJOCO_GL", "egl")
warnings.simplefilter("ignore")

import mujoco
import robosuite
from robosuite.controllers import load_composite_controller_config, load_part_controller_config
from robosuite.controllers.parts.generic.joint_vel import JointVelocityController

from ..client import environment
from ..client.description import Task
from ..client.pose_control import rotation_vector
from ..client.rendering import SmallImages
from ..client.views import projected, set_visible_poses, visible_poses
from .tasks import SIMULATOR

logging.getLogger("robosuite_logs").setLevel(logging.ERROR)

# robosuite's names of environments and robots.
SCENES = {
    "lift": ("Lift", ["Panda"]),
    "stack": ("Stack", ["Panda"]),
    "door": ("Door", ["Panda"]),
    "wipe": ("Wipe", ["Panda"]),
    "two-arm-lift": ("TwoArmLift", ["Panda", "Panda"]),
    # The cube stays where it is.
    "humanoid-reach": ("Lift", ["GR1ArmsOnly"]),
    "humanoid-carry": ("Lift", ["GR1ArmsOnly"]),
}
# robosuite's names of cameras.
CAMERAS = {"agentview": "agentview", "right_eye_in_hand": "robot0_eye_in_hand", "left_eye_in_hand": "robot1_eye_in_hand"}
# Largest commands of the controllers of joints: radians, radians a second.
LARGEST_STEP = 0.1
LARGEST_SPEED = 1.0
# Distance at which a hand counts as being at a goal, metres.
GOAL_RADIUS = 0.025


class _Torques(np.ndarray):
    """Torques that are true, since robosuite 1.5.2 asks that of an array."""

    def __bool__(self):
        return True


# robosuite 1.5.2 assigns a flag to this property of its base class, and fails.
JointVelocityController.torque_compensation = property(
    lambda self: self.sim.data.qfrc_bias[self.qvel_index].view(_Torques), lambda self, value: None
)


class Environment(environment.Environment):
    """A scene sampled from the seed of every reset, and the hands of its robots."""

    def __init__(self, task: str, description: Task):
        super().__init__(task, description)
        # `lift-joint-velocity` is `lift` under another controller.
        self.scene, _, self.controller = task.partition("-joint-")
        name, robots = SCENES[self.scene]
        self.raw = robosuite.make(
            name,
            robots=robots,
            controller_configs=_controllers(robots[0], self.controller),
            has_renderer=False,
            has_offscreen_renderer=False,
            use_camera_obs=False,
            use_object_obs=False,
            control_freq=description.robot.fps,
            ignore_done=True,
            horizon=1_000_000,
            hard_reset=False,
            seed=0,
            **({"env_configuration": "opposed"} if len(robots) > 1 else {}),
        )
        self.hands = [
            Hand(self.raw, robot, arm) for robot in self.raw.robots for arm in robot.arms
        ]
        self._model, self._data = self.raw.sim.model._model, self.raw.sim.data._data
        options = mujoco.MjvOption()
        # Visual geometry only.
        options.geomgroup[0] = 0
        self._images = SmallImages(self._model, options)
        if description.robot.cameras:
            self.video_camera = description.robot.cameras[0]

    @cached_property
    def twin(self) -> "Environment":
        """The same scene, commanded by the hand's pose."""
        return Environment(self.scene, SIMULATOR.tasks[self.scene])

    def reset(self, seed: int):
        """Samples the scene that belongs to `seed`."""
        self.seed = seed
        # All of robosuite's samplers share this generator.
        self.raw.rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        self.raw.reset()
        self.goals = self._goals(np.random.default_rng(seed))

    def step(self, action: np.ndarray) -> bool:
        """Moves for 50 ms; true when robosuite's criterion holds, or no goal is left."""
        self.raw.step(np.clip(action, -1, 1).astype(np.float64))
        if not self.scene.startswith("humanoid"):
            return bool(self.raw._check_success())
        if self.goals and all(
            np.linalg.norm(hand.position - goal) < GOAL_RADIUS for hand, goal in zip(self.hands, self.goals[0])
        ):
            self.goals.pop(0)
        return not self.goals

    def _goals(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Goals of a humanoid's hands, one after the other, metres, each `[hands, 3]`."""
        if not self.scene.startswith("humanoid"):
            return []
        start = np.array([hand.position for hand in self.hands])
        goals = []
        for _ in range(generator.integers(2, 5)):
            if self.scene == "humanoid-reach":
                goals.append(start + generator.uniform(-0.15, 0.2, start.shape) * [0.7, 0.8, 1])
            else:
                middle = start.mean(0) + generator.uniform([0.0, -0.12, -0.05], [0.15, 0.12, 0.2])
                width = generator.uniform(0.16, 0.2) if not goals else abs(goals[0][0, 1] - goals[0][1, 1]) / 2
                goals.append(middle + np.array([[0, -width, 0], [0, width, 0]]))
        return goals

    @property
    def state(self) -> np.ndarray:
        """Position, rotation vector, joint angles and gripper opening of every hand; float32."""
        return np.concatenate([hand.state for hand in self.hands]).astype(np.float32)

    @property
    def environment_state(self) -> np.ndarray:
        """Positions of both hands and of the pot's handles, in metres and in images: float32 `[36]`."""
        points = np.stack([*(hand.position for hand in self.hands), self.raw._handle0_xpos, self.raw._handle1_xpos])
        views = [self._positions_in_image(points, CAMERAS[camera]) for camera in self.description.robot.cameras]
        return np.concatenate([part.ravel() for part in (points, *views)]).astype(np.float32)

    def _positions_in_image(self, points: np.ndarray, camera: str) -> np.ndarray:
        pose, angle = self._data.camera(camera), self._model.camera(camera).fovy[0]
        return projected(points, pose.xpos, pose.xmat.reshape(3, 3), angle)

    def render(self, camera: str, height: int, width: int) -> np.ndarray:
        """An image of `camera`, uint8 `[height, width, 3]`."""
        if not self.description.robot.cameras:
            return super().render(camera, height, width)
        return self._images.image(self._data, CAMERAS[camera], height, width)

    def snapshot(self):
        """Poses of everything that images show."""
        return visible_poses(self._data)

    def restore(self, snapshot):
        """Lets images show the poses of a snapshot."""
        set_visible_poses(self._data, snapshot)

    def position(self, body: str) -> np.ndarray:
        """Position of a body, metres, `[3]`."""
        return self.raw.sim.data.body_xpos[self.raw.sim.model.body_name2id(body)].copy()

    def rotation(self, body: str) -> np.ndarray:
        """Rotation of a body, `[3, 3]`."""
        return self.raw.sim.data.body_xmat[self.raw.sim.model.body_name2id(body)].reshape(3, 3).copy()

    def close(self):
        """Frees the scene, and the twin's."""
        if "twin" in self.__dict__:
            self.twin.close()
        self._images.close()
        self.raw.close()


class Hand:
    """The end effector of an arm."""

    def __init__(self, raw, robot, arm: str):
        self._raw, self._robot, self._arm = raw, robot, arm

    @property
    def position(self) -> np.ndarray:
        """Between the fingers, metres, `[3]`."""
        return self._raw.sim.data.site_xpos[self._robot.eef_site_id[self._arm]].copy()

    @property
    def rotation(self) -> np.ndarray:
        """`[3, 3]`; the third column looks out of the hand, the first is the way the fingers open."""
        return self._raw.sim.data.site_xmat[self._robot.eef_site_id[self._arm]].reshape(3, 3).copy()

    @property
    def base(self) -> np.ndarray:
        """Rotation of the robot's base, in whose frame commands are, `[3, 3]`."""
        return self._raw.sim.data.get_body_xmat(self._robot.robot_model.root_body).copy()

    @property
    def joints(self) -> np.ndarray:
        """Angles of the arm, radians."""
        return self._raw.sim.data.qpos[self._indexes(self._robot._ref_arm_joint_pos_indexes)].copy()

    @property
    def speeds(self) -> np.ndarray:
        """Velocities of the arm's joints, radians a second."""
        return self._raw.sim.data.qvel[self._indexes(self._robot._ref_arm_joint_vel_indexes)].copy()

    @property
    def state(self) -> np.ndarray:
        """Position, rotation vector, joint angles and gripper opening."""
        fingers = self._raw.sim.data.qpos[self._robot._ref_gripper_joint_pos_indexes[self._arm]]
        grip = [np.abs(fingers).sum()] if len(fingers) else []
        return np.concatenate([self.position, rotation_vector(self.rotation), self.joints, grip])

    def _indexes(self, all_arms: list[int]) -> list[int]:
        count = len(all_arms) // len(self._robot.arms)
        first = list(self._robot.arms).index(self._arm) * count
        return list(all_arms[first : first + count])


def _controllers(robot: str, controller: str) -> dict:
    """robosuite's own controller of the hand's pose, or of the joints with limits that fit the same motions."""
    # The humanoid's own would need a solver that the wheel lacks.
    result = load_composite_controller_config(robot=robot, controller="BASIC" if robot.startswith("GR1") else None)
    if controller:
        part = load_part_controller_config(default_controller=f"JOINT_{controller.upper()}")
        limit, gain = (LARGEST_STEP, 150) if controller == "position" else (LARGEST_SPEED, 3.0)
        part |= {"output_max": limit, "output_min": -limit, "kp": gain}
        for arm in result["body_parts"].values():
            arm.pop("input_ref_frame", None)
            arm |= part | {"gripper": {"type": "GRIP"}}
    return result
