#!/usr/bin/env python3
"""Image processors give a policy's backbone what those of transformers give, with Pillow as the back end, in two of its versions.

    Tests/Peers/images_agree.py            prints the largest difference of each model's pixels, in 255ths of a byte's range

Images have odd sizes, too: sides of one pixel, very long ones. Placeholders in prompts are compared as text.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Peers/text"))
VERSIONS = ("5.24.0", "4.57.3")
SIZES = [
    (640, 480), (480, 640), (224, 224), (70, 98), (98, 70), (84, 126), (1, 1), (1, 50), (37, 1), (3, 5), (1000, 20),
    (33, 470), (512, 512), (1023, 511), (448, 448), (800, 600), (13, 700), (300, 301), (1280, 720),
]  # fmt: skip
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
# Settings as the Hub's folders have them, small ones of the same kind, and the defaults of the classes.
CASES = {
    "paligemma": [
        {"size": {"height": 224, "width": 224}, "resample": 3, "image_seq_length": 256},
        {"size": {"height": 448, "width": 448}, "image_seq_length": 1024},
        {"size": {"height": 30, "width": 44}, "resample": 1, "image_seq_length": 6, "do_normalize": False},
        {"image_seq_length": 256, "resample": 2, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]},
    ],
    "qwen": [
        {},
        {"min_pixels": 3136, "max_pixels": 12845056},
        {"size": {"shortest_edge": 784, "longest_edge": 50176}, "merge_size": 1, "temporal_patch_size": 1},
        {"patch_size": 16, "size": {"shortest_edge": 65536, "longest_edge": 16777216}, **IMAGENET},
    ],
    "internvl": [
        {"size": {"height": 448, "width": 448}, **IMAGENET},
        {"size": {"height": 448, "width": 448}, "max_patches": 1, **IMAGENET},
        {"size": {"height": 56, "width": 42}, "max_patches": 6, "min_patches": 2},
        {},
    ],
    "smolvlm": [
        {"size": {"longest_edge": 2048}, "max_image_size": {"longest_edge": 512}},
        {"size": {"longest_edge": 128}, "max_image_size": {"longest_edge": 32}},
        {"size": {"longest_edge": 96}, "max_image_size": {"longest_edge": 96}, "resample": 3},
        {"do_image_splitting": False, "size": {"longest_edge": 100}, "max_image_size": {"longest_edge": 48}},
    ],
}
# Tokens of a tile, by default.
TOKENS = {"internvl": 256, "smolvlm": 169}


class Ours:
    """Image processors of this package, in a process of their own."""

    def __init__(self, folder):
        program = ROOT / ".build/release/processor-parity"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = folder

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"no answer to {request}")
        return json.loads(line)

    def tokens(self, text):
        return self.ask({"text": {"folder": str(self.folder), "texts": [text], "special": False}})["tokens"][0]

    def __call__(self, image, **request):
        import numpy

        (self.folder / "pixels").write_bytes(image.tobytes())
        places = {"pixels": str(self.folder / "pixels"), "output": str(self.folder / "output")}
        size = {"height": image.shape[0], "width": image.shape[1]}
        request = {"folder": str(self.folder)} | places | size | request
        answer = self.ask({"image": request})
        answer["values"] = numpy.fromfile(self.folder / "output", numpy.float32).reshape(answer["shape"])
        return answer


def images():
    """Noise, and smooth colours with an edge, of every size."""
    import numpy

    draw = numpy.random.default_rng(0)
    for width, height in SIZES:
        yield draw.integers(0, 256, (height, width, 3), dtype=numpy.uint8)
        rows, columns = numpy.mgrid[0:height, 0:width]
        smooth = numpy.stack([rows * 255 / height, columns * 255 / width, (rows + columns) % 256], axis=-1)
        smooth[height // 3 : height // 2, width // 4 :] = (255, 0, 128)
        yield smooth.astype(numpy.uint8)


def processors(version):
    if version.startswith("5"):
        from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil as internvl
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil as qwen
        from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil as paligemma
        from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil as smolvlm
    else:
        from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor as internvl
        from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor as qwen
        from transformers.models.siglip.image_processing_siglip import SiglipImageProcessor as paligemma
        from transformers.models.smolvlm.image_processing_smolvlm import SmolVLMImageProcessor as smolvlm
    return {"paligemma": paligemma, "qwen": qwen, "internvl": internvl, "smolvlm": smolvlm}


def theirs(model, processor, image):
    """Pixels, and the grid where there is one."""
    import numpy

    settings = {"return_tensors": "np", "input_data_format": "channels_last"}
    if model == "internvl":
        settings["crop_to_patches"] = True  # InternVLProcessor's default
    if model == "smolvlm":
        settings["return_row_col_info"] = True
    output = processor(image, **settings)
    if model == "paligemma":
        return output["pixel_values"][0], [], output
    if model == "qwen":
        return output["pixel_values"], numpy.asarray(output["image_grid_thw"])[0].tolist(), output
    if model == "internvl":
        return numpy.stack(output["pixel_values"]), [], output
    assert output["pixel_attention_mask"].all()
    return output["pixel_values"][0], [output["rows"][0][0], output["cols"][0][0]], output


def placeholder(model, processor, output, count):
    """What the processor of text and images puts into a prompt, by its own code; `count` tokens an image or tile."""
    from transformers.models.internvl.processing_internvl import InternVLProcessor
    from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
    from transformers.models.smolvlm.processing_smolvlm import SmolVLMProcessor

    if model == "paligemma":
        return "<image>" * count + "<bos>go\n"
    if model == "qwen":
        of = types.SimpleNamespace(image_processor=processor, image_token="<|image_pad|>")
        return f"<|vision_start|>{Qwen2_5_VLProcessor.replace_image_token(of, output, 0)}<|vision_end|>"
    if model == "internvl":
        names = {"start_image_token": "<img>", "image_token": "<IMG_CONTEXT>", "end_image_token": "</img>"}
        return InternVLProcessor.replace_image_token(types.SimpleNamespace(**names, image_seq_length=count), output, 0)
    names = {"fake_image_token": "<fake_token_around_image>", "image_token": "<image>", "global_image_token": "<global-img>"}
    return SmolVLMProcessor.replace_image_token(types.SimpleNamespace(**names, image_seq_len=count), output, 0)


def prompts(temporary) -> int:
    """Compares the tokens of prompts with those of the processors of text and images as a whole."""
    import folders
    from random_text import texts
    from transformers import PreTrainedTokenizerFast
    from transformers.models.internvl import processing_internvl, video_processing_internvl
    from transformers.models.paligemma.processing_paligemma import PaliGemmaProcessor
    from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
    from transformers.models.smolvlm import processing_smolvlm, video_processing_smolvlm

    processing_smolvlm.num2words = str  # it asks for a package that only prompts of videos need
    names = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    models = {
        "paligemma": ("gemma", {"bos_token": "<bos>"}, "<image>{}", lambda *parts: PaliGemmaProcessor(*parts)),
        "qwen": (
            "qwen",
            {},
            "<|vision_start|><|image_pad|><|vision_end|>{}",
            lambda *parts: Qwen2_5_VLProcessor(*parts, Qwen2VLVideoProcessor()),
        ),
        "internvl": (
            "qwen",
            {"extra_special_tokens": names | {"image_token": "<IMG_CONTEXT>", "video_token": "<video>"}},
            "<IMG_CONTEXT>{}",
            lambda *parts: processing_internvl.InternVLProcessor(
                *parts, video_processing_internvl.InternVLVideoProcessor()
            ),
        ),
        "smolvlm": (
            "smollm2",
            {},
            "<image>{}",
            lambda *parts: processing_smolvlm.SmolVLMProcessor(
                *parts, video_processing_smolvlm.SmolVLMVideoProcessor()
            ),
        ),
    }
    corpus = texts(1000, ["<x>"], seed=3)
    ours = {name: Ours(temporary) for name in models}
    failed = 0
    for model, (tokenizer, settings, prompt, make) in models.items():
        folders.save(folders.MAKERS[tokenizer](corpus, 400), temporary)
        (temporary / "preprocessor_config.json").write_text(json.dumps(CASES[model][0]))
        file = str(temporary / "tokenizer.json")
        images_of = processors(VERSIONS[0])[model](**CASES[model][0])
        processor = make(images_of, PreTrainedTokenizerFast(tokenizer_file=file, **settings))
        wrong = 0
        pictures = [image for image in images() if max(image.shape[:2]) <= 640][:12]
        instructions = ["go", "pick up the red block, then 12 others", " Öffne die Schublade!\n", ""]
        for index, image in enumerate(pictures):
            text = instructions[index % 4] or "x"
            asked = prompt.format(text)
            expected = processor(images=[image], text=[asked], input_data_format="channels_last")["input_ids"][0]
            answer = ours[model](image, model=model)
            if model == "paligemma":
                filled = answer["placeholder"].replace("go\n", text + "\n")
            else:
                filled = answer["placeholder"] + text
            wrong += list(expected) != ours[model].tokens(filled)
        print(f"{VERSIONS[0]} {model:10} {len(pictures)} prompts: {wrong} with other tokens", flush=True)
        failed += wrong
    return failed


def compare(version, temporary) -> int:
    """Compares every model with one version of transformers, which the path has."""
    import numpy
    import torchvision_reader

    library = torchvision_reader.prepare()  # noqa: F841, its definitions last as long as this object
    import transformers

    transformers.logging.set_verbosity_error()
    assert transformers.__version__ == version, transformers.__version__
    ours = Ours(temporary)
    failed = prompts(temporary) if version == VERSIONS[0] else 0
    for model, make in processors(version).items():
        for settings in CASES[model]:
            (temporary / "preprocessor_config.json").write_text(json.dumps(settings))
            if version == "4.57.3" and model == "qwen" and "size" in settings:
                # This version ignores the size of a configuration, which it saves under the older keys, too.
                size = settings["size"]
                settings = settings | {"min_pixels": size["shortest_edge"], "max_pixels": size["longest_edge"]}
            processor = make(**settings)
            largest = compared = 0
            for image in images():
                height, width = image.shape[:2]
                if model == "qwen" and max(height, width) > 200 * min(height, width):
                    continue
                expected, grid, output = theirs(model, processor, image)
                answer = ours(image, model=model)
                if list(expected.shape) != answer["shape"] or grid != answer["grid"]:
                    print(f"    {width} x {height}: expected {expected.shape}, {grid}; found {answer['shape']}, {answer['grid']}")
                    failed += 1
                    continue
                count = settings.get("image_seq_length", TOKENS.get(model))
                if version == VERSIONS[0] and placeholder(model, processor, output, count) != answer["placeholder"]:
                    print(f"    {width} x {height}: another placeholder")
                    failed += 1
                # A byte's step, once it is normalized
                step = 1 / 255 / (max(processor.image_std) if processor.do_normalize else 1)
                largest = max(largest, numpy.abs(expected - answer["values"]).max() / step)
                compared += 1
            failed += largest > 0.01
            print(f"{version} {model:10} {json.dumps(settings)[:80]:80} {compared} images: {largest:.1g}", flush=True)
    return failed


def scaling(temporary) -> int:
    """Compares scaling alone with Pillow, to the bit, and its time."""
    import numpy
    from PIL import Image

    ours = Ours(temporary)
    failed = 0
    sizes = [(224, 224), (1, 1), (7, 300), (500, 3), (640, 480), (90, 79), (90, 80), (90, 81)]
    filters = {"lanczos": 1, "bilinear": 2, "bicubic": 3}
    for name, number in filters.items():
        wrong = 0
        for image in images():
            for size in sizes:
                expected = numpy.asarray(Image.fromarray(image).resize(size, number))
                wrong += int((expected != ours(image, model="pillow", size=size, filter=number)["values"]).sum())
        picture = next(images())
        times = []
        for _ in range(20):
            started = time.perf_counter()
            Image.fromarray(picture).resize((224, 224), number)
            times.append(time.perf_counter() - started)
        seconds = ours(picture, model="pillow", size=(224, 224), filter=number, repetitions=20)["seconds"]
        print(
            f"Pillow {name:9} {wrong} bytes differ; 640 x 480 to 224 x 224 in {seconds * 1e3:.2f} ms ({min(times) * 1e3:.2f} ms)",
            flush=True,
        )
        failed += wrong > 0
    return failed


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        if len(sys.argv) > 1:
            return 1 if compare(sys.argv[1], pathlib.Path(name)) else 0
        build = [ROOT / "Scripts/swift", "build", "-c", "release", "--product", "processor-parity"]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        failed = scaling(pathlib.Path(name))
    for version in VERSIONS:
        environment = os.environ | {"PYTHONPATH": str(ROOT / f".deps/transformers-{version}"), "HF_HUB_OFFLINE": "1"}
        failed += subprocess.run([sys.executable, __file__, version], env=environment).returncode
    print("as the libraries have them" if failed == 0 else "images differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
