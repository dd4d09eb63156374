"""Folders of tokenizers as the Hub has them, trained small: the same normalizers, patterns, decoders and added tokens."""

import json
import pathlib

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST
LLAMA = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def split(pattern: str):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def special(*contents: str) -> list[AddedToken]:
    return [AddedToken(content, special=True, normalized=False) for content in contents]


def byte_level(corpus, size, splitter, normalizer=None, specials=(), **settings) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(**settings))
    tokenizer.pre_tokenizer = splitter
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size + 256, show_progress=False, special_tokens=list(specials), initial_alphabet=alphabet
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def qwen(corpus, size) -> Tokenizer:
    """Qwen2's and Qwen3's, as in Qwen2.5-VL and InternVL3.5."""
    tokenizer = byte_level(corpus, size, split(QWEN), normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
    tokenizer.add_special_tokens(special(*names, "<img>", "</img>", "<IMG_CONTEXT>"))
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    return tokenizer


def smollm2(corpus, size) -> Tokenizer:
    """SmolLM2's, as in SmolVLM2."""
    splitter = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<fake_token_around_image>", "<image>", "<global-img>"]
    rows = [f"<row_{row}_col_{column}>" for row in range(1, 3) for column in range(1, 3)]
    return byte_level(corpus, size, splitter, specials=[*names, *rows])


def gpt2(corpus, size) -> Tokenizer:
    return byte_level(corpus, size, pre_tokenizers.ByteLevel(add_prefix_space=True))


def llama3(corpus, size) -> Tokenizer:
    begin = "<|begin_of_text|>"
    tokenizer = byte_level(corpus, size, split(LLAMA), specials=[begin], ignore_merges=True)
    template = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, 0)]
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), template])
    return tokenizer


def gemma(corpus, size) -> Tokenizer:
    """Gemma's, as in PaliGemma: pieces of text, and bytes for what they lack."""
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split(Regex("▁+|[^▁]{1,12}"), "isolated")
    alphabet = min(1500, size // 2)
    trainer = trainers.BpeTrainer(
        vocab_size=size + 261, limit_alphabet=alphabet, show_progress=False, special_tokens=names + BYTES
    )
    trained.train_from_iterator(corpus, trainer)
    model = json.loads(trained.to_str())["model"]
    # Pieces that are canonically equivalent, as the real vocabulary has.
    for piece in ["\u212b", "\u00c5", "A\u030a", "\u1100\u1161", "\uac00", "\u00e9", "e\u0301"]:
        model["vocab"].setdefault(piece, len(model["vocab"]))
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = Tokenizer(
        models.BPE(vocab=model["vocab"], merges=merges, fuse_unk=True, unk_token="<unk>", byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(special(*names, "<image>"))
    tokenizer.add_tokens([f"<loc{index:04}>" for index in range(4)] + [f"<seg{index:03}>" for index in range(2)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", 2)]
    )
    return tokenizer


def flags(corpus, size) -> Tokenizer:
    """Added tokens of every kind, some of which begin alike or that normalization changes."""
    tokenizer = qwen(corpus, size)
    tokenizer.add_tokens(
        [
            AddedToken("<l>", lstrip=True),
            AddedToken("<r>", rstrip=True),
            AddedToken("<lr>", lstrip=True, rstrip=True, normalized=False),
            AddedToken("word", single_word=True),
            AddedToken("raw", single_word=True, normalized=False),
            AddedToken("e\u0301t\u00e9"),
            AddedToken("o\u0308k", normalized=False),
            AddedToken("<l"),
            AddedToken("l>", special=True),
            AddedToken("ab"),
            AddedToken("abc"),
            AddedToken("bcd", lstrip=True),
            AddedToken(" sp", rstrip=True),
            AddedToken("\u212b"),
            AddedToken("\u00c5ng"),
        ]
    )
    return tokenizer


def unknown(fuse: bool) -> Tokenizer:
    """A vocabulary that lacks most characters, and merges of different pairs that make the same piece."""
    pieces = ["<unk>", "a", "b", "c", "ab", "bc", "abc", "aa", "e", "\u0301", "<0x41>", "<0xC3>"]
    merges = [("b", "c"), ("a", "b"), ("ab", "c"), ("a", "bc"), ("a", "a")]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    return Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=fuse, byte_fallback=True))


MAKERS = {
    "qwen": qwen,
    "smollm2": smollm2,
    "gpt2": gpt2,
    "llama3": llama3,
    "gemma": gemma,
    "flags": flags,
    "unknown": lambda corpus, size: unknown(fuse=False),
    "unknown_fused": lambda corpus, size: unknown(fuse=True),
}


def save(tokenizer: Tokenizer, folder: pathlib.Path, merges_as_text: bool = False) -> None:
    """Writes `tokenizer.json`, in the older form of merges if asked."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(tokenizer.to_str())
    if merges_as_text:
        content["model"]["merges"] = [" ".join(merge) for merge in content["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False))


def save_sentencepiece(corpus, size, folder: pathlib.Path) -> sentencepiece.SentencePieceProcessor:
    """Gemma's `tokenizer.model` and configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    own = ["<mask>", "\n", "\n\n", "▁▁", "▁▁▁", *(f"<loc{index:04}>" for index in range(4)), "<seg000>", "<seg001>"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for text in corpus if text.strip() and "\0" not in text]),
        model_prefix=str(folder / "tokenizer"), vocab_size=size + 271, model_type="bpe", byte_fallback=True,
        add_dummy_prefix=False, remove_extra_whitespaces=False, normalization_rule_name="identity", split_digits=True,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
        user_defined_symbols=own, allow_whitespace_only_pieces=True, character_coverage=0.99, hard_vocab_limit=False,
        num_threads=1, minloglevel=2,
    )  # fmt: skip
    (folder / "tokenizer.vocab").unlink()
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    count = model.get_piece_size()
    plain = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False}
    contents = {index: model.id_to_piece(index) for index in range(count)}
    added = {index: piece for index, piece in contents.items() if piece.startswith(("<loc", "<seg"))}
    added |= {index: contents[index] for index in range(4)} | {count: "<image>"}
    configuration = {
        "tokenizer_class": "GemmaTokenizer",
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "add_bos_token": True,
        "additional_special_tokens": ["<image>"],
        "clean_up_tokenization_spaces": False,
        "added_tokens_decoder": {
            str(index): {"content": piece, "special": not piece.startswith(("<loc", "<seg"))} | plain
            for index, piece in sorted(added.items())
        },
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration))
    return model
