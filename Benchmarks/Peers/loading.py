"""Reads a LeRobot dataset with PyAV, and with lerobot as its users do.

    loading.py FOLDER EXAMPLES HORIZON BATCH-SIZE THREADS
"""

import glob
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Tests/Peers"))

import av
import measuring
import torchvision_reader

library = torchvision_reader.prepare()  # its definitions last as long as this object

import lerobot
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset

folder, examples, horizon, batch_size, threads = sys.argv[1], *map(int, sys.argv[2:])


def decode(keeps_converter):
    """The first `examples` images of every camera, kept as a loader would keep them."""
    kept = []
    for file in sorted(glob.glob(f"{folder}/videos/*/chunk-000/file-000.mp4")):
        converter = av.video.reformatter.VideoReformatter()
        with av.open(file) as container:
            stream = container.streams.video[0]
            stream.thread_type, stream.thread_count = "AUTO", threads
            for number, frame in enumerate(container.decode(stream)):
                if number == examples:
                    break
                image = converter.reformat(frame, format="rgb24") if keeps_converter else frame
                kept.append(image.to_ndarray(format="rgb24"))
    return len(kept)


def dataset():
    plain = LeRobotDataset("local/dataset", root=folder, video_backend="pyav")
    steps = [step / plain.fps for step in range(horizon)]
    return LeRobotDataset("local/dataset", root=folder, video_backend="pyav", delta_timestamps={"action": steps})


chunks = dataset()


def epoch():
    """Some random batches from workers that start anew, as they do at every epoch."""
    sampler = torch.utils.data.RandomSampler(chunks, num_samples=8 * batch_size)
    for batch in torch.utils.data.DataLoader(chunks, batch_size, sampler=sampler, num_workers=threads):
        assert batch["action"].shape[1] == horizon, batch["action"].shape
    return 8 * batch_size


measuring.serve(
    f"PyAV {av.__version__}, lerobot {lerobot.__version__}, torch {torch.__version__}",
    {"frames": lambda: decode(False), "converter": lambda: decode(True), "epoch": epoch},
)
