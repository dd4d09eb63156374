"""SmolVLM2: SigLIP with positions by fractions of an image, pixel shuffle, and Llama."""

import torch
from common import IMAGE, Case, decoder_outputs, prompts
from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration as MODEL

# SmolVLM2 2.2B, for tiles of 384 pixels.
WHOLE_TEXT = dict(
    vocab_size=49280,
    hidden_size=2048,
    num_hidden_layers=24,
    intermediate_size=8192,
    num_attention_heads=32,
    num_key_value_heads=32,
    rms_norm_eps=1e-5,
)
WHOLE_VISION = dict(
    hidden_size=1152, num_hidden_layers=27, intermediate_size=4304, num_attention_heads=16, patch_size=14, image_size=384
)
CASES = {
    "tied head": Case(tied=True),
    "tied head, 4.57.3": Case(saved_by="4.57.3", tied=True),
    "biases, wide heads": Case(text=dict(attention_bias=True, mlp_bias=True, head_dim=24)),
}


def build(case):
    tied = case.overrides.get("tied", False)
    # 6 x 6 patches, of which 3 x 3 become a token. The defaults, 7 x 7 patches and a scale of 2, do not fit each other.
    text = dict(
        hidden_size=80,
        num_hidden_layers=3,
        intermediate_size=144,
        num_attention_heads=5,
        num_key_value_heads=5 if case.defaults else 1,
    )
    vision = dict(
        hidden_size=48,
        num_hidden_layers=2,
        intermediate_size=96,
        num_attention_heads=16 if case.defaults else 4,
        patch_size=32 if case.defaults else 14,
        image_size=192 if case.defaults else 84,
    )
    scale = 2 if case.defaults else 3
    if case.size == "full":
        text |= dict(hidden_size=960, num_hidden_layers=2, intermediate_size=2560, num_attention_heads=15)
        text |= dict(num_key_value_heads=5)
        vision |= dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, patch_size=16, image_size=512)
        scale = 4
    if case.size == "whole":
        text, vision, scale = WHOLE_TEXT, WHOLE_VISION, 3
    text = dict(model_type="llama", vocab_size=320, pad_token_id=0, tie_word_embeddings=tied) | text
    config = SmolVLMConfig(
        text_config=text | case.overrides.get("text", {}),
        vision_config=dict(model_type="smolvlm_vision", **vision),
        image_token_id=IMAGE,
        scale_factor=scale,
        tie_word_embeddings=tied,
    )
    return MODEL(config)


def inputs(config, random):
    vision = config.vision_config

    def batch(prompt_count, images, words, suffix=0, padding=(), size=vision.image_size):
        count = (size // vision.patch_size // config.scale_factor) ** 2
        tokens = prompts(random, [[count] * images] * prompt_count, words, suffix, padding)
        return tokens | dict(images=torch.randn(prompt_count * images, 3, size, size, generator=random))

    return {
        "prompt": batch(2, 1, 7),
        "two images": batch(1, 2, 5),
        "small images": batch(1, 2, 5, size=vision.patch_size * config.scale_factor),
        "text after the prompt": batch(2, 1, 9, 4),
        "padding": batch(2, 1, 9, padding=(0, 3)),
    }


def outputs(model, inputs):
    batch = len(inputs["tokens"])
    pixels = inputs["images"].unflatten(0, (batch, -1))
    result = model(
        input_ids=inputs["tokens"],
        pixel_values=pixels,
        attention_mask=inputs["tokenMask"].long(),
        output_hidden_states=True,
        use_cache=True,
    )
    image = model.model.get_image_features(pixels)
    count = (pixels.shape[-1] // model.config.vision_config.patch_size // model.config.scale_factor) ** 2
    projected = torch.cat(list(image.pooler_output)).unflatten(0, (-1, count))
    return decoder_outputs(result) | dict(vision=image.last_hidden_state, projector=projected)
