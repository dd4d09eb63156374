#!/usr/bin/env python3
"""Backbones give what transformers gives, from the same folders: random models of its classes, saved by two of its versions.

    Tests/Peers/backbones_agree.py [MODEL ...]     prints a table of the largest relative errors

Every model is a file in Tests/Peers/backbones. Then one setting of each model's configuration after the other is made wrong,
which the comparison has to notice.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / "backbones"
PARITY = ROOT / ".build/debug/backbone-parity"
COMPARED_WITH = "5.24.0"
# Wrong settings, by their key.
WRONG = {
    "rope_theta": 500.0,
    "rms_norm_eps": 0.5,
    "layer_norm_eps": 0.5,
    "image_token_index": 309,
    "image_token_id": 309,
    "window_size": 56,
    "fullatt_block_indexes": [0],
    "mrope_section": [3, 3, 2],
    "query_pre_attn_scalar": 20,
    "attn_logit_softcapping": 4.0,
    "final_logit_softcapping": 4.0,
    "sliding_window": 2,
}


def python(version, *arguments):
    """Runs common.py with a version of transformers; its result as JSON, if it prints any."""
    path = os.pathsep.join([str(ROOT / f".deps/transformers-{version}"), str(HERE)])
    environment = os.environ | {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, HERE / "common.py", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} with transformers {version}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def parity(folder, *options):
    return subprocess.run([PARITY, folder, *options], capture_output=True, text=True)


def wrong_settings(folder, temporary):
    """Folders with the same weights and one wrong number in their configuration."""
    config = json.loads((folder / "config.json").read_text())

    def changed(part, key):
        """The parts with `key` in another value, for every place where it stands."""
        for name, value in part.items():
            if name == key and value is not None:
                yield part | {key: WRONG[key]}
            elif isinstance(value, dict):
                yield from (part | {name: inner} for inner in changed(value, key))

    for key in WRONG:
        for index, other in enumerate(changed(config, key)):
            target = temporary / f"{folder.name}, wrong {key} {index}"
            target.mkdir()
            for file in [*folder.glob("*.safetensors"), folder / "reference"]:
                (target / file.name).symlink_to(file)
            (target / "config.json").write_text(json.dumps(other))
            yield key, target


def main() -> int:
    models = sys.argv[1:] or sorted(file.stem for file in HERE.glob("*.py") if file.stem != "common")
    subprocess.run([ROOT / "Scripts/swift", "build", "--product", "backbone-parity"], check=True, stdout=subprocess.DEVNULL)
    failures = []
    with tempfile.TemporaryDirectory() as name:
        temporary = pathlib.Path(name)
        heading = True
        for model in models:
            first = None
            for case, saved_by in python(COMPARED_WITH, "cases", model, "-", "-").items():
                folder = temporary / f"{model} {case}"
                folder.mkdir()
                python(saved_by, "save", model, case, folder)
                python(COMPARED_WITH, "reference", model, case, folder)
                options = ["--name", f"{model}, {case}"] + ([] if heading else ["--is-continued"])
                heading = False
                result = parity(folder, *options)
                print(result.stdout, end="", flush=True)
                if result.returncode:
                    failures.append(f"{model}, {case}: {result.stderr.strip()}")
                    print(result.stderr, end="", flush=True)
                if first is None:
                    first = folder
                else:
                    shutil.rmtree(folder)
            noticed = []
            for key, folder in wrong_settings(first, temporary):
                if parity(folder).returncode == 0:
                    failures.append(f"{model}: a wrong '{key}' goes unnoticed")
                noticed.append(key)
            print(f"{model}: noticed when wrong: {', '.join(noticed)}", flush=True)
    print("\n".join(failures) or f"{', '.join(models)}: as transformers {COMPARED_WITH}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
