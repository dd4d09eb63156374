"""Points on the surfaces of a scene's objects, from their collision geometry."""

import mujoco
import numpy as np

# Distance between points on a box, metres: less than anything that a hand could miss.
SPACING = 0.0125


class Outlines:
    """Points that span the bodies of a model, whose corners are found once for each."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData):
        self._model, self._data = model, data
        self._parts = {}

    def of(self, body: int) -> np.ndarray:
        """Points on everything that belongs to a body, metres, `[points, 3]`."""
        return np.concatenate(self.parts(body))

    def parts(self, body: int) -> list[np.ndarray]:
        """The same, for every geometry alone."""
        if body not in self._parts:
            geoms = [geom for geom in range(self._model.ngeom) if self._collides(geom) and self._is_part(geom, body)]
            self._parts[body] = [(geom, _corners(self._model, geom)) for geom in geoms]
        data = self._data
        return [points @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom] for geom, points in self._parts[body]]

    def _collides(self, geom: int) -> bool:
        model = self._model
        return model.geom_group[geom] == 0 and (model.geom_contype[geom] or model.geom_conaffinity[geom])

    def _is_part(self, geom: int, root: int) -> bool:
        body = self._model.geom_bodyid[geom]
        while body > 0 and body != root:
            body = self._model.body_parentid[body]
        return body == root


def _corners(model: mujoco.MjModel, geom: int) -> np.ndarray:
    """Points that span a geometry, in its own frame."""
    kinds, size = mujoco.mjtGeom, model.geom_size[geom]
    if model.geom_type[geom] == kinds.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first = model.mesh_vertadr[mesh]
        return np.unique(model.mesh_vert[first : first + model.mesh_vertnum[mesh]], axis=0)
    match model.geom_type[geom]:
        case kinds.mjGEOM_CYLINDER | kinds.mjGEOM_CAPSULE:
            around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            ring = np.stack([np.cos(around), np.sin(around)], axis=1) * size[0]
            return np.concatenate([np.column_stack([ring, np.full(24, z)]) for z in np.linspace(-size[1], size[1], 5)])
        case kinds.mjGEOM_BOX:
            return _surface(size)
        case _:
            return _surface(np.full(3, size[0]))


def _surface(size: np.ndarray) -> np.ndarray:
    """A grid of points on the surface of a box with half the sides `size`."""
    axes = [np.linspace(-1, 1, max(2, 1 + int(np.ceil(2 * half / SPACING)))) for half in size]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
    return grid[np.abs(grid).max(axis=1) == 1] * size
