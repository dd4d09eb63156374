"""The command line of all simulators.

One JSON object a line on standard output for every finished episode; errors on standard error.
"""

import argparse
import faulthandler
import functools
import importlib
import json
import os
import sys
import threading
from pathlib import Path

from .description import Simulator, UnknownName
from .environment import World

PACKAGE = __package__.rpartition(".")[0]
# Folders of simulators.
NAMES = sorted(file.parent.name for file in Path(__file__).parents[1].glob("*/tasks.py"))


def main():
    """Runs the mode that the command line names."""
    options = parser().parse_args()
    if options.watch_parent:
        threading.Thread(target=_exit_with_parent, daemon=True).start()
    # After a crash of the physics or the renderer, standard error has the Python stack.
    faulthandler.enable()
    try:
        run(options)
    except (UnknownName, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def run(options):
    """Runs a mode; its physics are loaded only when they are needed."""
    simulator: Simulator = importlib.import_module(f"{PACKAGE}.{options.simulator}.tasks").SIMULATOR
    if options.mode == "describe":
        report(simulator.to_dict())
        return
    options.tasks = {name: simulator.task(name) for name in options.tasks}
    options.shard = Shard(*options.shard, options.episodes, options.skip, options.done)
    if options.mode == "evaluate":
        options.perturbations = [simulator.perturbation(name) for name in options.perturbations]
    mode = importlib.import_module(f".{options.mode}", __package__)
    environment, expert = (
        importlib.import_module(f"{PACKAGE}.{options.simulator}.{module}") for module in ("environment", "expert")
    )
    make = environment.Environment
    if simulator.assets:
        make = functools.partial(make, assets=simulator.asset_set(options.assets))
    elif options.assets:
        raise UnknownName(f"{simulator.name} has one set of assets: --assets is for simulators that have several")
    mode.run(World(make, expert.Expert), options, report)


class Shard:
    """This process's episodes: every `count`-th one from `index` on, counted through all tasks and perturbations.

    Episodes in `done`, positions in the same count, are shared out to nobody: an interrupted run has reported them. Of this
    process's share, the first `skip` are left out: the process before it has reported them.
    """

    def __init__(self, index: int, count: int, episodes: int, skip: int = 0, done: frozenset[int] = frozenset()):
        self._index, self._count, self._episodes = index, count, episodes
        self._skip, self._done = skip, done
        # Numbers of episodes before the next task's: all of them, and those that were still to do.
        self._before = self._shared = 0

    def take(self) -> list[int]:
        """Indices of the next task's episodes that are still to do."""
        remaining = [index for index in range(self._episodes) if self._before + index not in self._done]
        indices = [
            index for place, index in enumerate(remaining, self._shared) if place % self._count == self._index
        ]
        self._before += self._episodes
        self._shared += len(remaining)
        skipped = min(self._skip, len(indices))
        self._skip -= skipped
        return indices[skipped:]


def _exit_with_parent():
    """Waits for the end of standard input, whose other end the parent holds, even one that is killed."""
    os.read(0, 1)
    os._exit(1)


def report(result: dict):
    """Prints a line of JSON."""
    print(json.dumps(result), flush=True)


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    result = argparse.ArgumentParser(prog=f"python -m {PACKAGE}", allow_abbrev=False)
    result.add_argument("simulator", choices=NAMES)
    result.add_argument("--watch-parent", action="store_true", help="exit when standard input closes")
    modes = result.add_subparsers(dest="mode", required=True)
    modes.add_parser("describe", help="print tasks, robots, cameras, states and actions as JSON")

    evaluate = modes.add_parser("evaluate", help="roll out a policy, or the expert")
    _add_common(evaluate)
    evaluate.add_argument("--policy", choices=["server", "expert"], default="server")
    evaluate.add_argument("--execute", type=int, default=8, help="steps from one observation to the next")
    evaluate.add_argument("--delay", type=int, default=0, help="steps from an observation to its action chunk")
    evaluate.add_argument(
        "--committed-prefix", action="store_true", help="send the actions that are executed during the delay"
    )
    evaluate.add_argument(
        "--max-steps",
        type=int,
        help="step limit of an episode; by default 500, or the limit of the task's demonstrations where it is higher",
    )
    evaluate.add_argument(
        "--perturbations", type=_names, default=[], help="then the same episodes under each, with commas"
    )
    evaluate.add_argument("--video-dir", help="folder for videos, one .npy an episode")
    evaluate.add_argument("--videos", type=int, default=1, help="number of episodes of a task to film")
    evaluate.add_argument("--video-size", type=int, default=192)

    collect = modes.add_parser("collect", help="record the expert's demonstrations")
    _add_common(collect)
    collect.add_argument("--noise", type=float, default=0.3, help="standard deviation of the DART noise")
    collect.add_argument("--no-images", action="store_true", help="record states and actions only")
    collect.add_argument(
        "--scenes-per-episode", type=int, default=10, help="scenes to try before the expert is given up"
    )

    collect.add_argument("--policy-port", type=_port, help="port of a policy that acts before the expert takes over")
    collect.add_argument("--execute", type=int, default=8, help="steps from one of its observations to the next")
    collect.set_defaults(delay=0, committed_prefix=False)

    replay = modes.add_parser("replay", help="execute the expert's episodes as a server reconstructs them")
    _add_common(replay)
    return result


def _add_common(mode: argparse.ArgumentParser):
    mode.add_argument("--tasks", required=True, type=_names, help="names, with commas")
    mode.add_argument("--episodes", type=int, required=True, help="episodes of every task")
    mode.add_argument("--seed", type=int, default=0, help="seed of the first episode; the next ones count up")
    mode.add_argument("--host", default="127.0.0.1")
    mode.add_argument("--port", type=_port, default=8000)
    mode.add_argument("--patience", type=float, default=10, help="seconds to wait for the server")
    mode.add_argument("--size", type=int, help="height and width of images, where the server names none")
    mode.add_argument("--assets", help="set of meshes and textures, of a simulator that has several")
    mode.add_argument("--shard", type=_shard, default=(0, 1), help="index/count: every count-th episode of all tasks")
    mode.add_argument("--skip", type=int, default=0, help="episodes of the shard to leave out, from its first on")
    mode.add_argument(
        "--done",
        type=_ranges,
        default=frozenset(),
        help="episodes to leave out, by position among those of all tasks and perturbations: 0-4,7",
    )


def _names(text: str) -> list[str]:
    return text.split(",")


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected 1 ... 65535, found {number}")
    return number


def _ranges(text: str) -> frozenset[int]:
    ranges = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return frozenset(number for ends in ranges for number in range(ends[0], ends[-1] + 1))


def _shard(text: str) -> tuple[int, int]:
    index, count = map(int, text.split("/"))
    if not 0 <= index < count:
        raise argparse.ArgumentTypeError("expected index/count with 0 <= index < count")
    return index, count
