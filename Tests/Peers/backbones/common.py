"""Random models of transformers' classes, their folders, and the tensors that ours are compared with.

Run with one of transformers' versions: `common.py save MODEL CASE FOLDER` writes a folder as users have it,
`common.py reference MODEL CASE FOLDER` reads it again and writes FOLDER/reference/tensors.safetensors.
`common.py whole MODEL - FOLDER` writes a model of the published size, in bfloat16 and in shards, to measure with.
"""

import importlib
import itertools
import json
import pathlib
import sys

import torch

sys.modules.setdefault("common", sys.modules[__name__])  # so that the models' files import this one, not a second

# Beside the CPU build of torch, torchvision's wheel lacks its compiled operators, and asks for these when imported.
library = torch.library.Library("torchvision", "DEF")
if torch.version.cuda is None:
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import safetensors.torch  # noqa: E402
import transformers  # noqa: E402

transformers.logging.set_verbosity_error()
IMAGE = 310  # the token that stands for a token of an image; words are smaller
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Case:
    """One folder of a model: its size, and in what it differs from the plainest one."""

    def __init__(self, size="tiny", saved_by="5.24.0", dtype="float32", shards=False, defaults=False, **overrides):
        self.size, self.saved_by, self.dtype, self.shards = size, saved_by, dtype, shards
        self.defaults, self.overrides = defaults, overrides


# What every backbone has to read; a model adds its own.
CASES = {
    "5.24.0": Case(),
    "4.57.3": Case(saved_by="4.57.3"),
    "shards, index incomplete": Case(shards=True),
    "bfloat16": Case(dtype="bfloat16"),
    "float16": Case(dtype="float16"),
    "keys of defaults removed": Case(saved_by="4.57.3", defaults=True),
    "full width": Case(size="full"),
}


def randomise(model, seed=0):
    """Weights with which every part has an effect of its own size: no norm of one, no bias of zero, attention that looks."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 1:
            parameter.data = parameter.data + 0.2 * noise
        else:
            parameter.data = noise * (1.5 / (parameter[0].numel() ** 0.5))
    model.tie_weights()
    return model.eval()


def without_defaults(config):
    """`config.json` without the keys that the classes have the same values for, as files that leave them out."""

    def plain(part):
        default = type(part)().to_dict()
        return {
            key: value
            for key, value in part.to_dict().items()
            if key == "model_type" or key not in default or default[key] != value
        }

    kept = plain(config)
    for name in type(config).sub_configs:
        kept[name] = plain(getattr(config, name))
    return kept


def save(model_name, case_name, folder):
    module = importlib.import_module(model_name)
    case = (CASES | getattr(module, "CASES", {}))[case_name]
    torch.manual_seed(0)
    model = randomise(module.build(case)).to(DTYPES[case.dtype])
    if case.shards:
        model.save_pretrained(folder, max_shard_size="100KB")
        index = folder / "model.safetensors.index.json"
        content = json.loads(index.read_text())
        last = sorted(set(content["weight_map"].values()))[-1]
        content["weight_map"] = {k: v for k, v in content["weight_map"].items() if v != last}
        index.write_text(json.dumps(content))
    else:
        model.save_pretrained(folder)
    if case.defaults:
        (folder / "config.json").write_text(json.dumps(without_defaults(model.config)))
    if hasattr(module, "rewrite"):
        module.rewrite(case, folder)


def reference(model_name, case_name, folder):
    module = importlib.import_module(model_name)
    case = (CASES | getattr(module, "CASES", {}))[case_name]
    source, index = folder, folder / "model.safetensors.index.json"
    if case.shards:
        index.rename(folder / "index.kept")  # transformers would believe it
        merged = {}
        for file in folder.glob("*.safetensors"):
            merged |= safetensors.torch.load_file(file)
        source = folder / "whole"
        source.mkdir()
        safetensors.torch.save_file(merged, source / "model.safetensors", metadata={"format": "pt"})
        (source / "config.json").write_text((folder / "config.json").read_text())
        (folder / "index.kept").rename(index)
    elif (folder / "whole").exists():
        source = folder / "whole"  # as a model's `rewrite` left it
    model = module.MODEL.from_pretrained(source, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    tensors = {}
    for variant, inputs in module.inputs(model.config, torch.Generator().manual_seed(1)).items():
        with torch.no_grad():
            outputs = module.outputs(model, inputs)
        named = {f"input.{k}": v for k, v in inputs.items()} | {f"output.{k}": v for k, v in outputs.items()}
        tensors |= {f"{variant}/{name}": tensor.contiguous().clone() for name, tensor in named.items()}
    target = folder / "reference"
    target.mkdir(exist_ok=True)
    safetensors.torch.save_file(tensors, target / "tensors.safetensors")


def prompts(random, images, words, suffix=0, padding=(), frame=(2, 1)):
    """Tokens of prompts: `frame[0]` words, every image and `frame[1]` words after it, `words` words.

    `images` has for every prompt the numbers of its images' tokens, `padding` how many of the last words it lacks; shorter
    prompts are padded. The last `suffix` tokens are text after the prompt.
    """

    def text(count):
        return torch.randint(3, 300, (count,), generator=random).tolist()

    rows = []
    for counts, missing in itertools.zip_longest(images, padding, fillvalue=0):
        row = text(frame[0])
        for count in counts:
            row += [IMAGE] * count + text(frame[1])
        rows.append(row + text(words - missing))
    length = max(map(len, rows))
    is_suffix = torch.zeros(len(rows), length, dtype=torch.bool)
    is_suffix[:, length - suffix :] = suffix > 0
    return dict(
        tokens=torch.tensor([row + [0] * (length - len(row)) for row in rows]),
        tokenMask=torch.tensor([[index < len(row) for index in range(length)] for row in rows]),
        isSuffix=is_suffix,
    )


def decoder_outputs(result):
    """Hidden states, keys and values of every layer, and logits, of a forward that gave them all.

    Layers with a sliding window whose cache forgot what lies before it are left out.
    """
    cache = getattr(result, "cache", None) or result.past_key_values
    outputs = {f"hidden.{index}": state for index, state in enumerate(result.hidden_states)}
    for index, layer in enumerate(cache.layers):
        if layer.keys.shape[2] == result.logits.shape[1]:
            outputs[f"keys.{index}"], outputs[f"values.{index}"] = layer.keys, layer.values
    return outputs | {"logits": result.logits}


def whole(model_name, _, folder):
    """A model of the published size: several GB."""
    module = importlib.import_module(model_name)
    with torch.device("meta"):
        model = module.build(Case(size="whole")).to(torch.bfloat16)
    model = model.to_empty(device="cpu")
    for parameter in model.parameters():
        parameter.data.uniform_(-0.03, 0.03)
    model.tie_weights()
    model.save_pretrained(folder, max_shard_size="2GB")


def cases(model_name, case_name, folder):
    """Prints the names of a model's cases, each with the version that saves it."""
    every = CASES | getattr(importlib.import_module(model_name), "CASES", {})
    print(json.dumps({name: case.saved_by for name, case in every.items()}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    command, model_name, case_name, folder = sys.argv[1:]
    {"save": save, "reference": reference, "cases": cases, "whole": whole}[command](model_name, case_name, pathlib.Path(folder))
