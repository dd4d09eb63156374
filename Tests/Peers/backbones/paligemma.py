"""PaliGemma: SigLIP and Gemma."""

import torch
from common import IMAGE, Case, decoder_outputs, prompts
from transformers import PaliGemmaConfig, PaliGemmaForConditionalGeneration as MODEL

# PaliGemma 3B, for images of 224 pixels.
WHOLE_TEXT = dict(
    model_type="gemma",
    vocab_size=257216,
    hidden_size=2048,
    num_hidden_layers=18,
    intermediate_size=16384,
    num_attention_heads=8,
    num_key_value_heads=1,
)
WHOLE_VISION = dict(
    model_type="siglip_vision_model",
    hidden_size=1152,
    num_hidden_layers=27,
    intermediate_size=4304,
    num_attention_heads=16,
    patch_size=14,
    image_size=224,
    vision_use_head=False,
)
CASES = {
    "untied head": Case(tied=False),
    "several heads of keys": Case(keys=2),
}


def vision(case):
    sizes = dict(
        model_type="siglip_vision_model",
        hidden_size=48,
        num_hidden_layers=2,
        intermediate_size=96,
        num_attention_heads=4,
        patch_size=14,
        image_size=224 if case.defaults else 56,
        vision_use_head=False,
    )
    if case.size == "full":
        sizes |= dict(hidden_size=1152, intermediate_size=4304, num_attention_heads=16, image_size=224)
    return sizes


def build(case):
    if case.size == "whole":
        return MODEL(
            PaliGemmaConfig(
                text_config=WHOLE_TEXT,
                vision_config=WHOLE_VISION,
                image_token_index=257152,
                tie_word_embeddings=True,
            )
        )
    keys, tied = case.overrides.get("keys", 1), case.overrides.get("tied", True)
    text = dict(
        hidden_size=64,
        num_hidden_layers=3,
        intermediate_size=160,
        num_attention_heads=4,
        num_key_value_heads=keys,
        head_dim=256 if case.defaults else 16,
    )
    if case.size == "full":
        text |= dict(hidden_size=2048, num_hidden_layers=2, intermediate_size=16384, num_attention_heads=8, head_dim=256)
    config = PaliGemmaConfig(
        text_config=dict(model_type="gemma", vocab_size=320, tie_word_embeddings=tied, **text),
        vision_config=vision(case),
        image_token_index=IMAGE,
        projection_dim=text["hidden_size"],
        hidden_size=text["hidden_size"],
        tie_word_embeddings=tied,
    )
    return MODEL(config)


def inputs(config, random):
    size = config.vision_config.image_size
    count = (size // config.vision_config.patch_size) ** 2

    def batch(prompt_count, images, words, suffix=0, padding=()):
        tokens = prompts(random, [[count] * images] * prompt_count, words, suffix, padding, frame=(0, 0))
        return tokens | dict(images=torch.randn(prompt_count * images, 3, size, size, generator=random))

    return {
        "prompt": batch(2, 1, 7),
        "two images": batch(1, 2, 5),
        "text after the prompt": batch(2, 1, 9, 4),
        "padding": batch(2, 1, 9, padding=(0, 3)),
    }


def outputs(model, inputs):
    result = model(
        input_ids=inputs["tokens"],
        pixel_values=inputs["images"],
        attention_mask=inputs["tokenMask"].long(),
        token_type_ids=inputs["isSuffix"].long(),
        output_hidden_states=True,
        use_cache=True,
    )
    image = model.model.get_image_features(inputs["images"])
    return decoder_outputs(result) | dict(vision=image.last_hidden_state, projector=image.pooler_output)
