"""Small images of a MuJoCo scene, rendered on a CPU."""

from typing import Callable

import mujoco
import numpy as np


class SmallImages:
    """Renderers of a scene, one an image size, made when they are needed.

    Software rendering costs by the vertex, not by the pixel: images are rendered at twice the size and averaged, which is
    cheaper than multisampling. Shadows and reflections would cost ten times more.
    """

    def __init__(self, model: mujoco.MjModel, options: mujoco.MjvOption | None = None):
        self._model = model
        self._options = options or mujoco.MjvOption()
        self._renderers = {}

    def image(
        self,
        data: mujoco.MjData,
        camera: str,
        height: int,
        width: int,
        add: Callable[[mujoco.MjvScene], None] | None = None,
    ) -> np.ndarray:
        """An image of `camera`, uint8 `[height, width, 3]`. `add` may add geometry to the scene before it is rendered."""
        renderer = self._renderer(2 * height, 2 * width)
        renderer.update_scene(data, camera, self._options)
        if add:
            add(renderer.scene)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        large = renderer.render().astype(np.uint16)
        return ((large[0::2, 0::2] + large[1::2, 0::2] + large[0::2, 1::2] + large[1::2, 1::2] + 2) >> 2).astype(np.uint8)

    def _renderer(self, height: int, width: int) -> mujoco.Renderer:
        if (height, width) not in self._renderers:
            visual = self._model.vis
            visual.quality.offsamples = 0
            visual.quality.shadowsize = 0
            visual.global_.offheight = max(visual.global_.offheight, height)
            visual.global_.offwidth = max(visual.global_.offwidth, width)
            self._renderers[height, width] = mujoco.Renderer(self._model, height, width)
        return self._renderers[height, width]

    def close(self):
        """Frees the renderers; the next image makes new ones, with the model's textures as they are then."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers = {}
