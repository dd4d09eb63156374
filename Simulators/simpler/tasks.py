"""The four tasks of SIMPLER's WidowX benchmark, with SimplerEnv's names and instructions."""

from ..client.description import Robot, Simulator, Task

CAMERA = "image"
OBJECTS = ("hand", "object", "goal")

# As policies of the Bridge data know it: one camera, seven numbers, seven actions.
WIDOWX = Robot(
    "widowx-bridge",
    fps=5,
    # In the base's frame: metres; Euler angles about its fixed axes, zero for a hand that looks down; 0 closed, 1 open.
    state=("x", "y", "z", "roll", "pitch", "yaw", "gripper"),
    # In the base's frame: metres, and the object's heading; positions in the camera's image, -1 to 1.
    environment_state=tuple(
        [f"{name}_{axis}" for name in OBJECTS for axis in "xyz"]
        + ["object_cosine", "object_sine"]
        + [f"{CAMERA}_{name}_{axis}" for name in OBJECTS for axis in ("right", "down")]
    ),
    # Metres and radians a step, in the base's frame; above 0 the gripper opens, else it closes.
    action=(
        *("delta_x", "delta_y", "delta_z", "delta_rotation_x", "delta_rotation_y", "delta_rotation_z"),
        "gripper",
    ),
    cameras=(CAMERA,),
    image_key="observation/{camera}",
    image_size=224,
    noise_columns=(0, 1, 2),
    noise_unit=0.03,
)

# ManiSkill's names.
SCENES = {
    "widowx_spoon_on_towel": "PutSpoonOnTableClothInScene-v1",
    "widowx_carrot_on_plate": "PutCarrotOnPlateInScene-v1",
    "widowx_stack_cube": "StackGreenCubeOnYellowCubeBakedTexInScene-v1",
    "widowx_put_eggplant_in_basket": "PutEggplantInBasketScene-v1",
}
INSTRUCTIONS = {
    "widowx_spoon_on_towel": "put the spoon on the towel",
    "widowx_carrot_on_plate": "put carrot on plate",
    "widowx_stack_cube": "stack the green block on the yellow block",
    "widowx_put_eggplant_in_basket": "put eggplant into yellow basket",
}

SIMULATOR = Simulator(
    "SIMPLER",
    {
        name: Task(
            INSTRUCTIONS[name],
            WIDOWX,
            max_demonstration_steps=150,
            # SimplerEnv's limits.
            max_steps=120 if name == "widowx_put_eggplant_in_basket" else 60,
            # The benchmark's conditions hold before the gripper has let go.
            steps_after_success=12,
            counts_last_step=True,
        )
        for name in SCENES
    },
)
