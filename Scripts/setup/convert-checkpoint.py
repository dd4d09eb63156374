#!/usr/bin/env python3
"""Converts a checkpoint that PyTorch 1.5 or older saved to safetensors, without PyTorch and without running its code.

    convert-checkpoint.py CHECKPOINT SAFETENSORS

Such a file is a row of pickles (a magic number, the format's version, the machine's sizes, the tensors, the keys of
their storages), then every storage: its number of elements, and the elements. A pickle may call anything that it names,
so the unpickler here knows three names (an ordered dictionary, a tensor, the types of storages) and refuses every other.
Names of tensors stay as they are.
"""

import collections
import dataclasses
import pathlib
import pickle
import struct
import sys

import numpy
from safetensors.numpy import save_file

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001

# Types of a storage's elements, little endian.
STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "|u1",
}


@dataclasses.dataclass
class Storage:
    dtype: numpy.dtype
    count: int
    elements: numpy.ndarray | None = None


@dataclasses.dataclass
class Tensor:
    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> numpy.ndarray:
        elements = self.storage.elements
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides))
        if elements is None or min((self.offset, *self.shape, *self.strides)) < 0 or last >= len(elements):
            raise ValueError(f"a tensor of {self.shape} does not lie in its storage")
        strides = [stride * elements.itemsize for stride in self.strides]
        view = numpy.lib.stride_tricks.as_strided(elements[self.offset :], self.shape, strides, writeable=False)
        return numpy.ascontiguousarray(view).reshape(self.shape)


def tensor(storage, offset, shape, strides, requires_grad=False, hooks=None):
    """Stands for torch._utils._rebuild_tensor_v2."""
    if not isinstance(storage, Storage) or len(shape) != len(strides):
        raise pickle.UnpicklingError(f"a tensor is made of {storage}, {shape} and {strides}")
    return Tensor(storage, offset, tuple(shape), tuple(strides))


class Unpickler(pickle.Unpickler):
    """Knows tensors, and nothing that runs."""

    def __init__(self, file, storages):
        super().__init__(file)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return tensor
        if module == "torch" and name in STORAGES:
            return name
        raise pickle.UnpicklingError(f"the checkpoint names {module}.{name}, which is neither a tensor nor a dictionary")

    def persistent_load(self, identifier):
        kind, dtype, key, _, count, view = identifier
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"the checkpoint refers to {identifier}, which is no whole storage")
        return self.storages.setdefault(key, Storage(numpy.dtype(STORAGES[dtype]), count))


def read(path: pathlib.Path) -> dict[str, numpy.ndarray]:
    storages: dict[str, Storage] = {}
    with path.open("rb") as file:
        magic, version, system, tensors, keys = (Unpickler(file, storages).load() for _ in range(5))
        if magic != MAGIC or version != VERSION or not system["little_endian"]:
            raise ValueError(f"{path} is no checkpoint of PyTorch's first format")
        for key in keys:
            storage = storages[key]
            (count,) = struct.unpack("<q", file.read(8))
            data = file.read(storage.dtype.itemsize * storage.count)
            if count != storage.count or len(data) != storage.dtype.itemsize * count:
                raise ValueError(f"{path} was cut off, or is damaged")
            storage.elements = numpy.frombuffer(data, storage.dtype)
        if file.read(1):
            raise ValueError(f"{path} goes on behind its last storage")
    return {name: value.array() for name, value in tensors.items()}


def main() -> None:
    checkpoint, output = (pathlib.Path(argument) for argument in sys.argv[1:3])
    tensors = read(checkpoint)
    output.parent.mkdir(parents=True, exist_ok=True)
    aside = output.with_name(output.name + ".partial")
    save_file(tensors, aside)
    aside.chmod(0o644)
    aside.rename(output)
    print(f"{len(tensors)} tensors of {checkpoint.name} in {output}")


if __name__ == "__main__":
    main()
