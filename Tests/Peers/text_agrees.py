#!/usr/bin/env python3
"""Text tokenizers give the tokens of Hugging Face `tokenizers` and of `sentencepiece`, and the texts of tokens.

    Tests/Peers/text_agrees.py [COUNT]     COUNT random texts a tokenizer (10,000)

Tokenizers as the Hub's folders have them are trained small (Tests/Peers/text/folders.py). A part of a folder is left out then, which
the comparison has to notice.
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Peers/text"))
import folders
from random_text import texts
from tokenizers import Tokenizer

PROMPT = (
    "Task: pick up the red block and put it into the left bowl, then close the drawer. State: 12 45 128 200 13 77 9 255; "
    "Action: it's the robot's arm that moves"
)


class Ours:
    """Tokenizers of this package, in a process of their own."""

    def __init__(self):
        program = ROOT / ".build/release/processor-parity"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, folder, **request):
        text = {"folder": str(folder), "special": False} | request
        self.process.stdin.write(json.dumps({"text": text}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def differences(ours, theirs, inputs, show):
    wrong = [index for index, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]]
    for index in wrong[: 3 if show else 0]:
        print(f"    {ascii(inputs[index])}: expected {ascii(theirs[index])}, found {ascii(ours[index])}")
    return len(wrong)


def compared(ours, folder, added, size, encode, decode, count, show=True):
    """Numbers of texts and of sequences of tokens that come out differently."""
    inputs = texts(count, added, seed=7)
    draw = random.Random(7)
    drawn = [[draw.randrange(size) for _ in range(draw.randrange(12))] for _ in range(count)]
    encoding = decoding = 0
    for special in (False, True):
        theirs = [encode(text, special) for text in inputs]
        encoding += differences(ours(folder, texts=inputs, special=special)["tokens"], theirs, inputs, show)
        tokens = theirs + drawn
        decoded = [decode(ids, special) for ids in tokens]
        decoding += differences(ours(folder, tokens=tokens, special=special)["texts"], decoded, tokens, show)
    return encoding, decoding


def json_folder(ours, folder, count, reference=None, show=True):
    tokenizer = Tokenizer.from_file(str((reference or folder) / "tokenizer.json"))
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()] or ["<x>"]
    return compared(
        ours,
        folder,
        added,
        tokenizer.get_vocab_size(),
        lambda text, special: tokenizer.encode(text, add_special_tokens=special).ids,
        lambda ids, skip: tokenizer.decode(ids, skip_special_tokens=skip),
        count,
        show,
    )


def sentencepiece_texts(ours, folder, model, count):
    """The library's own texts: without those that the folder's configuration makes tokens of."""
    inputs = [text for text in texts(count, ["<x>"], seed=8) if not any(mark in text for mark in ("<loc", "<seg", "<eos"))]
    theirs = [model.encode(text) for text in inputs]
    encoding = differences(ours(folder, texts=inputs)["tokens"], theirs, inputs, True)
    return encoding, differences(ours(folder, tokens=theirs)["texts"], [model.decode(ids) for ids in theirs], theirs, True)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    build = [ROOT / "Scripts/swift", "build", "-c", "release", "--product", "processor-parity"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    files = [*ROOT.glob("Documentation/*.md"), *ROOT.glob("Sources/Support/*.swift"), *ROOT.glob("Simulators/*.py")]
    corpus = [line for file in sorted(files) for line in file.read_text().split("\n")] + texts(4000, ["<x>"], seed=3)
    failed = 0
    ours = Ours()
    with tempfile.TemporaryDirectory() as name:
        temporary = pathlib.Path(name)
        for kind, make in folders.MAKERS.items():
            folder = temporary / kind
            folders.save(make(corpus, 3000), folder, merges_as_text=kind == "smollm2")
            encoding, decoding = json_folder(ours, folder, count)
            failed += encoding + decoding
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            started = time.perf_counter()
            for _ in range(1000):
                tokenizer.encode(PROMPT)
            theirs = (time.perf_counter() - started) / 1000
            answer = ours(folder, texts=[PROMPT], repetitions=1000)
            print(
                f"{kind:20} {count} texts: {encoding} encoded and {decoding} decoded differently; "
                f"{len(answer['tokens'][0])} tokens in {answer['seconds'] * 1e3:.3f} ms ({theirs * 1e3:.3f} ms)",
                flush=True,
            )
        folder = temporary / "sentencepiece"
        model = folders.save_sentencepiece(corpus, 3000, folder)
        encoding, decoding = sentencepiece_texts(ours, folder, model, count)
        failed += encoding + decoding
        print(f"{'sentencepiece':20} {count} texts: {encoding} encoded and {decoding} decoded differently")
        for kind, part in [("qwen", "normalizer"), ("qwen", "pre_tokenizer"), ("gemma", "decoder"), ("gemma", "post_processor")]:
            content = json.loads((temporary / kind / "tokenizer.json").read_text())
            (temporary / "wrong").mkdir(exist_ok=True)
            wrong = temporary / "wrong" / f"{kind} {part}"
            wrong.mkdir()
            (wrong / "tokenizer.json").write_text(json.dumps(content | {part: None}))
            noticed = sum(json_folder(ours, wrong, min(count, 1000), reference=temporary / kind, show=False))
            print(f"{kind} without its {part}: {noticed} differences")
            failed += noticed == 0
    print("as the libraries have them" if failed == 0 else f"{failed} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
