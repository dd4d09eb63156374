"""Compares the LIBERO client with LIBERO itself, in LIBERO's Python environment: Scripts/check-simulators libero."""

import ast
import os
import sys
from pathlib import Path

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from Simulators.client.pose_control import quaternion_rotation_vector  # noqa: E402
from Simulators.libero import benchmark, slim_assets, tasks  # noqa: E402
from Simulators.libero.environment import FIRST_EVALUATION, Environment  # noqa: E402

import robosuite.utils.transform_utils as robosuite_transforms  # noqa: E402

# Furniture that moves and is opened, and objects on a table.
COMPARED = (
    "pick_up_the_black_bowl_in_the_top_drawer_of_the_wooden_cabinet_and_place_it_on_the_plate",
    "KITCHEN_SCENE3_turn_on_the_stove_and_put_the_moka_pot_on_it",
    "LIVING_ROOM_SCENE2_put_both_the_alphabet_soup_and_the_tomato_sauce_in_the_basket",
)


def of_libero_s_benchmark(file: str, name: str):
    """A function or a table of LIBERO's package `benchmark`, which imports torch as a whole."""
    tree = ast.parse((benchmark.home / "benchmark" / file).read_text())
    tree.body = [part for part in tree.body if name in (getattr(part, "name", ""), ast.unparse(part).partition(" = ")[0])]
    found = {}
    exec(compile(tree, file, "exec"), found)
    return found[name]


def tasks_are_libero_s():
    """Suites, names and instructions are LIBERO's own."""
    libero_task_map = of_libero_s_benchmark("libero_suite_task_map.py", "libero_task_map")
    grab_language_from_filename = of_libero_s_benchmark("__init__.py", "grab_language_from_filename")
    for suite, names in tasks.SUITES.items():
        assert names == libero_task_map[tasks.FOLDERS[suite]], suite
        for name in names:
            assert tasks.SIMULATOR.tasks[name].instruction == grab_language_from_filename(f"{name}.bddl"), name


def rotations_are_robosuite_s():
    """The state's rotation vector is robosuite's to the bit, for 1,000 random quaternions and their opposites."""
    quaternions = np.random.default_rng(0).standard_normal((1000, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    for quaternion in (*quaternions, *-quaternions):
        expected = robosuite_transforms.quat2axisangle(quaternion.copy())
        assert quaternion_rotation_vector(quaternion).tobytes() == expected.tobytes(), quaternion


def episodes_are_openpi_s(name: str):
    """The third episode of openpi's client: the same physics, states and images, to the last bit."""
    own = Environment(name, tasks.SIMULATOR.tasks[name])
    folder = tasks.FOLDERS[tasks.SUITE_OF[name]]
    other = benchmark.env_wrapper.OffScreenRenderEnv(
        bddl_file_name=str(benchmark.task_file(folder, name)), camera_heights=256, camera_widths=256
    )
    other.seed(7)
    for state in benchmark.initial_states(folder, name)[:3]:
        other.reset()
        other.set_init_state(state)
    for _ in range(10):
        seen, _, _, _ = other.step([0.0] * 6 + [-1.0])
    # What ran before does not matter.
    own.reset(3)
    own.reset(FIRST_EVALUATION + 2)
    generator = np.random.default_rng(0)
    for step in range(9):
        if step:
            action = np.append(generator.uniform(-1, 1, 6), generator.choice([-1.0, 1.0]))
            seen, _, _, _ = other.step(action.tolist())
            own.step(action)
        assert np.array_equal(own.raw.sim.data.qpos, other.env.sim.data.qpos), step
        # As in openpi's client.
        expected = np.concatenate(
            (
                seen["robot0_eef_pos"],
                robosuite_transforms.quat2axisangle(seen["robot0_eef_quat"].copy()),
                seen["robot0_gripper_qpos"],
            )
        )
        assert np.array_equal(own.state, expected.astype(np.float32)), step
        if step % 4 == 0:
            for camera, key in (("image", "agentview_image"), ("wrist_image", "robot0_eye_in_hand_image")):
                assert np.array_equal(own.render(camera, 256, 256), seen[key][::-1, ::-1]), (step, camera)
    assert own.render("image", 224, 224).shape == (224, 224, 3)


def variants_are_libero_pro_s(name: str):
    """A variant's first episode has LIBERO-PRO's own initial state and picture, to the last bit, and its instruction."""
    own = Environment(name, tasks.SIMULATOR.tasks[name])
    for variant, ending in tasks.VARIANTS.items():
        own.perturbation = variant
        own.reset(FIRST_EVALUATION)
        folder = tasks.FOLDERS[tasks.SUITE_OF[name]] + ending
        other = benchmark.env_wrapper.OffScreenRenderEnv(
            bddl_file_name=str(benchmark.task_file(folder, name)), camera_heights=256, camera_widths=256
        )
        other.seed(7)
        other.reset()
        other.set_init_state(benchmark.initial_states(folder, name)[0])
        for _ in range(10):
            seen, _, _, _ = other.step([0.0] * 6 + [-1.0])
        assert np.array_equal(own.raw.sim.data.qpos, other.env.sim.data.qpos), variant
        assert np.array_equal(own.render("image", 256, 256), seen["agentview_image"][::-1, ::-1]), variant
        assert own.goals == other.env.parsed_problem["goal_state"], variant
        rewords = " ".join(other.env.parsed_problem["language_instruction"]) == own.instruction
        assert rewords if variant in ("pro-language", "pro-task") else own.instruction == own.description.instruction


def perturbations_pass(name: str):
    """A perturbation changes images, and nothing of an episode after it."""
    environment = Environment(name, tasks.SIMULATOR.tasks[name], tasks.SLIM)

    def picture(perturbation: str | None) -> np.ndarray:
        environment.perturbation = perturbation
        environment.reset(FIRST_EVALUATION + 1)
        return environment.render("image", 256, 256)

    original, state = picture(None), environment.state
    for perturbation in ("light", "camera", "texture", "distractors"):
        perturbed = picture(perturbation)
        assert not np.array_equal(perturbed, original), perturbation
        assert np.array_equal(perturbed, picture(perturbation)), perturbation
        assert np.array_equal(environment.state, state), perturbation
    assert np.array_equal(picture(None), original)


def variants_are_complete():
    """LIBERO-PRO has a file and 50 initial states for every variant of every task."""
    for suite, names in tasks.SUITES.items():
        for ending in tasks.VARIANTS.values():
            for name in names:
                folder = tasks.FOLDERS[suite] + ending
                assert benchmark.task_file(folder, name).is_file(), (folder, name)
                assert len(benchmark.initial_states(folder, name)) == 50, (folder, name)


def slim_assets_are_complete():
    """The slim assets hold every file, and change none that anything could touch."""
    for source, name, folders in (
        (benchmark.assets(tasks.FULL), "libero", ("",)),
        (Path(benchmark.ROBOT_ASSETS), "robosuite", slim_assets.ROBOT),
    ):
        source, copy = source.resolve(), benchmark.slim_folder() / name
        files = {file.relative_to(source) for file in source.rglob("*") if file.is_file()}
        assert files == {file.relative_to(copy) for file in copy.rglob("*") if file.is_file()}, name
        changed = {file for file in files if not (copy / file).is_symlink()}
        assert changed, name
        seen = slim_assets.only_seen(source)
        for file in changed:
            assert source / file in seen or file.suffix in (".png", ".jpg"), file
        for file in files - changed:
            assert (copy / file).resolve() == source / file, file


def slim_physics_is_the_same(name: str):
    """The same actions lead to the same state, to the last bit."""
    states = []
    for assets in (tasks.FULL, tasks.SLIM):
        environment = Environment(name, tasks.SIMULATOR.tasks[name], assets)
        environment.reset(5)
        generator = np.random.default_rng(1)
        for _ in range(40):
            environment.step(np.append(generator.uniform(-1, 1, 6), 1.0))
        states.append(environment.raw.sim.data.qpos.copy())
    assert np.array_equal(*states), name


tasks_are_libero_s()
rotations_are_robosuite_s()
slim_assets_are_complete()
variants_are_complete()
for compared in COMPARED:
    episodes_are_openpi_s(compared)
    perturbations_pass(compared)
    slim_physics_is_the_same(compared)
variants_are_libero_pro_s(COMPARED[0])
print("LIBERO's client agrees with LIBERO")
sys.stdout.flush()
# robosuite's renderers do not survive the interpreter's end.
os._exit(0)
