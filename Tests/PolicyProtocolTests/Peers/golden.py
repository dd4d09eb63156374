"""Packs one value a case with openpi's own msgpack_numpy; prints a MessagePack map from name to bytes."""

import sys

import msgpack
import numpy as np
from openpi_client import msgpack_numpy

cases = {
    "none": None,
    "booleans": [True, False],
    "integers": [0, 1, 127, 128, 255, 256, 65535, 65536, 2**32, 2**63 - 1, -1, -32, -33, -128, -129, -(2**15) - 1, -(2**31) - 1, -(2**63)],
    "doubles": [0.0, -1.5, 1e300, float("inf")],
    "text": ["", "put the mug on the plate", "größer 🤖", "x" * 31, "x" * 32, "x" * 300, "x" * 70000],
    "bytes": [b"", b"\x00\xff", b"y" * 300, b"y" * 70000],
    "nested": {"a": {"b": [1, [2, {"c": None}]]}, "z": 1, "y": 2},
    "long_list": list(range(20)) + [[]] * 70000,
    "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "float64": np.array([1.5, -2.25, 1e-3]),
    "uint8": np.arange(27, dtype=np.uint8).reshape(3, 3, 3),
    "int64": np.array([-1, 2**40]),
    "bool": np.array([True, False]),
    "float16": np.array([1.5, -2.0, 6e-8, 65504.0, 0.333], dtype=np.float16),
    "big_endian": np.array([1.5, -2.25], dtype=">f4"),
    "uint16": np.array([[1], [65535]], dtype=np.uint16),
    "zero_dimensions": np.array(3.5),
    "empty": np.zeros((0, 7), dtype=np.float32),
    "strided": np.arange(12, dtype=np.float32).reshape(3, 4).T,
    "observation": {
        "observation/image": np.zeros((96, 96, 3), dtype=np.uint8),
        "observation/state": np.zeros(8),
        "prompt": "lift",
    },
    "text_scalar": np.array("größer 🤖"),
    "text_scalar_big_endian": np.array("lift").astype(">U4"),
    "text_array": np.array([["lift", "größer"], ["", "put it down"]]),
    "bytes_scalar": np.array("größer".encode()),
    "scalars": [np.float32(1.5), np.int64(-3), np.bool_(True), np.uint8(200)],
    "large_unsigned": 2**64 - 1,
    "single_precision": None,
}
packed = {name: msgpack_numpy.packb(value) for name, value in cases.items()}
packed["single_precision"] = msgpack.packb(1.5, use_single_float=True)
packed["text_keys"] = msgpack.packb({"__ndarray__": True, "data": b"\x01", "dtype": "|u1", "shape": [1]})
packed["timestamp"] = msgpack.packb(msgpack.Timestamp(1, 0))
packed["integer_key"] = msgpack.packb({1: 2})
array = {b"__ndarray__": True, b"data": bytes(16), b"shape": [2]}
packed["unread"] = msgpack.packb(
    {
        "complex": array | {b"dtype": "<c8"}, "structured": array | {b"dtype": [["x", "<f8"]]}, "objects": array | {b"dtype": "|O"},
        "time": msgpack.Timestamp(1, 0), "dates": array | {b"dtype": "<M8[ns]"}, "text": array | {b"dtype": "<U3"},
        "no_text": [array | {b"dtype": "<U2", b"data": b"\xff" * 16}], "latin1": array | {b"dtype": "|S8", b"data": b"\xe4" * 16},
        "numbered": {1: "a", -2: "b"}, "odd_keys": {1.5: "a"}, "prompt": "lift",
    }
)  # fmt: skip
packed["two_values"] = msgpack.packb(1) * 2
packed["deep"] = b"\x91" * 40 + b"\xc0"
packed["billions"] = b"\xdd\xff\xff\xff\xff"
sys.stdout.buffer.write(msgpack.packb(packed))
