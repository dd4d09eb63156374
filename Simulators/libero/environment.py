"""A LIBERO task: new scenes for demonstrations, LIBERO's own initial states for evaluations."""

import random

import numpy as np
from openpi_client import image_tools

from ..client import environment
from ..client.description import Task
from ..client.perturbations import generator
from ..client.pose_control import quaternion_rotation_vector
from ..client.views import projected
from . import benchmark, perturbations
from .observation import CAMERAS, Observations
from .scene import Scene
from .tasks import FOLDERS, FULL, SLIM, SUITE_OF, VARIANTS

# Seeds from here on belong to evaluations, which take LIBERO's initial states in their order.
FIRST_EVALUATION = 1_000_000
# As in openpi's LIBERO client: the seed of a task's resets, and the steps in which objects come to rest.
EVALUATION_SEED = 7
SETTLING = 10
DUMMY_ACTION = np.array([0, 0, 0, 0, 0, 0, -1.0])
# Height and width of LIBERO's images, which are scaled for a policy.
RENDERED = 256


class Environment(Scene, environment.Environment):
    """A scene, its arm and its objects."""

    video_camera = "image"

    def __init__(self, task: str, description: Task, assets: str = FULL):
        environment.Environment.__init__(self, task, description)
        self.assets = assets
        self._load()

    def _load(self, variant: str | None = None):
        """Loads the task's model, or that of one of LIBERO-PRO's variants."""
        self._variant = variant
        self._folder = FOLDERS[SUITE_OF[self.task]] + VARIANTS.get(variant, "")
        benchmark.use(self.assets)
        # Scenes are sampled in one model: to load it again takes seconds.
        self.raw = benchmark.env_wrapper.ControlEnv(
            str(benchmark.task_file(self._folder, self.task)),
            use_camera_obs=False,
            has_offscreen_renderer=False,
            ignore_done=True,
            hard_reset=False,
        ).env
        if self.assets == SLIM:
            # Images are made smaller, which smooths edges as well, for half of the time.
            self.raw.sim.model._model.vis.quality.offsamples = 0
        # LIBERO's reward is its success, which it would check a second time.
        self.raw.reward = lambda action: 0.0
        self._states = benchmark.initial_states(self._folder, self.task)
        names = [name for name in self.raw.fixtures_dict if name in self.raw.obj_body_id]
        self._furniture = [self.raw.obj_body_id[name] for name in names]
        # Where a newly loaded model has it: LIBERO places objects on it by its regions' positions there.
        bodies = [self.raw.fixtures_dict[name].get_obj() for name in names]
        self._unplaced = [
            np.array([body.get(key, default).split() for body in bodies], float).reshape(-1, len(default.split()))
            for key, default in (("pos", "0 0 0"), ("quat", "1 0 0 0"))
        ]
        self._samplers = list(self.raw.object_property_initializers)
        # NumPy's generator before the scene of every initial state, as far as known.
        self._generators = [np.random.RandomState(EVALUATION_SEED).get_state()]
        Scene.__init__(self, self.raw)
        self._observations = Observations(self.raw)
        model, data = self.raw.sim.model._model, self.raw.sim.data._data
        self._perturbed = perturbations.Scene(model, data, [self.raw.obj_body_id[name] for name in self.raw.objects_dict])

    def reset(self, seed: int):
        """Samples a scene, or takes the initial state that belongs to an evaluation's seed, under `perturbation`."""
        variant = self.perturbation if self.perturbation in VARIANTS else None
        if variant != self._variant:
            self.close()
            self._load(variant)
        if self._perturbed.restore():
            self._observations.close()
        if seed >= FIRST_EVALUATION:
            index = (seed - FIRST_EVALUATION) % len(self._states)
            self._arrange(index)
            self.raw.sim.set_state_from_flattened(self._states[index])
            updates = 2
        else:
            random.seed(seed)
            np.random.seed(seed)
            self._sample()
            updates = 1
        self.raw.sim.forward()
        self._perturb(generator(self.perturbation or "", seed))
        self.raw._post_process()
        self._observations.restart(updates)
        # robosuite's gripper keeps its last command.
        gripper = self.raw.robots[0].gripper
        gripper.current_action = np.zeros_like(gripper.current_action)
        for _ in range(SETTLING):
            self.raw.step(DUMMY_ACTION)

    def _perturb(self, random: np.random.Generator):
        """Perturbs what images show of the scene."""
        match self.perturbation:
            case "light":
                self._perturbed.light(random)
            case "camera":
                self._perturbed.camera(random)
            case "texture":
                self._perturbed.texture(random)
                self._observations.close()
            case "distractors":
                self._perturbed.distract(random)
        self._observations.draw = self._perturbed.draw if self._perturbed.distractors else None

    @property
    def instruction(self) -> str:
        """The task's instruction, or that of a variant that has one of its own: LIBERO-PRO's task file says it."""
        if self._variant not in ("pro-language", "pro-task"):
            return self.description.instruction
        return " ".join(self.raw.parsed_problem["language_instruction"])

    def _sample(self, loads: int = 1):
        """Resets to a scene that is sampled from NumPy's generator, as after the model was loaded `loads` times.

        LIBERO samples the openings of drawers once more for every time.
        """
        model = self.raw.sim.model._model
        model.body_pos[self._furniture], model.body_quat[self._furniture] = self._unplaced
        self.raw.object_property_initializers = self._samplers * loads
        while True:
            try:
                self.raw.reset()
                return
            except benchmark.env_wrapper.RandomizationError:
                self.raw.object_property_initializers += self._samplers

    def _arrange(self, index: int):
        """Resets to the scene that openpi's client has before it takes the initial state at `index`.

        An initial state does not say where furniture is, nor where the solver of contacts begins. That client seeds NumPy
        once a task and samples a scene before every state, so both depend on the number of states before.
        """
        while len(self._generators) <= index:
            np.random.set_state(self._generators[-1])
            self._sample(loads=1 + len(self._generators))
            self._generators.append(np.random.get_state())
        np.random.set_state(self._generators[index])
        self._sample(loads=2 + index)

    def step(self, action: np.ndarray) -> bool:
        """Moves for 50 ms; true when the task's conditions hold."""
        _, _, success, _ = self.raw.step(np.clip(action, -1, 1).astype(np.float64))
        return bool(success)

    @property
    def state(self) -> np.ndarray:
        """Position and rotation vector of the hand, positions of the fingers: float32 `[8]`, as openpi's client sends it."""
        seen = self._observations
        turn = quaternion_rotation_vector(seen.quaternion)
        return np.concatenate([seen.position, turn, seen.fingers]).astype(np.float32)

    @property
    def environment_state(self) -> np.ndarray:
        """Positions of the hand, of the object to move next and of where it goes, in metres and in images: float32 `[21]`.

        They belong to the first of the task's goals that does not hold yet. What is opened, closed or turned on is its own goal.
        """
        unmet = [goal for goal in self.goals if not self.holds(goal)] or self.goals[-1:]
        points = np.stack([self.position, self.place(unmet[0][1]), self.place(unmet[0][-1])])
        views = [self._positions_in_image(points, camera) for camera in self.description.robot.cameras]
        return np.concatenate([part.ravel() for part in (points, *views)]).astype(np.float32)

    def _positions_in_image(self, points: np.ndarray, camera: str) -> np.ndarray:
        pose, angle = self._data.camera(CAMERAS[camera]), self._model.camera(CAMERAS[camera]).fovy[0]
        # Images are mirrored: upside down as OpenGL has them, then turned by 180 degrees.
        return projected(points, pose.xpos, pose.xmat.reshape(3, 3), angle) * (-1, 1)

    def snapshot(self):
        """What images of the last observation show."""
        return self._observations.snapshot()

    def restore(self, snapshot):
        """Lets images show a snapshot."""
        self._observations.restore(snapshot)

    def render(self, camera: str, height: int, width: int) -> np.ndarray:
        """What openpi's client sends: rendered at 256x256, turned by 180 degrees, scaled and padded to the policy's size."""
        image = np.ascontiguousarray(self._observations.image(camera, RENDERED)[::-1, ::-1])
        return image_tools.convert_to_uint8(image_tools.resize_with_pad(image, height, width))

    def close(self):
        """Frees the scene."""
        self._observations.close()
        self.raw.close()
