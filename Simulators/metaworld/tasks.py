"""MetaWorld's 50 tasks with their instructions, and its robot."""

from ..client.description import Robot, Simulator, Task


CAMERAS = ("corner2", "gripperPOV")
OBJECTS = ("hand", "first", "second", "goal")

ROBOT = Robot(
    name="sawyer",
    # Physics steps of 2.5 ms, five to an action.
    fps=80,
    cameras=CAMERAS,
    # Metres, and the gripper's opening in [0, 1].
    state=("x", "y", "z", "gripper"),
    # Metres, as in MetaWorld's own observation, and projections into the cameras' images, -1 to 1.
    environment_state=tuple(
        [f"{name}_{axis}" for name in OBJECTS for axis in "xyz"]
        + [f"{camera}_{name}_{axis}" for camera in CAMERAS for name in OBJECTS for axis in ("right", "down")]
    ),
    # In [-1, 1]: a fraction of 1 cm a step, and the gripper's effort, positive to close.
    action=("delta_x", "delta_y", "delta_z", "gripper"),
    noise_columns=(0, 1, 2),
)

INSTRUCTIONS = {
    "assembly-v3": "put the ring on the peg",
    "basketball-v3": "drop the ball into the basket",
    "bin-picking-v3": "move the block to the other bin",
    "box-close-v3": "put the lid on the box",
    "button-press-topdown-v3": "press the button from above",
    "button-press-topdown-wall-v3": "press the button from above, behind the wall",
    "button-press-v3": "press the button",
    "button-press-wall-v3": "press the button behind the wall",
    "coffee-button-v3": "press the button of the coffee machine",
    "coffee-pull-v3": "pull the mug away from the coffee machine",
    "coffee-push-v3": "push the mug under the coffee machine",
    "dial-turn-v3": "turn the dial",
    "disassemble-v3": "take the ring off the peg",
    "door-close-v3": "close the door",
    "door-lock-v3": "lock the door",
    "door-open-v3": "open the door",
    "door-unlock-v3": "unlock the door",
    "drawer-close-v3": "close the drawer",
    "drawer-open-v3": "open the drawer",
    "faucet-close-v3": "close the faucet",
    "faucet-open-v3": "open the faucet",
    "hammer-v3": "hammer the nail",
    "hand-insert-v3": "insert the hand into the hole",
    "handle-press-side-v3": "press the handle down from the side",
    "handle-press-v3": "press the handle down",
    "handle-pull-side-v3": "pull the handle up from the side",
    "handle-pull-v3": "pull the handle up",
    "lever-pull-v3": "pull the lever",
    "peg-insert-side-v3": "insert the peg into the side of the box",
    "peg-unplug-side-v3": "pull the peg out of the box",
    "pick-out-of-hole-v3": "take the block out of the hole",
    "pick-place-v3": "pick up the block and hold it at the goal",
    "pick-place-wall-v3": "lift the block over the wall to the goal",
    "plate-slide-back-side-v3": "slide the plate out of the goal to the side",
    "plate-slide-back-v3": "slide the plate out of the goal",
    "plate-slide-side-v3": "slide the plate into the goal at the side",
    "plate-slide-v3": "slide the plate into the goal",
    "push-back-v3": "push the block back to the goal",
    "push-v3": "push the block to the goal",
    "push-wall-v3": "push the block around the wall to the goal",
    "reach-v3": "reach the goal",
    "reach-wall-v3": "reach the goal behind the wall",
    "shelf-place-v3": "put the block on the shelf",
    "soccer-v3": "kick the ball into the goal",
    "stick-pull-v3": "pull the mug with the stick",
    "stick-push-v3": "push the mug with the stick",
    "sweep-into-v3": "sweep the block into the hole",
    "sweep-v3": "sweep the block off the table",
    "window-close-v3": "close the window",
    "window-open-v3": "open the window",
}

# Tasks by difficulty; the other 28 are easy.
# Source: Seo et al., "Masked World Models for Visual Control" (https://arxiv.org/abs/2206.14244), appendix; SmolVLA and
# LeRobot report success by it.
HARDER = {
    "medium": (
        "basketball-v3",
        "bin-picking-v3",
        "box-close-v3",
        "coffee-pull-v3",
        "coffee-push-v3",
        "hammer-v3",
        "peg-insert-side-v3",
        "push-wall-v3",
        "soccer-v3",
        "sweep-into-v3",
        "sweep-v3",
    ),
    "hard": (
        "assembly-v3",
        "hand-insert-v3",
        "pick-out-of-hole-v3",
        "pick-place-v3",
        "push-back-v3",
        "push-v3",
    ),
    "very hard": (
        "disassemble-v3",
        "pick-place-wall-v3",
        "shelf-place-v3",
        "stick-pull-v3",
        "stick-push-v3",
    ),
}
DIFFICULTIES = {name: difficulty for difficulty, names in HARDER.items() for name in names}

# MetaWorld itself ends an episode after 500 steps.
SIMULATOR = Simulator(
    "MetaWorld",
    {
        name: Task(instruction, ROBOT, max_demonstration_steps=500, group=DIFFICULTIES.get(name, "easy"))
        for name, instruction in INSTRUCTIONS.items()
    },
    groups=("easy", *HARDER),
    own_perturbations=("light", "camera", "texture", "distractors", "positions"),
)
