"""What DART noise makes of a gripper that opens for ten steps and closes for sixty, in 400 episodes, as JSON."""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from Simulators.client.dart_noise import DartNoise
from Simulators.client.description import Gripper, Robot

GRIPPER = Gripper(2, open=-1, closed=1)
EPISODES = 400


def executed(deviation: float, gripper: Gripper | None, episode: int) -> np.ndarray:
    """The actions that are executed, float32 `[70, 3]`."""
    robot = Robot("hand", 20, (), ("x", "y", "grip"), gripper=gripper, noise_columns=(0, 1))
    noise = DartNoise(deviation, robot, [episode, 0])
    actions = np.zeros((70, 3), np.float32)
    actions[:10, 2], actions[10:, 2] = GRIPPER.open, GRIPPER.closed
    result = np.stack([noise.added_to(action) for action in actions])
    assert actions[10:, 2].min() == GRIPPER.closed, "the expert's own action was changed"
    return result


def openings(actions: np.ndarray) -> np.ndarray:
    """Steps at which the gripper is open although it was told to close."""
    return np.flatnonzero(actions[10:, 2] == GRIPPER.open)


slips = [openings(executed(0.2, GRIPPER, episode)) for episode in range(EPISODES)]
slips = [steps for steps in slips if len(steps)]
print(
    json.dumps(
        {
            "share": len(slips) / EPISODES,
            "lengths": sorted({len(steps) for steps in slips}),
            "are one piece": all(np.ptp(steps) == len(steps) - 1 for steps in slips),
            "first": int(min(steps[0] for steps in slips)),
            "last": int(max(steps[0] for steps in slips)),
            "repeat": all(
                np.array_equal(executed(0.2, GRIPPER, episode), executed(0.2, GRIPPER, episode)) for episode in range(20)
            ),
            "without a gripper": sum(len(openings(executed(0.2, None, episode))) for episode in range(EPISODES)),
            "without noise": sum(len(openings(executed(0.0, GRIPPER, episode))) for episode in range(EPISODES)),
            "same noise": all(
                np.array_equal(executed(0.2, GRIPPER, episode)[:, :2], executed(0.2, None, episode)[:, :2]) for episode in range(20)
            ),
        }
    )
)
