"""With `write FOLDER`, saves arrays with NumPy; with `read FILE ...`, prints what NumPy loads from files, as JSON."""

import json
import pathlib
import sys

import numpy as np

mode, *paths = sys.argv[1:]
if mode == "write":
    folder = pathlib.Path(paths[0])
    arrays = {
        "float32": np.array([[1.5, -2.25, 3.4e38], [0, -0.0, 1e-45]], dtype=np.float32),
        "float64": np.array([1.5, -2.25]),
        "int64": np.array([[[-(2**63)], [2**63 - 1]]]),
        "int32": np.arange(-3, 3, dtype=np.int32),
        "int16": np.array([-2, 300], dtype=np.int16),
        "uint16": np.array([65535], dtype=np.uint16),
        "uint32": np.array([2**32 - 1], dtype=np.uint32),
        "int8": np.array([-128, 127], dtype=np.int8),
        "uint8": np.array([0, 255], dtype=np.uint8),
        "scalar": np.array(7, dtype=np.int64),
        "empty": np.zeros((0, 16, 4), dtype=np.float32),
        "fortran": np.asfortranarray(np.zeros((2, 3), dtype=np.float32)),
        "big_endian": np.zeros(2, dtype=">f4"),
        "text": np.array(["ab"]),
        "record": np.zeros(2, dtype=[("x", "<f4")]),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    for version in [(2, 0), (3, 0)]:
        with open(folder / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, np.arange(6, dtype=np.int64).reshape(2, 3), version=version)
else:
    loaded = [np.load(path) for path in paths]
    json.dump(
        [{"dtype": array.dtype.str, "shape": array.shape, "values": array.ravel().tolist()} for array in loaded],
        sys.stdout,
    )
