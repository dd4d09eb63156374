"""LIBERO's suites `libero_object` and `libero_spatial`, with LIBERO's own names of tasks."""

from ..client.description import Robot, Simulator, Task


PANDA = Robot(
    "panda-libero",
    fps=20,
    # Metres, a rotation vector, radians, metres.
    state=(
        *("x", "y", "z", "rotation_x", "rotation_y", "rotation_z"),
        *(f"joint_{index}" for index in range(1, 8)),
        "grip_1",
    ),
    # In [-1, 1]: up to 5 cm and half a radian a step, in the world's frame; 1 closes the gripper.
    action=(
        *("delta_x", "delta_y", "delta_z", "delta_rotation_x", "delta_rotation_y", "delta_rotation_z"),
        "gripper",
    ),
    noise_columns=(0, 1, 2),
)

OBJECTS = (
    *("alphabet_soup", "bbq_sauce", "butter", "chocolate_pudding", "cream_cheese"),
    *("ketchup", "milk", "orange_juice", "salad_dressing", "tomato_sauce"),
)
POSITIONS = (
    *("between_the_plate_and_the_ramekin", "from_table_center", "in_the_top_drawer_of_the_wooden_cabinet"),
    *("next_to_the_cookie_box", "next_to_the_plate", "next_to_the_ramekin", "on_the_cookie_box"),
    *("on_the_ramekin", "on_the_stove", "on_the_wooden_cabinet"),
)
SUITES = {
    "libero_object": [f"pick_up_the_{name}_and_place_it_in_the_basket" for name in OBJECTS],
    "libero_spatial": [f"pick_up_the_black_bowl_{position}_and_place_it_on_the_plate" for position in POSITIONS],
}
SUITE_OF = {name: suite for suite, names in SUITES.items() for name in names}

SIMULATOR = Simulator("LIBERO", {name: Task(name.replace("_", " "), PANDA, max_demonstration_steps=400) for name in SUITE_OF})
