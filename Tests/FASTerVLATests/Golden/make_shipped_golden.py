"""Replies of Models/fastervla-metaworld to frames of Examples/metaworld-mini, in shipped.safetensors beside this file.

    Scripts/bootstrap --peers
    .deps/peers/bin/python Tests/FASTerVLATests/Golden/make_shipped_golden.py frames frames.safetensors
    .deps/python/bin/python Tests/FASTerVLATests/Golden/make_shipped_golden.py replies frames.safetensors .build/release/faster

The replies are a record of what the program said, not a derivation. Of the frames looked at, those are kept whose reply does
not depend on noise of one grey level in their pixels, so that another processor's rounding does not matter.
"""

import pathlib
import re
import signal
import subprocess
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "Examples/metaworld-mini"
CAMERA = "observation.images.corner2"
KEPT = 4


def frames(target):
    """Every seventh frame with its state and instruction."""
    import av
    import pyarrow.parquet as parquet

    table = parquet.read_table(DATA / "data/chunk-000/file-000.parquet")
    tasks = parquet.read_table(DATA / "meta/tasks.parquet").to_pydict()
    names = dict(zip(tasks["task_index"], tasks.get("task") or tasks["__index_level_0__"]))
    tensors = {}
    for index, frame in enumerate(av.open(str(DATA / f"videos/{CAMERA}/chunk-000/file-000.mp4")).decode(video=0)):
        if index % 7:
            continue
        prompt = names[table["task_index"][index].as_py()]
        tensors[f"image.{index // 7}"] = frame.to_ndarray(format="rgb24")
        tensors[f"state.{index // 7}"] = np.array(table["observation.state"][index].as_py(), dtype=np.float32)
        tensors[f"prompt.{index // 7}"] = np.frombuffer(prompt.encode(), dtype=np.uint8)
    save_file(tensors, target)


def replies(source, program):
    from openpi_client.websocket_client_policy import WebsocketClientPolicy

    tensors = load_file(source)
    policy = str(ROOT / "Models/fastervla-metaworld")
    arguments = [program, "serve", "--policy", policy, "--threads", "1", "--port", "0"]
    server = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    golden, kept = {}, 0
    try:
        port = next(int(found[1]) for line in server.stderr if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
        client = WebsocketClientPolicy("127.0.0.1", port)
        for frame in range(len(tensors) // 3):
            image, state, prompt = (tensors[f"{part}.{frame}"] for part in ("image", "state", "prompt"))
            noise = np.random.default_rng(frame).integers(-1, 2, image.shape)
            actions, disturbed = (
                client.infer({"observation/images/corner2": seen, "observation/state": state, "prompt": bytes(prompt).decode()})["actions"]
                for seen in (image, np.clip(image.astype(int) + noise, 0, 255).astype(np.uint8))
            )
            if kept == KEPT or np.abs(actions - disturbed).max() > 1e-3:
                continue
            golden |= {f"image.{kept}": image, f"state.{kept}": state, f"prompt.{kept}": prompt, f"actions.{kept}": actions}
            kept += 1
    finally:
        server.send_signal(signal.SIGINT)
    path = pathlib.Path(__file__).with_name("shipped.safetensors")
    save_file(golden, path)
    print(f"{path}: {kept} frames, {path.stat().st_size} bytes")


if __name__ == "__main__":
    {"frames": frames, "replies": replies}[sys.argv[1]](*sys.argv[2:])
