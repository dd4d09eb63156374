"""Scales random images with openpi's own resize_with_pad; prints a list of {image, resized}."""

import sys

import numpy as np
from openpi_client import image_tools, msgpack_numpy

random = np.random.default_rng(7)
sizes = [
    ((96, 96), (96, 96)), ((480, 640), (224, 224)), ((640, 480), (96, 96)), ((256, 256), (224, 224)), ((48, 48), (96, 96)),
    ((100, 37), (96, 96)), ((37, 100), (64, 96)), ((1, 1), (8, 8)), ((30, 500), (20, 30)), ((224, 224), (96, 128)),
    ((97, 96), (96, 96)), ((7, 5), (200, 31)),
]
pairs = []
for (height, width), (new_height, new_width) in sizes:
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pairs.append({"image": image, "resized": image_tools.resize_with_pad(image, new_height, new_width)})
sys.stdout.buffer.write(msgpack_numpy.packb(pairs))
