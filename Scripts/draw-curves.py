#!/usr/bin/env python3
"""Draws Documentation/Images/rate-distortion.svg from the tables of Documentation/Evidence.

    draw-curves.py [--check]      with --check: fails if the file is not what the tables say
"""

import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGE = ROOT / "Documentation/Images/rate-distortion.svg"

# File of Documentation/Evidence, heading above the table, title and subtitle of the panel.
PANELS = [
    ("RealRecordings.md", "PushT, people with a mouse", "PushT", "2 columns, 186 episodes"),
    ("RealRecordings.md", "Unitree G1 with two Inspire hands", "Unitree G1", "26 columns, 90 episodes"),
    ("Tokenizers.md", "With the linear encoder", "MetaWorld, 50 tasks", "4 columns, 1,800 episodes"),
    ("RealRecordings.md", "GR1 (simulated)", "GR1", "44 columns, 4 episodes"),
]
CURVES = [("FAST", "FAST", "#b45309"), ("`linear`", "FASTerVQ, linear", "#1d4ed8")]

PANEL_WIDTH, PLOT_HEIGHT, LEFT, TOP, BOTTOM, GAP = 165, 170, 58, 62, 46, 50
# Ends of the logarithmic axis, and the errors that have a line.
ERRORS = (0.002, 0.05)
LINES = (0.005, 0.01, 0.02)


def points(file: str, heading: str) -> dict[str, list[tuple[float, float]]]:
    """Mean tokens and L1 of every row, by curve."""
    text = (ROOT / "Documentation/Evidence" / file).read_text()
    section = re.split(r"^#+ ", text.partition(f"# {heading}")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found: dict[str, list[tuple[float, float]]] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for name, _, _ in CURVES:
            if line.startswith("| ") and cells[0].startswith(name + ","):
                found.setdefault(name, []).append((float(cells[1].split()[0]), float(cells[3].split()[0])))
    missing = [name for name, _, _ in CURVES if len(found.get(name, [])) < 2]
    if missing:
        sys.exit(f"{file}, '{heading}': expected rows of {' and '.join(missing)} with tokens and L1 in columns 2 and 4")
    return found


def text(x: float, y: float, words: str, size: int = 11, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{more}>{words}</text>'


def panel(left: float, title: str, subtitle: str, curves: dict[str, list[tuple[float, float]]]) -> list[str]:
    longest = max(tokens for curve in curves.values() for tokens, _ in curve)
    step = next(step for step in (2, 5, 10, 20, 50) if longest / step <= 5)
    right = step * math.ceil(longest * 1.04 / step)
    low, high = (math.log10(error) for error in ERRORS)

    def at(tokens: float, error: float) -> tuple[float, float]:
        return (
            left + PANEL_WIDTH * tokens / right,
            TOP + PLOT_HEIGHT * (high - math.log10(error)) / (high - low),
        )

    bottom, middle = TOP + PLOT_HEIGHT, left + PANEL_WIDTH / 2
    parts = [
        text(middle, TOP - 24, title, 13, more=' font-weight="600"'),
        text(middle, TOP - 9, subtitle, 10, more=' fill="#57534e"'),
        f'<rect x="{left:.1f}" y="{TOP}" width="{PANEL_WIDTH}" height="{PLOT_HEIGHT}" fill="none" stroke="#a8a29e"/>',
    ]
    for tick in range(0, right + 1, step):
        x, _ = at(tick, 1)
        parts.append(text(x, bottom + 15, str(tick), 10))
    for error in LINES:
        _, y = at(0, error)
        parts.append(f'<path d="M{left:.1f} {y:.1f}h{PANEL_WIDTH}" stroke="#e7e5e4"/>')
        parts.append(text(left - 5, y + 3.5, f"{error}", 10, "end"))
    for name, _, colour in CURVES:
        places = [at(*point) for point in sorted(curves[name])]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>' for x, y in places]
    return parts


def drawing() -> str:
    width = LEFT + len(PANELS) * (PANEL_WIDTH + GAP) - GAP + 14
    height = TOP + PLOT_HEIGHT + BOTTOM
    parts: list[str] = []
    for index, (file, heading, title, subtitle) in enumerate(PANELS):
        parts += panel(LEFT + index * (PANEL_WIDTH + GAP), title, subtitle, points(file, heading))
    middle = TOP + PLOT_HEIGHT / 2
    parts.append(text(14, middle, "held-out L1", more=f' transform="rotate(-90 14 {middle:.1f})"'))
    parts.append(text(width / 2, height - 10, "tokens a chunk of 16 steps, mean"))
    x = LEFT
    for _, label, colour in CURVES:
        parts.append(f'<circle cx="{x + 4}" cy="14" r="4" fill="{colour}"/>')
        parts.append(text(x + 13, 18, label, 12, "start"))
        x += 70
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, Arial, DejaVu Sans, sans-serif" fill="#1c1917">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: draw-curves.py [--check]")
    image = drawing()
    if not sys.argv[1:]:
        IMAGE.write_text(image)
    elif not IMAGE.exists() or IMAGE.read_text() != image:
        sys.exit(f"{IMAGE.relative_to(ROOT)} is not what Documentation/Evidence says; run Scripts/draw-curves.py")


if __name__ == "__main__":
    main()
