"""Rotation vectors of robosuite 1.4.0, of random quaternions and of the ends of their range.

    make_rotation_golden.py ROBOSUITE > rotation_vectors.json

ROBOSUITE is the unpacked wheel. Its `transform_utils` is loaded without the rest of the package, which needs numba and MuJoCo.
"""

import importlib.util
import json
import sys
import types

import numpy as np

numba = types.ModuleType("robosuite.utils.numba")
numba.jit_decorator = lambda function: function
sys.modules["robosuite.utils.numba"] = numba
spec = importlib.util.spec_from_file_location("transform_utils", f"{sys.argv[1]}/robosuite/utils/transform_utils.py")
transform_utils = importlib.util.module_from_spec(spec)
spec.loader.exec_module(transform_utils)

draw = np.random.default_rng(0)
quaternions = draw.normal(size=(200, 4))
quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
ends = [[0, 0, 0, 1], [0, 0, 0, -1], [0, 0, 0, 1 + 1e-12], [0.7, 0.1, 0, -0.707], [1, 0, 0, 0], [1e-9, 0, 0, 1 - 1e-16], [1e-8, 0, 0, -1 + 1e-15]]
cases = []
for quaternion in [*quaternions, *(np.array(end, float) for end in ends)]:
    vector = transform_utils.quat2axisangle(quaternion.copy())
    cases.append([[float(x).hex() for x in quaternion], [float(x).hex() for x in vector]])
print(json.dumps(cases))
