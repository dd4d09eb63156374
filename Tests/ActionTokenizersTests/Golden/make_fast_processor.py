"""Writes fast_processor/, a folder as the public FAST processor saves itself, and processor_golden.json.

    python -m venv env && env/bin/pip install tokenizers==0.23.3 scipy numpy && env/bin/python make_fast_processor.py

The vocabulary is trained by the `tokenizers` library with the settings that arXiv 2501.09747's processor is made of:
byte-level byte-pair encoding over text in which a coefficient is the character numbered by it, minus the smallest
one. Chunks are sums of two sine waves a column, so that coefficients become control characters, spaces, digits, letters and
signs, which the library's pattern for English text cuts into words.
"""

import json
import pathlib

import numpy as np
from scipy.fft import dct, idct
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HORIZON, COLUMNS, SCALE, VOCABULARY = 12, 3, 40, 700
here = pathlib.Path(__file__).parent
folder = here / "fast_processor"


def chunks(count, seed):
    random = np.random.default_rng(seed)
    time = np.linspace(0, 1, HORIZON)[None, :, None]
    uniform = lambda low, high: random.uniform(low, high, (count, 1, COLUMNS))
    values = uniform(-0.6, 0.6) + uniform(-0.6, 0.6) * time + uniform(0, 0.4) * np.sin(uniform(1, 7) * time + uniform(0, 6))
    return np.clip(values, -1, 1).round(4)


def coefficients(values):
    return np.around(dct(values, axis=1, norm="ortho") * SCALE).astype(int).reshape(len(values), -1)


def text(word, smallest):
    return "".join(chr(symbol) for symbol in np.maximum(word - smallest, 0))


fitted = coefficients(chunks(600, seed=1))
smallest, largest = int(fitted.min()), int(fitted.max())
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
trainer = trainers.BpeTrainer(
    vocab_size=VOCABULARY,
    min_frequency=2,
    show_progress=False,
    special_tokens=[],
    initial_alphabet=[chr(symbol) for symbol in range(largest - smallest + 1)],
    max_token_length=10000,
)
tokenizer.train_from_iterator([text(word, smallest) for word in fitted], trainer=trainer)

folder.mkdir(exist_ok=True)
tokenizer.save(str(folder / "tokenizer.json"))
configuration = {
    "action_dim": COLUMNS,
    "min_token": smallest,
    "processor_class": "UniversalActionProcessor",
    "scale": SCALE,
    "time_horizon": HORIZON,
    "vocab_size": VOCABULARY,
}
(folder / "processor_config.json").write_text(json.dumps(configuration, indent=2) + "\n")

held_out = chunks(60, seed=2)
words = np.clip(coefficients(held_out), smallest, largest)
tokens = [tokenizer.encode(text(word, smallest)).ids for word in words]
spelled = [[ord(character) + smallest for character in tokenizer.decode(ids)] for ids in tokens]
assert spelled == words.tolist()
golden = {
    "smallest": smallest,
    "chunks": held_out.reshape(len(held_out), -1).tolist(),
    "tokens": tokens,
    "decoded": idct(words.reshape(len(words), HORIZON, COLUMNS) / SCALE, axis=1, norm="ortho")
    .round(7).reshape(len(words), -1).tolist(),
}  # fmt: skip
(here / "processor_golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
