"""What a simulator offers: tasks, the words a policy is given for them, and the robot that each needs."""

import difflib
from dataclasses import dataclass

# Perturbations that need nothing of a simulator: noise on actions, and observations of some time ago.
ACTIONS = "actions"
DELAY = "delay"
COMMON = (ACTIONS, DELAY)


@dataclass(frozen=True)
class Robot:
    """A body and the way it is commanded. One dataset holds one robot, since it has one action space."""

    name: str
    # Control steps a second.
    fps: float
    # Names of columns; `ActionSpace(columnNames:)` in Sources/RobotTypes makes groups of the action's.
    state: tuple[str, ...]
    action: tuple[str, ...]
    # Columns that say where things are, which a policy has to find in pictures; recorded, never served.
    environment_state: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    # Columns of an action that are pushed while the expert acts (`--noise`).
    pushed: tuple[int, ...] = ()

    @property
    def form(self) -> dict:
        """As `describe` prints it."""
        return {
            "fps": self.fps,
            "cameras": self.cameras,
            "state": self.state,
            "environment_state": self.environment_state,
            "action": self.action,
        }


@dataclass(frozen=True)
class Task:
    """Something to do."""

    instruction: str
    robot: Robot
    # Control steps after which a demonstration that has not succeeded is given up.
    longest: int = 500
    # Which of the simulator's groups, for example of difficulty, it counts in.
    group: str | None = None

    @property
    def form(self) -> dict:
        """As `describe` prints it."""
        result = {"instruction": self.instruction, "robot": self.robot.name}
        return result if self.group is None else result | {"group": self.group}


class Unknown(ValueError):
    """A name that a simulator does not know."""


@dataclass(frozen=True)
class Simulator:
    """A name and all tasks."""

    name: str
    tasks: dict[str, Task]
    # Names of the tasks' groups, in the order in which they are to be read.
    groups: tuple[str, ...] = ()
    # Names of what its scenes can be perturbed in; actions and observations can be everywhere.
    own_perturbations: tuple[str, ...] = ()

    def task(self, name: str) -> Task:
        """The task called `name`; raises `Unknown`."""
        if name not in self.tasks:
            nearest = difflib.get_close_matches(name, self.tasks, n=1, cutoff=0.0)[0]
            raise Unknown(
                f"unknown {self.name} task '{name}': did you mean '{nearest}'? "
                f"The tasks are {', '.join(self.tasks)}"
            )
        return self.tasks[name]

    @property
    def perturbations(self) -> tuple[str, ...]:
        """Names of all perturbations."""
        return (*self.own_perturbations, *COMMON)

    def perturbation(self, name: str) -> str:
        """`name`, if it is a perturbation's; raises `Unknown`."""
        if name not in self.perturbations:
            known = ", ".join(self.perturbations)
            raise Unknown(f"unknown {self.name} perturbation '{name}'; the perturbations are {known}")
        return name

    @property
    def form(self) -> dict:
        """As `describe` prints it."""
        robots = {task.robot.name: task.robot.form for task in self.tasks.values()}
        tasks = {name: task.form for name, task in self.tasks.items()}
        result = {"robots": robots, "tasks": tasks, "perturbations": self.perturbations}
        return result | {"groups": self.groups} if self.groups else result
