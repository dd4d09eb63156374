"""Writes a small SmolVLM2, PaliGemma or Qwen2.5-VL with random weights and a byte-level text tokenizer, as transformers saves them.

PYTHONPATH=.deps/transformers-5.24.0 .deps/peers/bin/python Tests/Golden/make_models.py smolvlm
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers/backbones"))
import common  # noqa: F401, which prepares torchvision
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

TEXT = dict(hidden_size=16, num_hidden_layers=2, intermediate_size=24, num_attention_heads=2, num_key_value_heads=1)
VISION = dict(hidden_size=16, num_hidden_layers=1, intermediate_size=24, num_attention_heads=2, patch_size=8, image_size=32)


def text_tokenizer(special, **roles):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles)


def smolvlm():
    special = ["<|im_start|>", "<|im_end|>", "<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>"]
    fast = text_tokenizer(special, bos_token="<|im_start|>", eos_token="<end_of_utterance>", pad_token="<|im_end|>")
    text = dict(model_type="llama", vocab_size=len(fast), pad_token_id=fast.pad_token_id, **TEXT)
    config = transformers.SmolVLMConfig(
        text_config=text,
        vision_config=dict(model_type="smolvlm_vision", **VISION),
        image_token_id=fast.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        tie_word_embeddings=True,
    )
    return transformers.SmolVLMForConditionalGeneration, config, fast, None


def paligemma():
    fast = text_tokenizer(
        ["<pad>", "<eos>", "<bos>", "<image>"], bos_token="<bos>", eos_token="<eos>", pad_token="<pad>"
    )
    config = transformers.PaliGemmaConfig(
        text_config=dict(model_type="gemma", vocab_size=len(fast), head_dim=8, tie_word_embeddings=True, **TEXT),
        vision_config=dict(model_type="siglip_vision_model", vision_use_head=False, **VISION),
        image_token_index=fast.convert_tokens_to_ids("<image>"),
        projection_dim=16,
        hidden_size=16,
        tie_word_embeddings=True,
    )
    images = {"size": {"height": 32, "width": 32}, "image_seq_length": 16}
    return transformers.PaliGemmaForConditionalGeneration, config, fast, images


def qwen25vl():
    special = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
    fast = text_tokenizer(special, eos_token="<|im_end|>", pad_token="<|im_end|>")
    rotary = {"type": "mrope", "mrope_section": [1, 1, 2]}
    config = transformers.Qwen2_5_VLConfig(
        text_config=dict(vocab_size=len(fast), tie_word_embeddings=True, rope_scaling=rotary, **TEXT),
        vision_config=dict(
            hidden_size=16, depth=2, num_heads=2, intermediate_size=24, out_hidden_size=16, fullatt_block_indexes=[1],
            patch_size=4, window_size=16,
        ),
        image_token_id=fast.convert_tokens_to_ids("<|image_pad|>"),
        tie_word_embeddings=True,
    )  # fmt: skip
    images = {"patch_size": 4, "min_pixels": 64, "max_pixels": 1024}
    return transformers.Qwen2_5_VLForConditionalGeneration, config, fast, images


for name, make in {"smolvlm": smolvlm, "paligemma": paligemma, "qwen25vl": qwen25vl}.items():
    if name not in sys.argv[1:]:
        continue
    model_class, config, fast, images = make()
    torch.manual_seed(0)
    model_class(config).to(torch.bfloat16).save_pretrained(HERE / name)
    fast.save_pretrained(HERE / name)
    if images:
        (HERE / name / "preprocessor_config.json").write_text(json.dumps(images) + "\n")
