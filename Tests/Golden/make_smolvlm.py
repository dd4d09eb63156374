"""Writes a small SmolVLM2 with random weights and a byte-level text tokenizer, as transformers saves it.

PYTHONPATH=.deps/transformers-5.24.0 .deps/peers/bin/python Tests/Golden/make_smolvlm.py
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers/backbones"))
import common  # noqa: F401, which prepares torchvision
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, SmolVLMConfig, SmolVLMForConditionalGeneration

alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
tokenizer = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.add_special_tokens(
    ["<|im_start|>", "<|im_end|>", "<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>"]
)
fast = PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<end_of_utterance>", pad_token="<|im_end|>"
)
text = dict(
    model_type="llama",
    vocab_size=len(fast),
    hidden_size=16,
    num_hidden_layers=2,
    intermediate_size=24,
    num_attention_heads=2,
    num_key_value_heads=1,
    pad_token_id=fast.pad_token_id,
)
vision = dict(
    model_type="smolvlm_vision",
    hidden_size=16,
    num_hidden_layers=1,
    intermediate_size=24,
    num_attention_heads=2,
    patch_size=8,
    image_size=32,
)
torch.manual_seed(0)
model = SmolVLMForConditionalGeneration(
    SmolVLMConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=fast.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        tie_word_embeddings=True,
    )
)
model.to(torch.bfloat16).save_pretrained(HERE / "smolvlm")
fast.save_pretrained(HERE / "smolvlm")
