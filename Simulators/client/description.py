"""Descriptions of simulators: tasks, their instructions, and the robot that each needs."""

import difflib
from dataclasses import dataclass

# Perturbations of every simulator: noise on actions, and old observations.
ACTIONS = "actions"
DELAY = "delay"
COMMON = (ACTIONS, DELAY)


@dataclass(frozen=True)
class Robot:
    """A robot and its action space. One dataset holds one robot."""

    name: str
    # Control steps a second.
    fps: float
    # Names of columns; `ActionSpace(columnNames:)` in Sources/RobotTypes makes groups of the action's.
    state: tuple[str, ...]
    action: tuple[str, ...]
    # Columns of object poses, which a policy has to find in images; recorded, never observed.
    environment_state: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    # Key and size of a camera's images, for servers whose metadata do not say what they want.
    image_key: str = "observation/images/{camera}"
    image_size: int = 96
    # Columns of an action that noise is added to (`--noise`, the perturbation `actions`); never a gripper's.
    noise_columns: tuple[int, ...] = ()
    # What noise of 1 moves, in the action's units: a large motion of one step.
    noise_unit: float = 1.0

    def to_dict(self) -> dict:
        """The entry that `describe` prints."""
        return {
            "fps": self.fps,
            "cameras": self.cameras,
            "state": self.state,
            "environment_state": self.environment_state,
            "action": self.action,
        }


@dataclass(frozen=True)
class Task:
    """A task and the robot that does it."""

    instruction: str
    robot: Robot
    # Step limit of a demonstration.
    max_demonstration_steps: int = 500
    # Step limit of an evaluation in the benchmark's protocol, where it has one.
    max_steps: int | None = None
    # Steps by which a demonstration continues after the success, so that its last chunks show how the task ends.
    steps_after_success: int = 5
    # True where the benchmark also asks whether the task is done at the last step: an evaluation goes on to its limit.
    counts_last_step: bool = False
    # One of the simulator's groups, for example of difficulty.
    group: str | None = None

    def to_dict(self) -> dict:
        """The entry that `describe` prints."""
        result = {"instruction": self.instruction, "robot": self.robot.name}
        return result if self.group is None else result | {"group": self.group}


class UnknownName(ValueError):
    """A name that a simulator does not have."""


@dataclass(frozen=True)
class Simulator:
    """A simulator's name, tasks and perturbations."""

    name: str
    tasks: dict[str, Task]
    # Names of the tasks' groups, in the order of reports.
    groups: tuple[str, ...] = ()
    # Names of perturbations of its scenes, beside those of every simulator.
    own_perturbations: tuple[str, ...] = ()
    # Names of its sets of meshes and textures, the benchmark's own first, where there are several.
    assets: tuple[str, ...] = ()

    def task(self, name: str) -> Task:
        """The task called `name`; raises `UnknownName`."""
        if name not in self.tasks:
            nearest = difflib.get_close_matches(name, self.tasks, n=1, cutoff=0.0)[0]
            raise UnknownName(
                f"unknown {self.name} task '{name}': did you mean '{nearest}'? "
                f"The tasks are {', '.join(self.tasks)}"
            )
        return self.tasks[name]

    @property
    def perturbations(self) -> tuple[str, ...]:
        """Names of all perturbations."""
        return (*self.own_perturbations, *COMMON)

    def perturbation(self, name: str) -> str:
        """`name`, if a perturbation has it; raises `UnknownName`."""
        if name not in self.perturbations:
            known = ", ".join(self.perturbations)
            raise UnknownName(f"unknown {self.name} perturbation '{name}'; the perturbations are {known}")
        return name

    def asset_set(self, name: str | None) -> str:
        """`name`, if a set of assets has it, or the benchmark's own for None; raises `UnknownName`."""
        if name is not None and name not in self.assets:
            raise UnknownName(f"unknown {self.name} assets '{name}'; the sets are {', '.join(self.assets)}")
        return name or self.assets[0]

    def to_dict(self) -> dict:
        """The object that `describe` prints."""
        robots = {task.robot.name: task.robot.to_dict() for task in self.tasks.values()}
        tasks = {name: task.to_dict() for name, task in self.tasks.items()}
        result = {"robots": robots, "tasks": tasks, "perturbations": self.perturbations}
        optional = {"groups": self.groups, "assets": self.assets}
        return result | {key: names for key, names in optional.items() if names}
