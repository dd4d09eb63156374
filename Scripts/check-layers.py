#!/usr/bin/env python3
"""Checks that the targets in Package.swift form layers.

- A target depends only on targets above it.
- A file imports only what its target declares.
- Only Torch and NN, and tests, import CTorch.
- What a robot or a report needs does not reach Torch, not even through another target.

`--self-test` proves on small made-up packages that each of these is noticed.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

MAY_IMPORT_CTORCH = {"Torch", "NN"}
WITHOUT_TORCH = {
    "RobotTypes", "Support", "Safetensors", "TextTokenizers", "ImageProcessing", "LeRobot", "ActionTokenizers",
    "PolicyProtocol", "PolicyServer", "Evaluation", "Reports", "RobotClient",
}  # fmt: skip

# `public import Torch`, `@testable import NN`, `import struct Foundation.URL`
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*"
    r"(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:typealias|struct|class|enum|protocol|let|var|func)\s+)?(\w+)",
    re.MULTILINE,
)


def dependencies(target: dict) -> set[str]:
    """Names of the targets and products that a target declares."""
    kinds = ("byName", "target", "product")
    return {entry[kind][0] for entry in target["dependencies"] for kind in kinds if kind in entry}


def folder(target: dict) -> pathlib.Path:
    default = pathlib.Path("Tests" if target["type"] == "test" else "Sources", target["name"])
    return pathlib.Path(target.get("path") or default)


def reached(name: str, declared: dict[str, set[str]]) -> set[str]:
    """Everything that a target links, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = declared.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def violations(targets: list[dict], root: pathlib.Path) -> list[str]:
    order = {target["name"]: position for position, target in enumerate(targets)}
    declared = {target["name"]: dependencies(target) for target in targets}
    modules = set(order).union(*declared.values())
    wrong = []
    for target in targets:
        name = target["name"]
        for other in sorted(declared[name]):
            if order.get(other, -1) > order[name]:
                wrong.append(f"Package.swift: {name} depends on {other}, which is listed below it")
        if name in WITHOUT_TORCH and "CTorch" in reached(name, declared):
            wrong.append(f"Package.swift: {name} must build without Torch, but what it depends on links CTorch")
        for file in sorted((root / folder(target)).rglob("*.swift")):
            imports = set(IMPORT.findall(file.read_text(encoding="utf-8")))
            path = file.relative_to(root)
            for module in sorted((imports & modules) - declared[name] - {name}):
                wrong.append(f"{path} imports {module}, which {name} does not declare in Package.swift")
            if "CTorch" in imports and target["type"] != "test" and name not in MAY_IMPORT_CTORCH:
                wrong.append(f"{path} imports CTorch, which only {' and '.join(sorted(MAY_IMPORT_CTORCH))} may")
    return wrong


def self_test() -> None:
    def target(name: str, *needs: str, type: str = "regular") -> dict:
        return {"name": name, "type": type, "dependencies": [{"byName": [need, None]} for need in needs]}

    yams = {"product": ["Yams", "Yams", None, None]}
    good = [
        target("CTorch"),
        target("Torch", "CTorch"),
        target("Reports"),
        target("Training", "Torch") | {"dependencies": [{"byName": ["Torch", None]}, yams]},
        target("TrainingTests", "Training", "CTorch", type="test"),
    ]
    files = {
        "Sources/Torch/Tensor.swift": "import CTorch\n",
        "Sources/Reports/Page.swift": "import Foundation\n// import Torch\n",
        "Sources/Training/Trainer.swift": "public import Torch\nimport struct Yams.Node\n",
        "Tests/TrainingTests/TrainerTests.swift": "@testable import Training\nimport CTorch\n",
    }

    def check(expected: list[str], targets: list[dict] = good, **changed: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in (files | changed).items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            found = violations(targets, pathlib.Path(folder))
        if len(found) != len(expected) or not all(e in f for e, f in zip(expected, found)):
            sys.exit(f"self-test: expected {expected}, found {found}")

    check([])
    undeclared = "which {} does not declare"
    for line in ("import Torch", "public import Torch", "@preconcurrency import Torch", "import class Torch.Tensor"):
        check([undeclared.format("Reports")], **{"Sources/Reports/Page.swift": line + "\n"})
    check([undeclared.format("Reports")], **{"Sources/Reports/Page.swift": "import Yams\n"})
    check([undeclared.format("Training"), "only NN and Torch may"],
          **{"Sources/Training/Trainer.swift": "import CTorch\n"})  # fmt: skip
    check(["only NN and Torch may"], [target("CTorch"), target("Training", "CTorch")],
          **{"Sources/Training/Trainer.swift": "import CTorch\n"})  # fmt: skip
    check(["Torch depends on CTorch, which is listed below it"], [good[1], good[0], *good[2:]])
    check(["Reports must build without Torch"], [*good[:2], target("Charts", "Torch"), target("Reports", "Charts")])
    print("check-layers: the self-test passes")


def main() -> None:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        sys.exit("usage: check-layers.py [--self-test]")
    dump = subprocess.run(
        ["swift", "package", "--package-path", str(ROOT), "dump-package"], stdout=subprocess.PIPE, check=True
    )
    wrong = violations(json.loads(dump.stdout)["targets"], ROOT)
    print("\n".join(wrong) or "layers are clean")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
