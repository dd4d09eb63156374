"""gymnasium's legged bodies and their tasks: walk, run and turn.

Two of them hang in a harness that keeps the trunk upright, as legged robots do in a laboratory; legs and friction
do the rest.
"""

from ..client.description import Robot, Simulator, Task


def _robot(name: str, fps: float, *joints: str) -> Robot:
    angles = tuple(f"{joint}_angle" for joint in joints)
    speeds = tuple(f"{joint}_speed" for joint in joints)
    # Actions are torques, as fractions of the largest; radians, and radians a second divided by ten, in the state.
    return Robot(
        name, fps, ("height", "roll", "pitch") + angles + speeds, joints, noise_columns=tuple(range(len(joints)))
    )


# Joints in the order of the model's motors.
ANT = _robot(
    "ant",
    20,
    *("back_right_leg_hip", "back_right_leg_ankle", "front_left_leg_hip", "front_left_leg_ankle"),
    *("front_right_leg_hip", "front_right_leg_ankle", "back_left_leg_hip", "back_left_leg_ankle"),
)
CHEETAH = _robot(
    "half-cheetah",
    20,
    *("back_leg_thigh", "back_leg_shin", "back_leg_foot"),
    *("front_leg_thigh", "front_leg_shin", "front_leg_foot"),
)
WALKER = _robot(
    "walker2d",
    125,
    *("right_leg_thigh", "right_leg_shin", "right_leg_foot"),
    *("left_leg_thigh", "left_leg_shin", "left_leg_foot"),
)
HUMANOID = _robot(
    "humanoid",
    # Five physics steps of 3 ms to an action.
    1 / 0.015,
    *("abdomen_y", "abdomen_z", "abdomen_x"),
    *("right_leg_hip_x", "right_leg_hip_z", "right_leg_hip_y", "right_leg_knee"),
    *("left_leg_hip_x", "left_leg_hip_z", "left_leg_hip_y", "left_leg_knee"),
    *("right_arm_shoulder_1", "right_arm_shoulder_2", "right_arm_elbow"),
    *("left_arm_shoulder_1", "left_arm_shoulder_2", "left_arm_elbow"),
)

SIMULATOR = Simulator(
    "legged",
    {
        "ant-walk": Task("walk in the given direction", ANT, max_demonstration_steps=240),
        "ant-turn": Task("turn on the spot", ANT, max_demonstration_steps=240),
        "half-cheetah-run": Task("run forward", CHEETAH, max_demonstration_steps=240),
        "half-cheetah-back": Task("run backward", CHEETAH, max_demonstration_steps=240),
        "walker2d-walk": Task("walk forward", WALKER, max_demonstration_steps=900),
        "humanoid-walk": Task("walk forward", HUMANOID, max_demonstration_steps=600),
    },
)
