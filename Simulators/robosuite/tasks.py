"""robosuite's tasks that have an expert here, for one arm, two arms and the upper body of a humanoid.

A task's name has the controller where it does not command the pose of the hand: `lift`, `lift-joint-position`,
`lift-joint-velocity` are one motion, commanded in three ways.
"""

from dataclasses import replace

from ..client.description import Robot, Simulator, Task


FPS = 20


def _hand(prefix: str = "", *grips: str) -> tuple[str, ...]:
    """Columns of an action that moves a hand: 5 cm and half a radian a step at most, then the grip."""
    moves = [f"{prefix}{kind}_{axis}" for kind in ("delta", "delta_rotation") for axis in "xyz"]
    return (*moves, *(f"{prefix}{grip}" for grip in grips))


def _state(prefix: str = "", joints: int = 7, grips: int = 1) -> tuple[str, ...]:
    """Columns of a state: position of the hand in metres, its rotation vector, joint angles, gripper opening."""
    pose = [f"{prefix}{kind}{axis}" for kind in ("", "rotation_") for axis in "xyz"]
    angles = [f"{prefix}joint_{index}" for index in range(1, joints + 1)]
    return (*pose, *angles, *(f"{prefix}grip_{index}" for index in range(1, grips + 1)))


def _views(objects: tuple[str, ...], *cameras: str) -> dict[str, tuple[str, ...]]:
    """Cameras, and columns of object poses: metres, then positions in every camera's image, -1 to 1."""
    metres = [f"{name}_{axis}" for name in objects for axis in "xyz"]
    pixels = [f"{camera}_{name}_{axis}" for camera in cameras for name in objects for axis in ("right", "down")]
    return {"cameras": cameras, "environment_state": (*metres, *pixels)}


JOINTS = tuple(f"joint_{index}" for index in range(1, 8))
PANDA = Robot("panda-pose", FPS, _state(), _hand("", "gripper"), noise_columns=(0, 1, 2))
# The same arm with robosuite's controllers of joints: a tenth of a radian a step, or a radian a second, at most.
PANDA_POSITION = replace(
    PANDA,
    name="panda-joint-position",
    action=(*(f"{joint}_delta" for joint in JOINTS), "gripper"),
    noise_columns=tuple(range(7)),
)
PANDA_VELOCITY = replace(
    PANDA_POSITION, name="panda-joint-velocity", action=(*(f"{joint}_velocity" for joint in JOINTS), "gripper")
)
# A sponge instead of the gripper.
PANDA_WIPER = Robot("panda-wiper-pose", FPS, _state(grips=0), _hand(), noise_columns=(0, 1))
TWO_PANDAS = Robot(
    "two-pandas-pose",
    FPS,
    (*_state("right_arm_"), *_state("left_arm_")),
    (*_hand("right_arm_", "gripper"), *_hand("left_arm_", "gripper")),
    noise_columns=(0, 1, 2, 7, 8, 9),
    **_views(
        ("right_hand", "left_hand", "green_handle", "blue_handle"), "agentview", "right_eye_in_hand", "left_eye_in_hand"
    ),
)
# A humanoid's upper body: both hands, and the six finger actuators of each.
GR1 = Robot(
    "gr1-arms-pose",
    FPS,
    (*_state("right_arm_"), *_state("left_arm_")),
    (
        *(*_hand("right_arm_"), *_hand("left_arm_")),
        *(f"{side}_hand_finger_{index}" for side in ("right", "left") for index in range(1, 7)),
    ),
    noise_columns=(0, 1, 2, 6, 7, 8),
)

TASKS = {
    "lift": Task("lift the cube", PANDA, max_demonstration_steps=250),
    "stack": Task("put the red cube on the green cube", PANDA, max_demonstration_steps=300),
    "door": Task("open the door", PANDA, max_demonstration_steps=300),
    "wipe": Task("wipe the table", PANDA_WIPER, max_demonstration_steps=500),
    "two-arm-lift": Task("lift the pot with both arms", TWO_PANDAS, max_demonstration_steps=300),
}
TASKS |= {
    "humanoid-reach": Task("bring each hand to its places", GR1, max_demonstration_steps=300),
    "humanoid-carry": Task("carry something wide with both hands", GR1, max_demonstration_steps=300),
}
TASKS |= {
    f"{name}-joint-{kind}": replace(TASKS[name], robot=robot)
    for kind, robot in (("position", PANDA_POSITION), ("velocity", PANDA_VELOCITY))
    for name in ("lift", "stack", "door")
}

SIMULATOR = Simulator("robosuite", TASKS)
