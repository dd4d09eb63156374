"""Imports one of lerobot's versions: 0.4.4, which writes and reads v3.0, or 0.3.3, which does v2.1.

Both share the packages of .deps/peers; what 0.3.3 needs in other versions is in .deps/lerobot-0.3.3.
"""

import logging
import os
import pathlib
import sys

DEPS = pathlib.Path(__file__).resolve().parents[2] / ".deps"
FORMATS = {"0.4.4": "v3.0", "0.3.3": "v2.1"}
kept = []  # definitions that last as long as the process


def prepare(version):
    """Makes `import lerobot` find that version; to be called once, before lerobot and datasets are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    if version != "0.4.4":
        sys.path.insert(0, str(DEPS / f"lerobot-{version}"))
    import torchvision_reader

    kept.append(torchvision_reader.prepare())
    import datasets
    import lerobot

    assert lerobot.__version__ == version, f"{lerobot.__version__}, not {version}: Scripts/bootstrap --peers"
    datasets.disable_progress_bars()
    logging.disable(logging.WARNING)
    from lerobot.datasets import lerobot_dataset

    return lerobot_dataset.LeRobotDataset
