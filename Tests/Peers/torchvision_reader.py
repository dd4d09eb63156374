"""Lets lerobot import torchvision beside a CPU build of torch, and gives back the video reader it no longer has."""

import av
import torch


def prepare():
    """Returns what the definitions last as long as."""
    library = torch.library.Library("torchvision", "DEF")
    # Beside the CPU build of torch, torchvision's wheel cannot load its compiled operators, and asks for these two.
    if torch.version.cuda is None:
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

    torchvision.io.VideoReader = VideoReader
    torchvision.set_video_backend = lambda backend: None
    return library


class VideoReader:
    """The part of torchvision's former class that lerobot's `pyav` back end uses."""

    def __init__(self, path, stream):
        self.container = av.open(path)
        self.stream = self.container.streams.video[0]

    def seek(self, seconds, keyframes_only=False):
        self.container.seek(int(seconds / self.stream.time_base), stream=self.stream)

    def __iter__(self):
        for frame in self.container.decode(self.stream):
            yield {"data": torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1), "pts": frame.time}
