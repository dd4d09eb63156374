"""Compares a PNG with an image that PyAV decoded: image.py PNG GOLDEN prints mode, size and differences as JSON.

Differences are of brightness: readers agree on it, but not on how to enlarge the video's coarser colours.
"""

import json
import sys

import numpy as np
from PIL import Image

BRIGHTNESS = (0.299, 0.587, 0.114)

ours, golden = (Image.open(path) for path in sys.argv[1:])
difference = np.abs((np.asarray(ours, float) - np.asarray(golden, float)) @ BRIGHTNESS)
print(
    json.dumps(
        {"mode": ours.mode, "size": ours.size, "largest": float(difference.max()), "mean": float(difference.mean())}
    )
)
