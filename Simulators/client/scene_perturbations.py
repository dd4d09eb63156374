"""Perturbations of what images of a MuJoCo scene show, each sampled from a generator: lights, cameras, distractors.

Lights, cameras and textures belong to the scene's model and are put back by `restore`; distractors exist in images only, so
that nothing can touch them.
"""

import math
from pathlib import Path

import mujoco
import numpy as np
from PIL import Image

# Lights become up to this much stronger or weaker, and turn by up to so many radians.
LIGHT_FACTOR = 1.6
LIGHT_TURN = math.radians(45)
# Every camera turns by so many radians about some axis.
CAMERA_TURN = math.radians(5)
# Half sizes in metres, and how far distractors stay from everything that stands on the table or moves.
DISTRACTOR_SIZES = (0.02, 0.035)
DISTRACTOR_DISTANCE = 0.08
MOST_DISTRACTORS = 3


class Distractor:
    """A coloured object that is rendered into images."""

    SHAPES = (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER)

    def __init__(self, x: float, y: float, table: float, generator: np.random.Generator):
        self._shape = self.SHAPES[generator.integers(len(self.SHAPES))]
        self._size = np.full(3, generator.uniform(*DISTRACTOR_SIZES))
        self.position = np.array([x, y, table + self._size[0]])
        self._colour = strong_colour(generator)

    def draw(self, scene: mujoco.MjvScene):
        """Adds itself to a scene that is about to be rendered."""
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(geom, self._shape, self._size, self.position, np.eye(3).ravel(), self._colour)
        geom.category = mujoco.mjtCatBit.mjCAT_STATIC
        scene.ngeom += 1


class ScenePerturbations:
    """The parts of a scene that are perturbed, and their original values.

    `camera_shifts` has the distance in metres that each camera moves. Distractors keep no distance from the bodies of
    `background`.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, camera_shifts: dict[str, float], background: set[int]):
        self._model = model
        self._data = data
        self._camera_shifts = camera_shifts
        self._background = background
        head = model.vis.headlight
        self._arrays = [
            *(model.light_dir, model.light_diffuse, model.light_specular, head.ambient, head.diffuse),
            *(model.cam_pos, model.cam_quat, model.cam_pos0, model.cam_mat0),
        ]
        self._originals = [array.copy() for array in self._arrays]
        self._textures = {}
        self.distractors = []

    def surface(self, x: float, y: float) -> float | None:
        """Height of the surface that objects stand on, metres; None where something else is above it."""
        raise NotImplementedError

    def restore(self) -> bool:
        """Undoes all perturbations; true when images need a new renderer."""
        for array, original in zip(self._arrays, self._originals):
            array[:] = original
        self.distractors = []
        for texture, original in self._textures.items():
            self._model.tex_data[self._pixels(texture)] = original
        had_textures, self._textures = bool(self._textures), {}
        return had_textures

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
        for name, shift in self._camera_shifts.items():
            camera = self._model.camera(name)
            move, turn, matrix = shift * _direction(generator), _rotation(generator, CAMERA_TURN), np.zeros(9)
            camera.pos += move
            mujoco.mju_mulQuat(camera.quat, camera.quat.copy(), turn)
            # A camera that tracks a body keeps the position and the axes that it began with.
            camera.pos0 += move
            mujoco.mju_quat2Mat(matrix, turn)
            camera.mat0 = (camera.mat0.reshape(3, 3) @ matrix.reshape(3, 3)).ravel()
        mujoco.mj_camlight(self._model, self._data)

    def cover(self, texture: int, image: Path | np.ndarray):
        """Replaces the pixels of a texture by an image file or by a colour, uint8 `[3]`; images need a new renderer."""
        pixels, side = self._pixels(texture), self._model.tex_width[texture]
        self._textures.setdefault(texture, self._model.tex_data[pixels].copy())
        if isinstance(image, Path):
            # Six faces of a cube lie one below the other; a plain texture need not be square.
            height = side if self._model.tex_height[texture] % side == 0 else self._model.tex_height[texture]
            face = np.asarray(Image.open(image).convert("RGB").resize((side, height)))
        else:
            face = np.asarray(image, np.uint8)
        self._model.tex_data[pixels] = np.tile(face.ravel(), self._textures[texture].size // face.size)

    def _pixels(self, texture: int) -> slice:
        start = self._model.tex_adr[texture]
        return slice(start, start + 3 * self._model.tex_width[texture] * self._model.tex_height[texture])

    def add_distractors(self, generator: np.random.Generator, low: tuple[float, float], high: tuple[float, float]):
        """Puts one to three coloured objects between two corners, away from all others: fewer where there is no room."""
        for _ in range(generator.integers(1, MOST_DISTRACTORS + 1)):
            positions = [generator.uniform(low, high) for _ in range(50)]
            free = (position for position in positions if self._room(position) > DISTRACTOR_DISTANCE)
            position = next(free, None)
            if position is None:
                break
            self.distractors.append(Distractor(*position, self.surface(*position), generator))

    def draw(self, scene: mujoco.MjvScene):
        """Adds the distractors to a scene that is about to be rendered."""
        for distractor in self.distractors:
            distractor.draw(scene)

    def _room(self, position: np.ndarray) -> float:
        """Metres from `position` to the nearest object, distractors included; 0 off the surface."""
        model, data = self._model, self._data
        height = self.surface(*position)
        if height is None:
            return 0
        point = np.array([*position, height + DISTRACTOR_SIZES[1]])
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


def strong_colour(generator: np.random.Generator) -> np.ndarray:
    """A strong colour, rgba `[4]`."""
    dark, middle, bright = generator.uniform(0.05, 0.3), generator.uniform(0.1, 0.9), generator.uniform(0.7, 0.95)
    return np.array([*generator.permutation([dark, middle, bright]), 1])


def _direction(generator: np.random.Generator) -> np.ndarray:
    """A unit vector, `[3]`, in any direction."""
    vector = generator.standard_normal(3)
    return vector / np.linalg.norm(vector)


def _rotation(generator: np.random.Generator, angle: float) -> np.ndarray:
    """A rotation by `angle` radians about any axis, a quaternion `[4]`."""
    result = np.zeros(4)
    mujoco.mju_axisAngle2Quat(result, _direction(generator), angle)
    return result
