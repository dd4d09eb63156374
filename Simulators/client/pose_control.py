"""Operational space control: actions that move an end effector to a pose."""

import math

import numpy as np

# A hand this near to the line above a grasp or a goal, metres, and so little turned, radians, goes straight down.
ABOVE, ALIGNED = 0.012, 0.15


def turn(axis: str, angle: float) -> np.ndarray:
    """The matrix of a rotation by `angle` radians about x, y or z, `[3, 3]`."""
    one, other = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    result = np.eye(3)
    result[[one, other], [one, other]] = np.cos(angle)
    result[other, one], result[one, other] = np.sin(angle), -np.sin(angle)
    return result


def rotation_vector(matrix: np.ndarray) -> np.ndarray:
    """Axis times angle in radians of a rotation matrix `[3, 3]`, the short way round."""
    angle = np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1))
    if angle < 1e-6:
        return np.zeros(3)
    if angle > np.pi - 1e-3:
        # Half a turn: the axis is the direction that stays.
        symmetric = (matrix + np.eye(3)) / 2
        axis = symmetric[:, np.argmax(np.diag(symmetric))]
        return angle * axis / np.linalg.norm(axis)
    skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    return angle * skew / (2 * np.sin(angle))


def is_above(position: np.ndarray, rotation: np.ndarray, grasp) -> bool:
    """True if a hand at a pose has nothing but the way down to `grasp`, another pose, before it."""
    offset = position - grasp.position
    turned = np.linalg.norm(rotation_vector(grasp.rotation @ rotation.T))
    return bool(np.linalg.norm(offset[:2]) < ABOVE and offset[2] > -0.005 and turned < ALIGNED)


def quaternion_rotation_vector(quaternion: np.ndarray) -> np.ndarray:
    """Axis times angle in radians of a unit quaternion x, y, z, w, equal to the bit to robosuite's.

    A quaternion with a negative w gives the long way round, up to a whole turn. Public LIBERO data and openpi's LIBERO client hold
    these vectors, so a policy of theirs must get them. Source: robosuite 1.4.0, `transform_utils.quat2axisangle`.
    """
    w = min(max(quaternion[3], -1.0), 1.0)
    length = np.sqrt(1.0 - w * w)
    if length == 0.0:
        return np.zeros(3)
    return (quaternion[:3] * 2.0 * math.acos(w)) / length


def downward(yaw: float) -> np.ndarray:
    """A hand that looks straight down (its z), its x turned by `yaw` radians from the world's."""
    return turn("z", yaw) @ np.diag([1.0, -1.0, -1.0])


def toward(
    position: np.ndarray, rotation: np.ndarray, speed: float = 1.0, reach: float = 0.05, bend: float = 0.5
) -> np.ndarray:
    """An action that moves a hand towards a goal: six columns in [-1, 1].

    `position` (metres) and `rotation` (a rotation vector) are the distance to the goal, `reach` and `bend` the motion
    of an action of 1. `speed` is the largest column; directions are kept.
    """
    move, twist = np.asarray(position) / reach, np.asarray(rotation) / bend
    move = move * min(1, speed / max(np.abs(move).max(), 1e-9))
    twist = twist * min(1, 0.6 * speed / max(np.abs(twist).max(), 1e-9))
    return np.concatenate([move, twist])
