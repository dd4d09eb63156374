"""LIBERO's suites `libero_spatial`, `_object`, `_goal` and `_10`, with LIBERO's own names of tasks."""

from ..client.description import Robot, Simulator, Task

# LIBERO's own assets, and lighter ones for quick collection (`slim_assets.py`).
FULL, SLIM = "full", "slim"

CAMERAS = ("image", "wrist_image")
OBJECTS = ("hand", "object", "goal")

# As openpi's LIBERO client and LIBERO's public datasets have them: two cameras, eight numbers, seven actions.
PANDA = Robot(
    "panda-libero",
    fps=20,
    # Metres, a rotation vector, both fingers' positions in metres.
    state=("x", "y", "z", "rotation_x", "rotation_y", "rotation_z", "finger_1", "finger_2"),
    # In [-1, 1]: up to 5 cm and half a radian a step, in the world's frame; 1 closes the gripper.
    # Metres, and positions in the cameras' images, -1 to 1.
    environment_state=tuple(
        [f"{name}_{axis}" for name in OBJECTS for axis in "xyz"]
        + [f"{camera}_{name}_{axis}" for camera in CAMERAS for name in OBJECTS for axis in ("right", "down")]
    ),
    action=(
        *("delta_x", "delta_y", "delta_z", "delta_rotation_x", "delta_rotation_y", "delta_rotation_z"),
        "gripper",
    ),
    cameras=CAMERAS,
    image_key="observation/{camera}",
    image_size=224,
    noise_columns=(0, 1, 2),
)

SUITES = {
    "spatial": [
        f"pick_up_the_black_bowl_{position}_and_place_it_on_the_plate"
        for position in (
            *("between_the_plate_and_the_ramekin", "next_to_the_ramekin", "from_table_center", "on_the_cookie_box"),
            *("in_the_top_drawer_of_the_wooden_cabinet", "on_the_ramekin", "next_to_the_cookie_box", "on_the_stove"),
            *("next_to_the_plate", "on_the_wooden_cabinet"),
        )
    ],
    "object": [
        f"pick_up_the_{name}_and_place_it_in_the_basket"
        for name in (
            *("alphabet_soup", "cream_cheese", "salad_dressing", "bbq_sauce", "ketchup"),
            *("tomato_sauce", "butter", "milk", "chocolate_pudding", "orange_juice"),
        )
    ],
    "goal": [
        "open_the_middle_drawer_of_the_cabinet",
        "put_the_bowl_on_the_stove",
        "put_the_wine_bottle_on_top_of_the_cabinet",
        "open_the_top_drawer_and_put_the_bowl_inside",
        "put_the_bowl_on_top_of_the_cabinet",
        "push_the_plate_to_the_front_of_the_stove",
        "put_the_cream_cheese_in_the_bowl",
        "turn_on_the_stove",
        "put_the_bowl_on_the_plate",
        "put_the_wine_bottle_on_the_rack",
    ],
    "long": [
        "LIVING_ROOM_SCENE2_put_both_the_alphabet_soup_and_the_tomato_sauce_in_the_basket",
        "LIVING_ROOM_SCENE2_put_both_the_cream_cheese_box_and_the_butter_in_the_basket",
        "KITCHEN_SCENE3_turn_on_the_stove_and_put_the_moka_pot_on_it",
        "KITCHEN_SCENE4_put_the_black_bowl_in_the_bottom_drawer_of_the_cabinet_and_close_it",
        "LIVING_ROOM_SCENE5_put_the_white_mug_on_the_left_plate_and_put_the_yellow_and_white_mug_on_the_right_plate",
        "STUDY_SCENE1_pick_up_the_book_and_place_it_in_the_back_compartment_of_the_caddy",
        "LIVING_ROOM_SCENE6_put_the_white_mug_on_the_plate_and_put_the_chocolate_pudding_to_the_right_of_the_plate",
        "LIVING_ROOM_SCENE1_put_both_the_alphabet_soup_and_the_cream_cheese_box_in_the_basket",
        "KITCHEN_SCENE8_put_both_moka_pots_on_the_stove",
        "KITCHEN_SCENE6_put_the_yellow_and_white_mug_in_the_microwave_and_close_it",
    ],
}
# LIBERO's names of the suites.
FOLDERS = {"spatial": "libero_spatial", "object": "libero_object", "goal": "libero_goal", "long": "libero_10"}
SUITE_OF = {name: suite for suite, names in SUITES.items() for name in names}
# LIBERO-PRO's variants of every task (arXiv 2510.03827), by perturbation: the end of the name of its suite.
VARIANTS = {"pro-language": "_lan", "pro-object": "_object", "pro-swap": "_swap", "pro-task": "_task"}
# Step limits of an evaluation, as in openpi's LIBERO client.
MAX_STEPS = {"spatial": 220, "object": 280, "goal": 300, "long": 520}


def _instruction(name: str) -> str:
    """LIBERO's own rule: a name is its instruction, after that of its scene."""
    words = name.split("_")
    if name[0].isupper():
        scene = next(index for index, word in enumerate(words) if word.startswith("SCENE"))
        words = words[scene + 1 :]
    return " ".join(words)


SIMULATOR = Simulator(
    "LIBERO",
    {
        name: Task(
            _instruction(name),
            PANDA,
            max_demonstration_steps=900 if suite == "long" else 500,
            max_steps=MAX_STEPS[suite],
            group=suite,
        )
        for name, suite in SUITE_OF.items()
    },
    groups=tuple(SUITES),
    own_perturbations=("light", "camera", "texture", "distractors", *VARIANTS),
    assets=(FULL, SLIM),
)
