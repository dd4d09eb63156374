"""What cameras of a MuJoCo scene show: poses to render later, and where points appear in an image."""

import numpy as np

# What an image shows of a scene: poses of geometries, sites, cameras and lights.
VISIBLE = tuple(
    f"{kind}_{part}"
    for kind, parts in {"geom": ("xpos", "xmat"), "site": ("xpos", "xmat"), "cam": ("xpos", "xmat"), "light": ("xpos", "xdir")}.items()
    for part in parts
)


def visible_poses(data) -> dict[str, np.ndarray]:
    """A copy of the poses that images of `data` show."""
    return {name: getattr(data, name).copy() for name in VISIBLE}


def set_visible_poses(data, poses: dict[str, np.ndarray]):
    """Lets images of `data` show `poses`; the physics stay as they are."""
    for name, values in poses.items():
        getattr(data, name)[:] = values


def projected(points: np.ndarray, position: np.ndarray, rotation: np.ndarray, vertical_angle: float) -> np.ndarray:
    """Where a camera's square image shows `points`, `[n, 3]` in metres: right and down, -1 to 1 from edge to edge, `[n, 2]`.

    Columns of `rotation`, `[3, 3]`, are the camera's axes in the world: right, up and back. `vertical_angle` is its field of
    view in degrees. Points behind the camera are projected outside of the image.
    """
    offsets = (points - position) @ rotation
    half = np.tan(np.deg2rad(vertical_angle) / 2)
    ahead = np.maximum(-offsets[:, 2], 1e-3)
    return np.clip(offsets[:, :2] * (1, -1) / (half * ahead[:, None]), -2, 2)
