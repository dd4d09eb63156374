"""Compares the LIBERO client's rotation vectors with robosuite's, to the bit (Golden/make_rotation_golden.py)."""

import json
import sys
from pathlib import Path

import numpy as np

tests = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(tests.parents[1]))
from Simulators.client.pose_control import quaternion_rotation_vector, rotation_vector  # noqa: E402

cases = json.loads((tests / "Golden/rotation_vectors.json").read_text())
long_ways = 0
for quaternion, expected in cases:
    quaternion, expected = (np.array([float.fromhex(x) for x in numbers]) for numbers in (quaternion, expected))
    before = quaternion.copy()
    found = quaternion_rotation_vector(quaternion)
    assert found.tobytes() == expected.tobytes(), (quaternion, found, expected)
    assert quaternion.tobytes() == before.tobytes()
    long_ways += np.linalg.norm(found) > np.pi
assert len(cases) == 207 and long_ways > 80, (len(cases), long_ways)
print(len(cases))
