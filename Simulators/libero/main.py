"""LIBERO behind openpi's protocol: evaluates served policies and collects demonstrations."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from client.command import main
from tasks import SIMULATOR


def world():
    from client.world import World
    from environment import Environment
    from expert import Expert

    return World(Environment, Expert)


if __name__ == "__main__":
    main(SIMULATOR, world, __doc__)
