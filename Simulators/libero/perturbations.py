"""Perturbations of a LIBERO scene, each sampled from the seed of the episode, and LIBERO-PRO's variants of tasks."""

import mujoco
import numpy as np

from ..client.scene_perturbations import ScenePerturbations
from . import benchmark

# That on the hand is centimetres away from what it looks at. Metres.
CAMERA_SHIFTS = {"agentview": 0.04, "robot0_eye_in_hand": 0.01}
# How far distractors may be outside of the objects' outline, metres.
DISTRACTOR_MARGIN = 0.12
# A ray for the surface starts so far above the objects, metres.
RAY_HEIGHT = 1.0


class Scene(ScenePerturbations):
    """A LIBERO scene: objects stand on a table, a desk or the floor."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, objects: list[int]):
        self._objects = objects
        names = {body: model.body(body).name for body in range(model.nbody)}
        self._surfaces = {body for body, name in names.items() if "table" in name or name == "floor"}
        super().__init__(model, data, CAMERA_SHIFTS, background=self._surfaces | {0})

    def surface(self, x: float, y: float) -> float | None:
        """Height of the table or the floor below a point, metres; None where an object, furniture or the arm is above it."""
        start = np.array([x, y, self._data.xpos[self._objects][:, 2].max() + RAY_HEIGHT])
        hit = np.zeros(1, np.int32)
        distance = mujoco.mj_ray(self._model, self._data, start, np.array([0.0, 0, -1]), None, 1, -1, hit)
        if hit[0] < 0 or self._model.geom_bodyid[hit[0]] not in self._surfaces:
            return None
        return start[2] - distance

    def texture(self, generator: np.random.Generator):
        """Other textures of LIBERO's cover table, floor and walls; images need a new renderer."""
        model = self._model
        files = sorted((benchmark.assets(benchmark.FULL) / "textures").glob("*.png"))
        materials = {model.geom_matid[index] for index in range(model.ngeom) if model.geom_bodyid[index] in self._background}
        textures = {texture for material in materials if material >= 0 for texture in model.mat_texid[material] if texture >= 0}
        for texture in sorted(textures):
            self.cover(texture, files[generator.integers(len(files))])

    def distract(self, generator: np.random.Generator):
        """Puts one to three coloured objects beside those of the scene."""
        places = self._data.xpos[self._objects][:, :2]
        self.add_distractors(generator, places.min(0) - DISTRACTOR_MARGIN, places.max(0) + DISTRACTOR_MARGIN)
