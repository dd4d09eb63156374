"""Perturbations of a MetaWorld scene, each sampled from the seed of the episode.

Lights, cameras and the table belong to the scene's model and are put back by `restore`; distractors exist in images
only, so that nothing can touch them.
"""

import math
from pathlib import Path

import metaworld
import mujoco
import numpy as np
from PIL import Image

# Lights become up to this much stronger or weaker, and turn by up to so many radians.
LIGHT_FACTOR = 1.6
LIGHT_TURN = math.radians(45)
# Every camera is moved by so many metres in some direction, and turned by so many radians about some axis. That on the
# hand is centimetres away from what it looks at.
CAMERA_SHIFT = {"corner2": 0.04, "gripperPOV": 0.01}
CAMERA_TURN = math.radians(5)
# MetaWorld's textures that may cover the table; None is a plain colour. On darker ones objects would disappear.
TABLE_TEXTURES = ("granite.png", "light_wood_v2.png", "marble.png", "metal1.png", "navy_blue.png", None)
# Half sizes in metres, and how far distractors stay from everything that stands on the table or moves.
DISTRACTOR_SIZES = (0.02, 0.035)
DISTRACTOR_DISTANCE = 0.08
MOST_DISTRACTORS = 3
# Area of distractors: on the table, visible to the camera. Low and high x, y in metres.
DISTRACTOR_AREA = ((-0.35, 0.42), (0.35, 0.85))
# Ranges of positions become longer by this fraction of those of demonstrations, half of it at either end.
POSITION_MARGIN = 0.25
# A narrower range is no range: MetaWorld writes fixed numbers so.
NARROWEST_RANGE = 0.01


class Distractor:
    """A coloured object that is rendered into images."""

    SHAPES = (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER)

    def __init__(self, x: float, y: float, table: float, generator: np.random.Generator):
        self._shape = self.SHAPES[generator.integers(len(self.SHAPES))]
        self._size = np.full(3, generator.uniform(*DISTRACTOR_SIZES))
        self.position = np.array([x, y, table + self._size[0]])
        self._colour = _colour(generator)

    def draw(self, scene: mujoco.MjvScene):
        """Adds itself to a scene that is about to be rendered."""
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(geom, self._shape, self._size, self.position, np.eye(3).ravel(), self._colour)
        geom.category = mujoco.mjtCatBit.mjCAT_STATIC
        scene.ngeom += 1


class Scene:
    """The parts of a scene that are perturbed, and their original values."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData):
        self._model = model
        self._data = data
        texture = model.texture("T_table")
        wood = model.material("table_wood").id
        # A table may have boards on it; its top is not at the same height in all tasks.
        tables = {body for body, material in zip(model.geom_bodyid, model.geom_matid) if material == wood}
        walls = {body for body in range(model.nbody) if model.body(body).name in ("world", "RetainingWall")}
        self._background = tables | walls
        self._boards = [
            geom
            for geom in range(model.ngeom)
            if model.geom_bodyid[geom] in tables and model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX
        ]
        self._table = slice(texture.adr[0], texture.adr[0] + 3 * texture.width[0] * texture.height[0])
        self._width = texture.width[0]
        head = model.vis.headlight
        self._arrays = [
            *(model.light_dir, model.light_diffuse, model.light_specular, head.ambient, head.diffuse),
            *(model.cam_pos, model.cam_quat, model.cam_pos0, model.cam_mat0),
        ]
        self._originals = [array.copy() for array in self._arrays]
        self._wood = model.tex_data[self._table].copy()
        self._is_covered = False
        self.distractors = []

    def restore(self) -> bool:
        """Undoes all perturbations; true when images need a new renderer."""
        for array, original in zip(self._arrays, self._originals):
            array[:] = original
        self.distractors = []
        was_covered, self._is_covered = self._is_covered, False
        if was_covered:
            self._model.tex_data[self._table] = self._wood
        return was_covered

    def light(self, generator: np.random.Generator):
        """Every light shines from elsewhere, and all are stronger or weaker."""
        model = self._model
        for index in range(model.nlight):
            turn = _rotation(generator, generator.uniform(0, LIGHT_TURN))
            mujoco.mju_rotVecQuat(model.light_dir[index], model.light_dir[index].copy(), turn)
        strength = LIGHT_FACTOR ** generator.uniform(-1, 1)
        head = model.vis.headlight
        for array in (model.light_diffuse, model.light_specular, head.ambient, head.diffuse):
            array[:] = strength * array
        mujoco.mj_camlight(model, self._data)

    def camera(self, generator: np.random.Generator):
        """The policy's cameras are mounted a little elsewhere."""
        for name, shift in CAMERA_SHIFT.items():
            camera = self._model.camera(name)
            move, turn, matrix = shift * _direction(generator), _rotation(generator, CAMERA_TURN), np.zeros(9)
            camera.pos += move
            mujoco.mju_mulQuat(camera.quat, camera.quat.copy(), turn)
            # A camera that tracks a body keeps the position and the axes that it began with.
            camera.pos0 += move
            mujoco.mju_quat2Mat(matrix, turn)
            camera.mat0 = (camera.mat0.reshape(3, 3) @ matrix.reshape(3, 3)).ravel()
        mujoco.mj_camlight(self._model, self._data)

    def texture(self, generator: np.random.Generator):
        """Another texture covers the table; images need a new renderer."""
        texture = TABLE_TEXTURES[generator.integers(len(TABLE_TEXTURES))]
        if texture is None:
            face = np.full((self._width, self._width, 3), 255 * _colour(generator)[:3], np.uint8)
        else:
            file = Path(metaworld.__file__).parent / "assets" / "textures" / texture
            face = np.asarray(Image.open(file).convert("RGB").resize((self._width, self._width)))
        # Six faces, one below the other.
        self._model.tex_data[self._table] = np.tile(face.ravel(), self._wood.size // face.size)
        self._is_covered = True

    def add_distractors(self, generator: np.random.Generator):
        """Puts one to three coloured objects on the table, away from all others: fewer where there is no room."""
        for _ in range(generator.integers(1, MOST_DISTRACTORS + 1)):
            positions = [generator.uniform(*zip(*DISTRACTOR_AREA)) for _ in range(50)]
            free = (position for position in positions if self._room(position) > DISTRACTOR_DISTANCE)
            position = next(free, None)
            if position is None:
                break
            self.distractors.append(Distractor(*position, self._height, generator))

    @property
    def _height(self) -> float:
        """Height of the table's top in metres."""
        return max(self._data.geom_xpos[board][2] + self._model.geom_size[board][2] for board in self._boards)

    def _room(self, position: np.ndarray) -> float:
        """Metres from `position` on the table to the nearest object, distractors included."""
        model, data = self._model, self._data
        point = np.array([*position, self._height + DISTRACTOR_SIZES[1]])
        distances = [np.linalg.norm(point[:2] - other.position[:2]) - DISTRACTOR_SIZES[1] for other in self.distractors]
        for index in range(model.ngeom):
            if model.geom_bodyid[index] in self._background:
                continue
            centre, half = np.split(model.geom_aabb[index], 2)
            seen = data.geom_xmat[index].reshape(3, 3).T @ (point - data.geom_xpos[index]) - centre
            distances.append(np.linalg.norm(np.maximum(np.abs(seen) - half, 0)))
        for index in range(model.nsite):
            distances.append(np.linalg.norm(point - data.site_xpos[index]))
        return min(distances)


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


def _direction(generator: np.random.Generator) -> np.ndarray:
    """A unit vector, `[3]`, in any direction."""
    vector = generator.standard_normal(3)
    return vector / np.linalg.norm(vector)


def _rotation(generator: np.random.Generator, angle: float) -> np.ndarray:
    """A rotation by `angle` radians about any axis, a quaternion `[4]`."""
    result = np.zeros(4)
    mujoco.mju_axisAngle2Quat(result, _direction(generator), angle)
    return result


def _colour(generator: np.random.Generator) -> np.ndarray:
    """A strong colour, rgba `[4]`."""
    dark, middle, bright = generator.uniform(0.05, 0.3), generator.uniform(0.1, 0.9), generator.uniform(0.7, 0.95)
    return np.array([*generator.permutation([dark, middle, bright]), 1])
