"""FAST's public processor as its users run it: scipy's DCT and Hugging Face's byte-level BPE, one chunk at a time.

    fast.py EXAMPLES    a safetensors file: `all` normalised chunks, which it is fitted to, and `actions`, which it is tried on

Written anew from the processor's behaviour, because the hub that it comes from is not needed for anything else here.
It uses `tokenizers` directly; the processor goes through `transformers` on top of it, which takes longer.
"""

import sys

import measuring
import numpy as np
import scipy
import tokenizers
from safetensors.numpy import load_file
from scipy.fft import dct, idct

SCALE, VOCABULARY = 10, 1024


def rounded(chunks):
    return np.around(dct(chunks, axis=-2, norm="ortho") * SCALE).astype(int)


def text(symbols):
    return "".join(map(chr, symbols.flatten() - low))


examples = load_file(sys.argv[1])
chunks, fitted = examples["actions"], rounded(examples["all"])
low, high = fitted.min(), fitted.max()
bpe = tokenizers.ByteLevelBPETokenizer()
trainer = tokenizers.trainers.BpeTrainer(
    vocab_size=VOCABULARY,
    min_frequency=2,
    show_progress=False,
    special_tokens=[],
    initial_alphabet=[chr(symbol) for symbol in range(high - low + 1)],
    max_token_length=10_000,
)
bpe._tokenizer.train_from_iterator([text(symbols) for symbols in fitted], trainer=trainer)


def encoded(chunk):
    return bpe.encode(text(np.maximum(rounded(chunk), low))).ids


def decoded(tokens):
    symbols = np.array(list(map(ord, bpe.decode(tokens)))) + low
    return idct(symbols.reshape(-1, chunks.shape[2]) / SCALE, axis=0, norm="ortho")


ids = [encoded(chunk) for chunk in chunks]
for tokens, chunk in zip(ids, chunks):
    assert np.array_equal(rounded(decoded(tokens)), rounded(chunk)), "a chunk does not come back"
position = 0


def decode():
    """The next chunk's tokens."""
    global position
    position = (position + 1) % len(ids)
    decoded(ids[position])


measuring.serve(f"tokenizers {tokenizers.__version__}, scipy {scipy.__version__}", {"decode": decode})
