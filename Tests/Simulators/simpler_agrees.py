"""Compares SIMPLER's client with ManiSkill itself, in SIMPLER's Python environment: Scripts/check-simulators simpler."""

import os
import sys
from pathlib import Path

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from Simulators.simpler import benchmark, layouts, tasks  # noqa: E402
from Simulators.simpler.environment import FIRST_EVALUATION, Environment  # noqa: E402

import gymnasium  # noqa: E402
import torch  # noqa: E402
from mani_skill.utils.registration import REGISTERED_ENVS  # noqa: E402
from scipy.spatial.transform import Rotation  # noqa: E402

STACK, EGGPLANT = "widowx_stack_cube", "widowx_put_eggplant_in_basket"


def made(name: str) -> Environment:
    """The client's environment of a task."""
    return Environment(name, tasks.SIMULATOR.tasks[name])


def actions(steps: int) -> np.ndarray:
    """Motions as policies make them, the gripper between open and closed, `[steps, 7]`."""
    generator = np.random.default_rng(0)
    moves = generator.normal(0, [0.02, 0.02, 0.02, 0.1, 0.1, 0.1], (steps, 6))
    return np.column_stack([moves, generator.uniform(-1, 1, steps)]).astype(np.float32)


def tasks_are_maniskill_s(name: str, own: Environment):
    """Instruction and step limit."""
    task = tasks.SIMULATOR.tasks[name]
    assert own.raw.get_language_instruction() == [task.instruction], name
    assert REGISTERED_ENVS[tasks.SCENES[name]].max_episode_steps == task.max_steps, name


def episodes_are_maniskill_s(name: str, own: Environment, episode: int):
    """ManiSkill's own episode: the same physics, pictures and success, to the last bit, whatever ran before."""
    other = gymnasium.make(
        tasks.SCENES[name], num_envs=1, obs_mode="rgb+segmentation", sim_backend="physx_cpu", render_backend="cpu"
    ).unwrapped
    seen, _ = other.reset(seed=1, options={"episode_id": torch.tensor([episode]), "reconfigure": True})
    own.reset(3)
    for action in actions(7):
        own.step(action)
    own.reset(FIRST_EVALUATION + episode)
    for step, action in enumerate([None, *actions(12)]):
        if action is not None:
            action[6] = 1 if action[6] > 0 else -1
            seen, _, _, _, info = other.step(action)
            assert own.step(action) == bool(info["success"][0]), (name, step)
        assert np.array_equal(own.raw.agent.robot.get_qpos(), other.agent.robot.get_qpos()), (name, step)
        for key, thing in other.objs.items():
            assert np.array_equal(own.raw.objs[key].pose.raw_pose, thing.pose.raw_pose), (name, step, key)
        if step % 6 == 0:
            expected = seen["sensor_data"][benchmark.CAMERA]["rgb"][0].numpy()
            assert expected.shape == (480, 640, 3) and np.array_equal(own.picture(), expected), (name, step)
    other.close()


def scenes_are_new(name: str, own: Environment):
    """Demonstrations' scenes are within the benchmark's ranges, none of its own, and the same for the same seed."""
    positions, rotations = own._layouts
    known = layouts.benchmark(positions, rotations)
    assert len({part.tobytes() for layout in known for part in [np.concatenate([layout.positions.ravel(), layout.rotations.ravel()])]}) == 24
    for seed in range(200):
        layout = layouts.sampled(positions, rotations, np.random.default_rng(seed))
        assert (layout.positions >= positions.min(0)).all() and (layout.positions <= positions.max(0)).all(), (name, seed)
        assert np.allclose(np.linalg.norm(layout.rotations, axis=1), 1, atol=1e-5), (name, seed)
        assert not any(layouts._same(layout, other) for other in known), (name, seed)
    assert layouts._same(known[0], known[0]) and not layouts._same(known[0], known[-1])
    states = []
    for seed in (5, 6, 5):
        own.reset(seed)
        states.append(own.environment_state)
    assert np.array_equal(states[0], states[2]) and not np.array_equal(states[0], states[1]), name


def heading_turns_with_the_object(name: str, own: Environment):
    """The heading among the object poses, before and after a turn about the vertical."""
    own.reset(5)
    entity = own._objects[0]
    headings = []
    for turn in (0, 0.3):
        w, x, y, z = entity.pose.q
        turned = (Rotation.from_rotvec([0, 0, turn]) * Rotation.from_quat([x, y, z, w])).as_quat()
        entity.pose = type(entity.pose)(entity.pose.p, turned[[3, 0, 1, 2]])
        cosine, sine = own.environment_state[9:11]
        assert abs(np.hypot(cosine, sine) - 1) < 1e-6, name
        headings.append(np.arctan2(sine, cosine))
    change = (headings[1] - headings[0] + np.pi) % (2 * np.pi) - np.pi
    assert abs(change - 0.3) < 1e-3, (name, change)


def conventions_are_the_bridge_data_s(own: Environment):
    """The gripper's sign, the frame of deltas, the order of quaternions and the angles of the state."""
    own.reset(0)
    still = np.zeros(7, np.float32)
    for sign, opening in ((1, 1.0), (-1, 0.0), (0.1, 1.0), (-0.1, 0.0), (1, 1.0)):
        still[6] = sign
        for _ in range(10):
            own.step(still)
        assert abs(own.state[6] - opening) < 0.05, (sign, own.state[6])
    # SimplerEnv's controller: metres along the axes of the arm's base, then a turn about them.
    position, rotation = own.target
    own.step(np.array([0.01, 0.02, 0.03, 0, 0, 0.1, 1], np.float32))
    moved, turned = own.target
    assert np.allclose(moved - position, [0.01, 0.02, 0.03], atol=1e-6)
    assert np.allclose(turned @ rotation.T, Rotation.from_rotvec([0, 0, 0.1]).as_matrix(), atol=1e-5)
    # As policies of the Bridge data are fed by SimplerEnv's clients: w, x, y, z; angles from a hand that looks down.
    for action in actions(5):
        own.step(action)
    w, x, y, z = own._arm.ee_pose_at_base.q[0].numpy()
    from_down = Rotation.from_quat([x, y, z, w]).as_matrix() @ np.array([[0, 0, 1.0], [0, 1.0, 0], [-1.0, 0, 0]]).T
    assert np.allclose(own.state[3:6], Rotation.from_matrix(from_down).as_euler("xyz"), atol=1e-4), own.state
    assert np.allclose(own.state[:3], own._arm.ee_pose_at_base.p[0].numpy(), atol=1e-6)


def pictures_can_be_made_later(own: Environment):
    """A snapshot gives the picture that there was, up to pixels on edges, and points are where they are seen."""
    own.reset(1)
    taken = []
    for action in actions(6):
        own.step(action)
        taken.append((own.snapshot(), own.picture()))
    for snapshot, picture in reversed(taken):
        own.restore(snapshot)
        # Poses of links are computed from the joints anew, which rounds otherwise.
        changed = np.any(own.picture() != picture, axis=-1).sum()
        assert changed <= 60, changed
    own.reset(2)
    for index, name in enumerate((own.raw.source_obj_name, own.raw.target_obj_name)):
        right, down = own._in_image(own.places)[index]
        own.picture()
        seen = own._camera.get_obs(rgb=False, depth=False, segmentation=True, position=False)["segmentation"][0, ..., 0].numpy()
        row, column = int((down + 1) / 2 * 480), int((right + 1) / 2 * 640)
        assert seen[row, column] == own.raw.objs[name].per_scene_id[0], name
    assert own.render("image", 224, 224).shape == (224, 224, 3)


for compared in tasks.SIMULATOR.tasks:
    client = made(compared)
    tasks_are_maniskill_s(compared, client)
    scenes_are_new(compared, client)
    heading_turns_with_the_object(compared, client)
    episodes_are_maniskill_s(compared, client, 10)
    if compared == STACK:
        conventions_are_the_bridge_data_s(client)
        pictures_can_be_made_later(client)
    client.close()
print("SIMPLER's client agrees with ManiSkill")
sys.stdout.flush()
# SAPIEN's renderer does not always survive the interpreter's end.
os._exit(0)
