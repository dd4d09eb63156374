"""InternVL 3.5: InternViT, pixel shuffle and Qwen3; InternVL 3 has Qwen2."""

import json

import safetensors.torch
import torch
from common import IMAGE, Case, decoder_outputs, prompts
from transformers import InternVLConfig, InternVLForConditionalGeneration as MODEL

# InternVL3.5 2B.
WHOLE_TEXT = dict(
    vocab_size=151936,
    hidden_size=2048,
    num_hidden_layers=28,
    intermediate_size=6144,
    num_attention_heads=16,
    num_key_value_heads=8,
    rope_theta=1000000.0,
)
WHOLE_VISION = dict(attention_bias=True)
CASES = {
    "untied head": Case(tied=False),
    "Qwen2": Case(family="qwen2"),
    "Qwen2, 4.57.3": Case(saved_by="4.57.3", family="qwen2"),
    "sliding window": Case(text=dict(use_sliding_window=True, sliding_window=4, max_window_layers=1)),
    "RMS norms, a norm at the end": Case(vision=dict(norm_type="rms_norm", use_mean_pooling=False)),
    "remote code": Case(saved_by="4.57.3", remote=True),
}


def build(case):
    tied, family = case.overrides.get("tied", True), case.overrides.get("family", "qwen3")
    text = dict(
        hidden_size=80,
        num_hidden_layers=3,
        intermediate_size=144,
        num_attention_heads=8,
        num_key_value_heads=8 if case.defaults else 2,
    )
    if family == "qwen3":
        text["head_dim"] = 128 if case.defaults else 24
    vision = dict(
        hidden_size=48,
        num_hidden_layers=2,
        intermediate_size=96,
        num_attention_heads=16 if case.defaults else 4,
        patch_size=14,
        image_size=448 if case.defaults else 56,
        attention_bias=not case.defaults,
    )
    if case.size == "full":
        text |= dict(hidden_size=2048, num_hidden_layers=2, intermediate_size=6144, num_attention_heads=16, head_dim=128)
        text |= dict(num_key_value_heads=8)
        vision |= dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16, image_size=448)
    if case.size == "whole":
        text, vision = WHOLE_TEXT, WHOLE_VISION
    text = dict(model_type=family, vocab_size=320, tie_word_embeddings=tied) | text
    config = InternVLConfig(
        text_config=text | case.overrides.get("text", {}),
        vision_config=dict(model_type="internvl_vision", **vision) | case.overrides.get("vision", {}),
        image_token_id=IMAGE,
        tie_word_embeddings=tied,
    )
    return MODEL(config)


def rewrite(case, folder):
    """The folder in the layout of the publisher's own code, from which transformers' classes cannot read."""
    if not case.overrides.get("remote"):
        return
    config = json.loads((folder / "config.json").read_text())
    vision = config["vision_config"]
    side, patch = vision["image_size"][0], vision["patch_size"][0]
    remote = dict(
        model_type="internvl_chat",
        downsample_ratio=config["downsample_ratio"],
        force_image_size=side,
        ps_version="v2",
        select_layer=-1,
        img_context_token_id=IMAGE,
        llm_config=config["text_config"],
        vision_config=dict(
            model_type="intern_vit_6b",
            **{
                key: vision[key]
                for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "norm_type")
            },
            image_size=side,
            patch_size=patch,
            qkv_bias=vision["attention_bias"],
            qk_normalization=False,
        ),
    )
    tensors = {}
    names = {
        "attention.projection_layer": "attn.proj",
        "layernorm_before": "norm1",
        "layernorm_after": "norm2",
        "lambda_1": "ls1",
        "lambda_2": "ls2",
        "vision_tower.embeddings.cls_token": "vision_model.embeddings.class_embedding",
        "vision_tower.embeddings.position_embeddings": "vision_model.embeddings.position_embedding",
        "vision_tower.embeddings.patch_embeddings.projection": "vision_model.embeddings.patch_embedding",
        "vision_tower.encoder.layer": "vision_model.encoder.layers",
        "multi_modal_projector.layer_norm": "mlp1.0",
        "multi_modal_projector.linear_1": "mlp1.1",
        "multi_modal_projector.linear_2": "mlp1.3",
    }
    published = safetensors.torch.load_file(folder / "model.safetensors")
    for name, tensor in published.items():
        kept = name
        for old, new in names.items():
            kept = kept.replace(old, new)
        if ".attention.q_proj." in name:
            parts = [published[name.replace("q_proj", f"{part}_proj")] for part in "qkv"]
            tensors[kept.replace("attention.q_proj", "attn.qkv")] = torch.cat(parts)
        elif ".attention.k_proj." not in name and ".attention.v_proj." not in name:
            tensors[kept] = tensor
    whole = folder / "whole"
    whole.mkdir()
    for file in ("config.json", "model.safetensors"):
        (folder / file).rename(whole / file)
    (folder / "config.json").write_text(json.dumps(remote))
    safetensors.torch.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def inputs(config, random):
    vision = config.vision_config

    def batch(prompt_count, images, words, suffix=0, padding=(), size=vision.image_size[0]):
        count = int((size // vision.patch_size[0] * config.downsample_ratio) ** 2)
        tokens = prompts(random, [[count] * images] * prompt_count, words, suffix, padding)
        return tokens | dict(images=torch.randn(prompt_count * images, 3, size, size, generator=random))

    return {
        "prompt": batch(2, 1, 7),
        "two images": batch(1, 2, 5),
        "large images": batch(1, 2, 5, size=84),
        "text after the prompt": batch(2, 1, 9, 4),
        "padding": batch(2, 1, 9, padding=(0, 3)),
    }


def outputs(model, inputs):
    result = model(
        input_ids=inputs["tokens"],
        pixel_values=inputs["images"],
        attention_mask=inputs["tokenMask"].long(),
        output_hidden_states=True,
        use_cache=True,
    )
    image = model.model.get_image_features(inputs["images"])
    return decoder_outputs(result) | dict(vision=image.last_hidden_state, projector=image.pooler_output)
