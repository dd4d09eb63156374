"""Random texts: words, digits, white space, marks, emoji, characters of every plane, and added tokens whole and in part."""

import random

WORDS = (
    "the robot picks up red block and places it into bowl State Action Task éclair naïve Ångström straße ÜBER "
    "Ελλάδα привет мир 日本語 テスト 中文 한국어 العربية עברית हिन्दी ไทย don't I'LL we've he's they'd x'RE 'm ’s 'ſ İstanbul"
).split()
SPACES = [" ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", " \n ", "▁", "▁▁"] + [
    chr(code) for code in (0xA0, 0x2003, 0x3000, 0x85, 0xB, 0xC, 0x2028, 0x1680, 0x200B, 0xFEFF)
]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "1️⃣", "☃️", "🤖"]
SIGNS = "!?.,;:-+*/=()[]{}<>|'\"`~@#$%^&_\\"
# Characters that normalization changes, alone or with a neighbour.
COMPOSED = (
    0x212B, 0x2126, 0xFB01, 0x1E9B, 0x958, 0x344, 0xF73, 0xF75, 0xF81, 0x2ADC, 0x1D15E, 0xF900, 0x2F800, 0x1100, 0x1161,
    0x11A8, 0xAC00, 0xAC01, 0xCCB, 0xCCA, 0xCD5, 0x9C7, 0x9BE, 0xD7A3, 0x3099, 0x304B, 0x17F, 0x130,
)  # fmt: skip
# The last ones came with Unicode 11 and later, whose order in a normalized text the library does not know.
MARKS = (
    *range(0x300, 0x370), 0x5B0, 0x64B, 0x93C, 0x94D, 0xE38, 0xFD, 0x1DC0, 0x20D0, 0x302A, 0x3099, 0xFE20, 0x7FD, 0x898,
    0x10F46, 0x1E4EC,
)  # fmt: skip


def scalar(draw: random.Random) -> str:
    ranges = [(0, 0x110000), (0, 0x10000), (0, 0x3000), (0x10000, 0x20000), (0, 0x250)]
    while True:
        code = draw.randrange(*draw.choice(ranges))
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def part(draw: random.Random, added: list[str]) -> str:
    kind = draw.randrange(12)
    if kind < 3:
        return draw.choice(WORDS) + draw.choice(["", " ", ",", ". "])
    if kind == 3:
        return str(draw.randrange(10 ** draw.randrange(1, 12)))
    if kind == 4:
        return "".join(draw.choices(SPACES, k=draw.randrange(1, 4)))
    if kind == 5:
        marks = draw.choices(MARKS, k=draw.randrange(1, 5))
        return draw.choice("eaoq한のक") + "".join(map(chr, marks))
    if kind == 6:
        return draw.choice(EMOJI)
    if kind == 7:
        return "".join(scalar(draw) for _ in range(draw.randrange(1, 6)))
    if kind == 8:
        return "".join(map(chr, draw.choices(COMPOSED, k=draw.randrange(1, 5))))
    if kind == 9:
        return draw.choice(SPACES + [""]) + draw.choice(added) + draw.choice(SPACES + ["", "x", "_"])
    if kind == 10:
        token = draw.choice(added)
        return token[: draw.randrange(len(token) + 1)]
    return "".join(draw.choices(SIGNS, k=draw.randrange(1, 6)))


def texts(count: int, added: list[str], seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(part(draw, added) for _ in range(draw.randrange(9))) for _ in range(count)]
