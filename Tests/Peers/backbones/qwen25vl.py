"""Qwen2.5-VL: a vision encoder with windows, and Qwen2.5."""

import json

import safetensors.torch
import torch
from common import IMAGE, Case, decoder_outputs, prompts
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration as MODEL

# Qwen2.5-VL 3B.
WHOLE_TEXT = dict(
    vocab_size=151936,
    hidden_size=2048,
    num_hidden_layers=36,
    intermediate_size=11008,
    num_attention_heads=16,
    num_key_value_heads=2,
    rms_norm_eps=1e-6,
    rope_scaling={"type": "mrope", "mrope_section": [16, 24, 24]},
)
WHOLE_VISION = dict(hidden_size=1280, out_hidden_size=2048)
CASES = {
    "untied head": Case(tied=False),
    "flat configuration of the Hub": Case(saved_by="4.57.3", layout="hub"),
    "names in memory": Case(saved_by="4.57.3", layout="memory"),
    "sliding window": Case(sliding=True),
}


def build(case):
    sliding = case.overrides.get("sliding", False)
    tied = case.overrides.get("tied", True)
    text = dict(
        hidden_size=64,
        num_hidden_layers=3,
        intermediate_size=160,
        num_attention_heads=4,
        num_key_value_heads=2,
        rope_scaling={"type": "mrope", "mrope_section": [2, 3, 3]},
    )
    vision = dict(
        hidden_size=48, depth=3, num_heads=4, intermediate_size=40, out_hidden_size=64, fullatt_block_indexes=[1]
    )
    if case.defaults:  # heads of 128 channels, whose sections are the default's, and the whole depth of the vision encoder
        text |= dict(hidden_size=1024, num_attention_heads=8, num_key_value_heads=8)
        text["rope_scaling"]["mrope_section"] = [16, 24, 24]
        vision = dict(hidden_size=64, out_hidden_size=1024)
    if case.size == "full":
        text |= dict(
            hidden_size=2048, num_hidden_layers=2, intermediate_size=11008, num_attention_heads=16, rms_norm_eps=1e-6
        )
        text["rope_scaling"]["mrope_section"] = [16, 24, 24]
        vision = dict(hidden_size=1280, depth=2, out_hidden_size=2048, fullatt_block_indexes=[1])
    if case.size == "whole":
        text, vision = WHOLE_TEXT, WHOLE_VISION
    if sliding:
        text |= dict(use_sliding_window=True, sliding_window=5, max_window_layers=1)
    config = Qwen2_5_VLConfig(
        text_config=dict(vocab_size=320, tie_word_embeddings=tied) | text,
        vision_config=vision,
        image_token_id=IMAGE,
        tie_word_embeddings=tied,
    )
    return MODEL(config)


def rewrite(case, folder):
    """A layout that neither version writes."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    layout = case.overrides.get("layout")
    if case.defaults:  # what transformers 5 takes for granted; 4.57.3 cannot do without
        del config["text_config"]["rope_scaling"]
    if layout == "hub":
        text = config.pop("text_config")
        text["rope_scaling"] = {"type": "mrope", "mrope_section": text["rope_scaling"]["mrope_section"]}
        text.pop("dtype", None)
        kept = ("depth", "num_heads", "intermediate_size", "fullatt_block_indexes", "hidden_size", "out_hidden_size")
        vision = {key: config["vision_config"][key] for key in kept}
        vision |= {"in_chans": 3, "spatial_patch_size": 14, "tokens_per_second": 2}
        config = text | config | {"vision_config": vision, "torch_dtype": config.pop("dtype")}
    path.write_text(json.dumps(config))
    if layout == "memory":
        file = folder / "model.safetensors"
        tensors = safetensors.torch.load_file(file)

        def name(old):
            return old.replace("visual.", "model.visual.") if old.startswith("visual.") else old.replace("model.", "model.language_model.")

        safetensors.torch.save_file({name(key): value for key, value in tensors.items()}, file, metadata={"format": "pt"})


def inputs(config, random):
    vision = config.vision_config
    numbers = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2

    def batch(grids, words=5, suffix=0):
        """Prompts with the grids of their images."""
        counts = [[height * width // 4 for height, width in row] for row in grids]
        tokens = prompts(random, counts, words, suffix, frame=(3, 1))
        every = [[1, *grid] for row in grids for grid in row]
        if not every:
            return tokens
        patches = sum(height * width for _, height, width in every)
        return tokens | dict(grids=torch.tensor(every), images=torch.randn(patches, numbers, generator=random))

    return {
        "whole windows": batch([[(16, 16)], [(16, 16)]]),
        "odd grids": batch([[(16, 20), (6, 10)]]),
        "different grids, padding": batch([[(6, 10)], [(10, 4), (2, 2)], [(8, 18)]]),
        "prompt": batch([[(4, 12)], [(6, 8)]]),
        "text after the prompt": batch([[(4, 12)], [(6, 8)]], suffix=4),
        "words alone": batch([[], []], suffix=3),
    }


def outputs(model, inputs):
    grids, tokens = inputs.get("grids"), inputs["tokens"]
    types = (tokens == IMAGE).int()
    result = model(
        input_ids=tokens,
        pixel_values=inputs.get("images"),
        image_grid_thw=grids,
        attention_mask=inputs["tokenMask"].long(),
        mm_token_type_ids=types,
        output_hidden_states=True,
        use_cache=True,
    )
    found = decoder_outputs(result)
    if grids is None:
        return found
    image = model.model.get_image_features(inputs["images"], grids)
    positions, _ = model.model.get_rope_index(tokens, types, grids, attention_mask=inputs["tokenMask"].long())
    return found | dict(
        vision=image.last_hidden_state[None], projector=torch.cat(list(image.pooler_output))[None], positions=positions
    )
