"""Writes pi0_fast/: a checkpoint of lerobot 0.6.1, its tokenizers, and what lerobot's policy makes of observations.

    .deps/peers/bin/python Tests/FASTerVLATests/Golden/make_pi0_fast.py
"""

import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Peers/pi0_fast"))
import checkpoints  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

OUT = HERE / "pi0_fast"


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    text, size = checkpoints.make_text_tokenizer()
    action = checkpoints.make_action_tokenizer()
    policy = OUT / "policy"
    numbers, examples = checkpoints.save_checkpoint(policy, size, empty_cameras=1)
    peer = checkpoints.Peer(policy, size)
    cases, tensors = [], {}
    wanted = {True: 3, False: 1}  # beside the examples, answers that decode, and one that does not
    examples = examples[:3]  # one task
    for index, example in enumerate(examples + list(checkpoints.observations(numbers, 200, seed=77))):
        images, state, task = example
        observation = checkpoints.batch(*example)
        answer, scores, pixels = peer.answer(observation)
        words = peer.words(answer)
        if index >= len(examples):
            if wanted[words is not None] == 0:
                continue
            wanted[words is not None] -= 1
        case = dict(task=task, state=state.tolist(), prompt=peer.prompt(observation), words=words)
        case["actions"] = peer.actions(observation).flatten().tolist() if words is not None else None
        for camera, image in images.items():
            tensors[f"{len(cases)}.{camera}"] = torch.from_numpy(image).clone()
        tensors[f"{len(cases)}.scores"] = scores
        if index == 0:
            for camera, picture in zip(checkpoints.CAMERAS, pixels[: len(checkpoints.CAMERAS)], strict=True):
                tensors[f"0.pixels.{camera}"] = picture.contiguous()
        cases.append(case)
        if not any(wanted.values()):
            break
    save_file(tensors, OUT / "cases.safetensors")
    (OUT / "cases.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    shutil.copytree(text, OUT / "text")
    shutil.copytree(action, OUT / "action", ignore=shutil.ignore_patterns("*.py"))
    print([None if case["words"] is None else len(case["words"]) for case in cases])


if __name__ == "__main__":
    main()
