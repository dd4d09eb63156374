"""lerobot's DataLoader over random frames of a dataset.

    random_access.py FOLDER VERSION FRAMES BATCH-SIZE

Calls are BACKEND-WORKERS: torchcodec-0, pyav-2. No decoder is open at the start of a call; `memory-` and such a name
gives the largest sum of the memory of the process and its workers, MiB, pages that several of them share counted once;
`processor-` the processor time of a frame.
"""

import os
import pathlib
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
if "faster_restarted" not in os.environ:
    libraries = str(ROOT / ".deps/peers/ffmpeg")  # for torchcodec, read at the start of a process
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"LD_LIBRARY_PATH": libraries, "faster_restarted": "1"})
sys.path.append(str(ROOT / "Tests/Peers"))

import lerobot_versions
import measuring

folder, version, frames, batch_size = *sys.argv[1:3], *map(int, sys.argv[3:])
LeRobotDataset = lerobot_versions.prepare(version)
import psutil
import torch
import torchcodec
from lerobot.datasets import video_utils

torch.set_num_threads(1)
datasets = {
    backend: LeRobotDataset("local/two", root=folder, video_backend=backend) for backend in ("torchcodec", "pyav")
}
peak = 0


def watch(stop):
    global peak
    own = psutil.Process()
    while not stop.wait(0.1):
        total = 0
        for process in [own, *own.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                pass
        peak = max(peak, total)


def read(backend, workers):
    cache = getattr(video_utils, "_default_decoder_cache", None)
    if cache is not None:
        cache.clear()
    dataset = datasets[backend]
    sampler = torch.utils.data.RandomSampler(dataset, num_samples=frames)
    seen = 0
    for batch in torch.utils.data.DataLoader(dataset, batch_size, sampler=sampler, num_workers=workers):
        seen += len(batch["action"])
        assert batch["observation.images.front"].shape[1] == 3
    return seen


def measured_read(backend, workers):
    """Outside of the timing: how much memory the same takes."""
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=[stop])
    watcher.start()
    read(backend, workers)
    stop.set()
    watcher.join()


def memory(backend, workers):
    global peak
    peak = 0
    measured_read(backend, workers)
    return peak / 2**20


def processor(backend, workers):
    """Seconds of a frame in this process and its workers, which have ended by then."""
    before = sum(os.times()[:4])
    seen = read(backend, workers)
    return (sum(os.times()[:4]) - before) / seen


ways = [(backend, workers) for backend in datasets for workers in (0, 2)]
measuring.serve(
    f"lerobot {version}, torchcodec {torchcodec.__version__}, torch {torch.__version__}",
    {f"{backend}-{workers}": (lambda b=backend, w=workers: read(b, w)) for backend, workers in ways},
    {f"memory-{backend}-{workers}": (lambda b=backend, w=workers: memory(b, w)) for backend, workers in ways}
    | {f"processor-{backend}-{workers}": (lambda b=backend, w=workers: processor(b, w)) for backend, workers in ways},
)
