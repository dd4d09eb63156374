"""Fits and applies byte-pair encoding with the `tokenizers` library; writes fast_golden.json beside itself.

    python -m venv env && env/bin/pip install tokenizers==0.23.3 scipy numpy && env/bin/python make_fast_golden.py

Chunks are smooth motions of three columns and a gripper that closes once. Words are what FAST makes of them: the
orthonormal DCT-II along time of scipy, times the scale, rounded, all columns of frequency 0 first. Symbols are
coefficients minus the smallest one; a symbol becomes one character, so that the library sees a string and, with no
normalizer and no pre-tokenizer, nothing but the string. `tokens` are those of held-out words.
"""

import json
import pathlib

import numpy as np
from scipy.fft import dct
from tokenizers import Tokenizer, __version__, models, trainers

HORIZON, COLUMNS, FIRST_CHARACTER = 16, 4, 0x4E00


def chunks(count, seed):
    random = np.random.default_rng(seed)
    time = np.arange(HORIZON) / HORIZON
    values = np.empty((count, HORIZON, COLUMNS))
    for chunk in values:
        for column in range(COLUMNS - 1):
            wave = np.sin(2 * np.pi * (random.uniform(0.2, 1.2) * time + random.uniform()))
            chunk[:, column] = random.uniform(-0.6, 0.6) + random.uniform(-0.5, 0.5) * time + random.uniform(0, 0.3) * wave
        chunk[:, -1] = np.where(np.arange(HORIZON) < random.integers(0, 3 * HORIZON), -1, 1)
    return np.clip(values, -1, 1).round(4).astype(np.float32)


def coefficients(values, scale):
    return np.around(dct(values.astype(np.float64), axis=1, norm="ortho") * scale).astype(int).reshape(len(values), -1)


def case(scale, count, vocabulary_size, seed):
    fitted = coefficients(chunks(count, seed), scale)
    smallest, largest = int(fitted.min()), int(fitted.max())
    held_out = np.clip(coefficients(chunks(40, seed + 1000), scale), smallest, largest)
    text = lambda word: "".join(chr(FIRST_CHARACTER + symbol) for symbol in word - smallest)
    tokenizer = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=2,
        special_tokens=[],
        initial_alphabet=[chr(FIRST_CHARACTER + symbol) for symbol in range(largest - smallest + 1)],
        max_token_length=10000,
        show_progress=False,
    )
    tokenizer.train_from_iterator([text(word) for word in fitted], trainer=trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return {
        "alphabetSize": largest - smallest + 1,
        "vocabularySize": vocabulary_size,
        "words": (fitted - smallest).tolist(),
        "merges": [[model["vocab"][left], model["vocab"][right]] for left, right in model["merges"]],
        "heldOut": (held_out - smallest).tolist(),
        "tokens": [tokenizer.encode(text(word)).ids for word in held_out],
    }


def transform_case():
    values = chunks(12, seed=7)
    return {
        "horizon": HORIZON,
        "columns": COLUMNS,
        "values": values.reshape(len(values), -1).tolist(),
        "dct": dct(values.astype(np.float64), axis=1, norm="ortho").round(9).reshape(len(values), -1).tolist(),
        "rounded": coefficients(values, 10).tolist(),
    }


golden = {
    "tokenizers": __version__,
    "transform": transform_case(),
    "encodings": [
        case(scale=10, count=300, vocabulary_size=400, seed=1),
        case(scale=2, count=300, vocabulary_size=512, seed=2),
        case(scale=0.5, count=200, vocabulary_size=1024, seed=3),
    ],
}
path = pathlib.Path(__file__).with_name("fast_golden.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
