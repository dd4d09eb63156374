"""Perturbations of a MetaWorld scene, each sampled from the seed of the episode."""

from pathlib import Path

import metaworld
import mujoco
import numpy as np

from ..client.scene_perturbations import ScenePerturbations, strong_colour

# That on the hand is centimetres away from what it looks at. Metres.
CAMERA_SHIFTS = {"corner2": 0.04, "gripperPOV": 0.01}
# MetaWorld's textures that may cover the table; None is a plain colour. On darker ones objects would disappear.
TABLE_TEXTURES = ("granite.png", "light_wood_v2.png", "marble.png", "metal1.png", "navy_blue.png", None)
# Area of distractors: on the table, visible to the camera. Two corners in metres.
DISTRACTOR_AREA = ((-0.35, 0.35), (0.42, 0.85))
# Ranges of positions become longer by this fraction of those of demonstrations, half of it at either end.
POSITION_MARGIN = 0.25
# A narrower range is no range: MetaWorld writes fixed numbers so.
NARROWEST_RANGE = 0.01


class Scene(ScenePerturbations):
    """A MetaWorld scene: everything stands on one table."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData):
        wood = model.material("table_wood").id
        # A table may have boards on it; its top is not at the same height in all tasks.
        tables = {body for body, material in zip(model.geom_bodyid, model.geom_matid) if material == wood}
        walls = {body for body in range(model.nbody) if model.body(body).name in ("world", "RetainingWall")}
        super().__init__(model, data, CAMERA_SHIFTS, background=tables | walls)
        self._boards = [
            geom
            for geom in range(model.ngeom)
            if model.geom_bodyid[geom] in tables and model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX
        ]

    def surface(self, x: float, y: float) -> float:
        """Height of the table's top in metres."""
        return max(self._data.geom_xpos[board][2] + self._model.geom_size[board][2] for board in self._boards)

    def texture(self, generator: np.random.Generator):
        """Another texture covers the table; images need a new renderer."""
        texture = TABLE_TEXTURES[generator.integers(len(TABLE_TEXTURES))]
        if texture is None:
            image = 255 * strong_colour(generator)[:3]
        else:
            image = Path(metaworld.__file__).parent / "assets" / "textures" / texture
        self.cover(self._model.texture("T_table").id, image)


def positions(low: np.ndarray, high: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Positions from just outside of the box from `low` to `high`: one or two of x, y, z each.

    Every position that has a range at all lies outside of it.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    margin = np.where(high - low < NARROWEST_RANGE, 0, POSITION_MARGIN / 2 * (high - low))
    has_range = (margin > 0).reshape(-1, 3).any(axis=1)
    while True:
        result = generator.uniform(low - margin, high + margin)
        outside = ((result < low) | (result > high)).reshape(-1, 3).any(axis=1)
        if (outside == has_range).all():
            return result
