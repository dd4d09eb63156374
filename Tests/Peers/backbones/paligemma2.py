"""PaliGemma 2: SigLIP and Gemma 2."""

import json

import paligemma
from common import IMAGE, Case
from paligemma import MODEL, WHOLE_VISION, inputs, outputs  # noqa: F401
from transformers import PaliGemmaConfig

# PaliGemma 2 3B.
WHOLE_TEXT = dict(
    vocab_size=257216,
    hidden_size=2304,
    num_hidden_layers=26,
    intermediate_size=9216,
    num_attention_heads=8,
    num_key_value_heads=4,
    head_dim=256,
)
CASES = {
    "untied head": Case(tied=False),
    "sliding window": Case(text=dict(sliding_window=4)),
    "sliding window, 4.57.3": Case(saved_by="4.57.3", text=dict(sliding_window=4)),
    "other layers with a window": Case(
        text=dict(sliding_window=4, layer_types=["full_attention", "sliding_attention", "sliding_attention"])
    ),
    "no soft caps": Case(text=dict(attn_logit_softcapping=None, final_logit_softcapping=None)),
}


def build(case):
    tied = case.overrides.get("tied", True)
    # Caps that bend many scores of a small model.
    text = dict(
        hidden_size=64,
        num_hidden_layers=3,
        intermediate_size=160,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        query_pre_attn_scalar=24,
        attn_logit_softcapping=5.0,
        final_logit_softcapping=3.0,
    )
    if case.defaults:
        text = dict(hidden_size=64, num_hidden_layers=3, intermediate_size=160)
    if case.size == "full":
        text = WHOLE_TEXT | dict(num_hidden_layers=2)
    if case.size == "whole":
        text, vision = WHOLE_TEXT, WHOLE_VISION
    else:
        vision = paligemma.vision(case)
    text = dict(model_type="gemma2", tie_word_embeddings=tied) | text | case.overrides.get("text", {})
    if case.size != "whole":
        text["vocab_size"] = 320
    return MODEL(
        PaliGemmaConfig(
            text_config=text,
            vision_config=vision,
            image_token_index=257152 if case.size == "whole" else IMAGE,
            projection_dim=text["hidden_size"],
            hidden_size=text["hidden_size"],
            tie_word_embeddings=tied,
        )
    )


def rewrite(case, folder):
    """Leaves out which layers have a window, as files older than 4.57 do."""
    if case.defaults:
        config = json.loads((folder / "config.json").read_text())
        del config["text_config"]["layer_types"]
        (folder / "config.json").write_text(json.dumps(config))
