"""Writes what Pillow and the image processors of transformers make of small images.

    PYTHONPATH=.deps/transformers-5.24.0 .deps/peers/bin/python Tests/ImageProcessingTests/Golden/make_golden.py
"""

import base64
import json
import pathlib
import sys

import numpy
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Peers"))
import images_agree

SIZES = [(20, 14), (14, 20), (1, 1), (1, 9), (37, 3), (16, 16), (25, 7)]
SCALED = [(7, 9), (33, 5), (5, 13)]
SETTINGS = {
    "paligemma": {"size": {"height": 8, "width": 10}, "image_seq_length": 3},
    "qwen": {"patch_size": 2, "min_pixels": 64, "max_pixels": 200},
    "internvl": {"size": {"height": 6, "width": 6}, "max_patches": 4, **images_agree.IMAGENET},
    "smolvlm": {"size": {"longest_edge": 14}, "max_image_size": {"longest_edge": 6}},
}
# Under the names that the processors of text and images have for the tokens of a tile.
PROCESSORS = {"internvl": {"image_seq_length": 2}, "smolvlm": {"image_seq_len": 2}}


def text(values) -> str:
    return base64.b64encode(numpy.ascontiguousarray(values).tobytes()).decode()


draw = numpy.random.default_rng(2)
images = [draw.integers(0, 256, (height, width, 3), dtype=numpy.uint8) for width, height in SIZES]
golden = {
    "images": [{"width": image.shape[1], "height": image.shape[0], "pixels": text(image)} for image in images],
    "scaled": [
        {"image": index, "width": width, "height": height, "filter": number,
         "pixels": text(Image.fromarray(image).resize((width, height), number))}
        for index, image in enumerate(images) for width, height in SCALED for number in (1, 2, 3)
    ],
    "processed": [],
}  # fmt: skip
for model, make in images_agree.processors("5.24.0").items():
    folder = HERE / model
    folder.mkdir(exist_ok=True)
    (folder / "preprocessor_config.json").write_text(json.dumps(SETTINGS[model]) + "\n")
    if model in PROCESSORS:
        (folder / "processor_config.json").write_text(json.dumps(PROCESSORS[model]) + "\n")
    processor = make(**SETTINGS[model])
    for index, image in enumerate(images):
        values, grid, output = images_agree.theirs(model, processor, image)
        case = {"model": model, "image": index, "shape": values.shape, "grid": grid, "values": text(values)}
        case["placeholder"] = images_agree.placeholder(model, processor, output, 3 if model == "paligemma" else 2)
        golden["processed"].append(case)
(HERE / "golden.json").write_text(json.dumps(golden, separators=(",", ":")))
