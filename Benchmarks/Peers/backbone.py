"""Backbones of published shapes by transformers: prefill of a prompt with one image, and forwards of a few tokens after it.

    backbone.py MODEL DTYPES LAYERS VISION_LAYERS VOCABULARY BLOCK WORDS THREADS

MODEL is paligemma or qwen25vl, at the width of its 3B version, with random weights in every one of DTYPES, float32 and bfloat16. `prefill-DTYPE` computes
keys and values of the whole prompt; of the last layer no more than these, as FASTer does. `block-DTYPE` is a forward of BLOCK tokens after
it, `tokens-DTYPE` as many forwards of one.
"""

import copy
import pathlib
import resource
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".deps" / "transformers-5.24.0"))

import measuring  # noqa: E402
import torch  # noqa: E402

library = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import transformers  # noqa: E402

transformers.logging.set_verbosity_error()
kind, dtypes = sys.argv[1], sys.argv[2].split(",")
layers, vision_layers, vocabulary, block, words, threads = map(int, sys.argv[3:])
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
torch.set_num_threads(threads)
IMAGE = vocabulary - 1


def paligemma():
    text = dict(model_type="gemma", vocab_size=vocabulary, hidden_size=2048, num_hidden_layers=layers, intermediate_size=16384)
    text |= dict(num_attention_heads=8, num_key_value_heads=1, head_dim=256)
    vision = dict(model_type="siglip_vision_model", hidden_size=1152, intermediate_size=4304, num_hidden_layers=vision_layers)
    vision |= dict(num_attention_heads=16, patch_size=14, image_size=224, vision_use_head=False)
    config = transformers.PaliGemmaConfig(
        text_config=text, vision_config=vision, image_token_index=IMAGE, projection_dim=2048, hidden_size=2048
    )
    model = transformers.PaliGemmaForConditionalGeneration(config)
    tokens = torch.tensor([[IMAGE] * 256 + [number % 100 for number in range(words)]])
    inputs = dict(input_ids=tokens, pixel_values=torch.randn(1, 3, 224, 224), token_type_ids=torch.zeros_like(tokens))
    return model, inputs | dict(attention_mask=torch.ones_like(tokens))


def qwen25vl():
    text = dict(model_type="qwen2_5_vl_text", vocab_size=vocabulary, hidden_size=2048, num_hidden_layers=layers)
    text |= dict(intermediate_size=11008, num_attention_heads=16, num_key_value_heads=2, rms_norm_eps=1e-6, max_window_layers=layers)
    text |= dict(rope_parameters=dict(rope_type="default", mrope_section=[16, 24, 24], rope_theta=1e6))
    vision = dict(depth=vision_layers, hidden_size=1280, intermediate_size=3420, num_heads=16, out_hidden_size=2048)
    vision |= dict(fullatt_block_indexes=[index for index in (7, 15, 23, 31) if index < vision_layers])
    config = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision, image_token_id=IMAGE)
    model = transformers.Qwen2_5_VLForConditionalGeneration(config)
    tokens = torch.tensor([[IMAGE] * 64 + [number % 100 for number in range(words)]])
    inputs = dict(input_ids=tokens, pixel_values=torch.randn(256, 1176), image_grid_thw=torch.tensor([[1, 16, 16]]))
    inputs |= dict(attention_mask=torch.ones_like(tokens), mm_token_type_ids=(tokens == IMAGE).long())
    return model, inputs


class Stop(Exception):
    """The last layer's keys and values are in the cache."""


class PrefixCache(transformers.DynamicCache):
    """A cache that ends the forward of a prompt with the keys and values of the last layer."""

    isPrefilling = True

    def update(self, key, value, layer, *rest, **more):
        result = super().update(key, value, layer, *rest, **more)
        if self.isPrefilling and layer == layers - 1:
            raise Stop
        return result


def calls(model, dtype):
    own = {name: value.to(dtype) if value.is_floating_point() else value for name, value in inputs.items()}

    @torch.inference_mode()
    def prefill():
        cache = PrefixCache(config=model.config)
        try:
            model.model(**own, cache=cache, use_cache=True)
        except Stop:
            cache.isPrefilling = False
        return cache

    cache = prefill()
    length = inputs["input_ids"].shape[1]

    def forwards(size, count):
        x = torch.zeros(1, size, 2048, dtype=dtype)

        @torch.inference_mode()
        def call():
            for number in range(count):
                past = length + number * size
                positions = torch.arange(past, past + size)[None]
                if kind == "qwen25vl":
                    positions = positions[None].expand(3, -1, -1)
                model.model.language_model(inputs_embeds=x, cache=cache, position_ids=positions, use_cache=True)
            cache.crop(-size * count)

        return call

    def prefilling():
        prefill()

    return {"prefill": prefilling, "block": forwards(block, 1), "tokens": forwards(1, block)}


torch.set_default_dtype(DTYPES[dtypes[0]])
model, inputs = {"paligemma": paligemma, "qwen25vl": qwen25vl}[kind]()
torch.set_default_dtype(torch.float32)
models = {name: copy.deepcopy(model.eval()) if name != dtypes[0] else model for name in dtypes}
named = {name: calls(model.to(DTYPES[name]), DTYPES[name]) for name, model in models.items()}
measuring.serve(
    f"transformers {transformers.__version__}, torch {torch.__version__}",
    {f"{call}-{name}": body for name, bodies in named.items() for call, body in bodies.items()},
    {"peak": lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024},
)
