"""Fits B-splines with scipy and writes beast_golden.json beside itself.

    python -m venv env && env/bin/pip install scipy==1.17.1 numpy && env/bin/python make_beast_golden.py

`design` is scipy's design matrix of the clamped cubic spline with evenly spaced knots, at evenly spaced positions from 0
to 1; `points` are the ridge regression of the samples, by NumPy's solver.
"""

import json
import pathlib

import numpy as np
import scipy
from scipy.interpolate import BSpline

RIDGE = 1e-4


def case(steps, count, columns, seed):
    degree = min(3, count - 1)
    knots = np.concatenate([np.zeros(degree), np.linspace(0, 1, count - degree + 1), np.ones(degree)])
    design = BSpline.design_matrix(np.linspace(0, 1, steps), knots, degree).toarray()
    samples = np.random.default_rng(seed).uniform(-1, 1, (steps, columns)).round(4)
    points = np.linalg.solve(design.T @ design + RIDGE * np.eye(count), design.T @ samples)
    return {
        "steps": steps,
        "count": count,
        "columns": columns,
        "design": design.round(12).ravel().tolist(),
        "samples": samples.ravel().tolist(),
        "points": points.round(9).ravel().tolist(),
        "curve": (design @ points).round(9).ravel().tolist(),
    }


golden = {
    "scipy": scipy.__version__,
    "ridge": RIDGE,
    "cases": [
        case(steps=16, count=5, columns=4, seed=1),
        case(steps=16, count=5, columns=4, seed=2),
        case(steps=50, count=12, columns=2, seed=3),
        case(steps=7, count=4, columns=1, seed=4),
        case(steps=7, count=2, columns=3, seed=5),
        case(steps=10, count=10, columns=1, seed=6),
    ],
}
path = pathlib.Path(__file__).with_name("beast_golden.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
