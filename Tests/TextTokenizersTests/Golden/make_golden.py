"""Writes small tokenizers by the real libraries, and what they make of random texts: .deps/peers/bin/python make_golden.py"""

import json
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Peers/text"))
import folders
from random_text import texts

COUNT = 60
lines = (HERE.parents[2] / "LICENSE").read_text().split("\n")
corpus = lines + texts(800, ["<x>"], seed=1)
# Every branch of GPT-2's pattern.
BRANCHES = [
    "a'sb're'x' 's", "  a   12 \t\n", "a  b", " \u00a0\u0085x", "\u0001\u001f \u007f9\u00b2\u00bd", "it'll  !?",
    "\u0300\u0301a\u0370\u02b0\u02c2 \u0660", "\u2003 \u2003z", "   ", "'", "we've  ' d",
]  # fmt: skip


def cases(name, added, size, encode, decode):
    """Texts with their tokens, and tokens drawn at random with their texts."""
    draw = random.Random(name)
    result = []
    for text in texts(COUNT, added, seed=len(name)) + BRANCHES:
        ids = encode(text, False)
        result.append({"text": text, "ids": ids, "special": encode(text, True), "decoded": decode(ids, False)})
    for _ in range(COUNT // 2):
        ids = [draw.randrange(size) for _ in range(draw.randrange(12))]
        result.append({"ids": ids, "decoded": decode(ids, False), "skipped": decode(ids, True)})
    return result


golden = {}
for name, make in folders.MAKERS.items():
    tokenizer = make(corpus, 80)
    folders.save(tokenizer, HERE / name, merges_as_text=name in ("smollm2", "gpt2"))
    golden[name] = cases(
        name,
        [token.content for token in tokenizer.get_added_tokens_decoder().values()] or ["<x>"],
        tokenizer.get_vocab_size(),
        lambda text, special: tokenizer.encode(text, add_special_tokens=special).ids,
        lambda ids, skip: tokenizer.decode(ids, skip_special_tokens=skip),
    )

# The library between added tokens, which the folder's configuration names.
model = folders.save_sentencepiece(lines, 200, HERE / "gemma_sentencepiece")
entries = json.loads((HERE / "gemma_sentencepiece/tokenizer_config.json").read_text())["added_tokens_decoder"]
added = {entry["content"]: int(index) for index, entry in entries.items()}
contents = {index: content for content, index in added.items()}
specials = {int(index) for index, entry in entries.items() if entry["special"]}
cut = re.compile("(" + "|".join(map(re.escape, added)) + ")")


def encode(text, special):
    ids = [2] if special else []
    for part in cut.split(text):
        ids += [added[part]] if part in added else model.encode(part)
    return ids


def decode(ids, skip):
    text, run = "", []
    for token in [token for token in ids if not (skip and token in specials)] + [None]:
        if token is None or token in contents:
            text += (model.decode(run) if run else "") + contents.get(token, "")
            run = []
        else:
            run.append(token)
    return text


golden["gemma_sentencepiece"] = cases("gemma_sentencepiece", list(added), model.get_piece_size() + 1, encode, decode)
(HERE / "golden.json").write_text(json.dumps(golden, separators=(",", ":")))
