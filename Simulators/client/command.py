"""The command line that all simulators share.

One JSON object a line on standard output for every finished episode; errors on standard error.
"""

import argparse
import faulthandler
import json
import os
import sys
import threading
from typing import Callable

from .description import Simulator, Unknown
from .world import World


def main(simulator: Simulator, world: Callable[[], World], description: str | None = None):
    """Does what the command line says; `world` loads the physics, which happens only when they are needed."""
    options = parser(description).parse_args()
    if options.leash:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    # A crash in physics or renderer says where on standard error.
    faulthandler.enable()
    try:
        if options.mode == "describe":
            report(simulator.form)
            return
        options.tasks = {name: simulator.task(name) for name in options.tasks}
        options.share = Share(*options.share, options.episodes, options.skip)
        if options.mode == "evaluate":
            options.perturbations = [simulator.perturbation(name) for name in options.perturbations]
            from . import evaluate as mode
        elif options.mode == "replay":
            from . import replay as mode
        else:
            from . import collect as mode
        mode.run(world(), options, report)
    except (Unknown, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


class Share:
    """The indices of this process's part of a task's episodes, asked for task after task.

    The first `skip` in all are left out: another process has reported them.
    """

    def __init__(self, index: int, count: int, episodes: int, skip: int):
        self._index, self._count, self._episodes = index, count, episodes
        self._first = 0
        self._skip = skip

    def take(self) -> list[int]:
        """Those of the next task that are still to do."""
        indices = [
            index for index in range(self._episodes) if (self._first + index) % self._count == self._index
        ]
        self._first += self._episodes
        left_out = min(self._skip, len(indices))
        self._skip -= left_out
        return indices[left_out:]


def _end_with_standard_input():
    """Whoever started this process holds the other end, and may be killed."""
    os.read(0, 1)
    os._exit(1)


def report(result: dict):
    """One line on standard output."""
    print(json.dumps(result), flush=True)


def parser(description: str | None) -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(description=description, allow_abbrev=False)
    result.add_argument("--leash", action="store_true", help="end when standard input closes")
    modes = result.add_subparsers(dest="mode", required=True)
    modes.add_parser("describe", help="print tasks, robots, cameras, states and actions as JSON")

    evaluate = modes.add_parser("evaluate", help="run episodes of a policy or of the expert")
    _add_common(evaluate)
    evaluate.add_argument("--policy", choices=["server", "expert"], default="server")
    evaluate.add_argument("--execute", type=int, default=8, help="steps from one observation to the next")
    evaluate.add_argument("--delay", type=int, default=0, help="steps from an observation to its answer")
    evaluate.add_argument("--pending", action="store_true", help="send the actions of these steps, too")
    evaluate.add_argument(
        "--max-steps",
        type=int,
        help="an episode without success ends here: at 500, or where a demonstration of its task may be longer, there",
    )
    evaluate.add_argument(
        "--perturbations", type=_names, default=[], help="then the same episodes under each, with commas"
    )
    evaluate.add_argument("--video-dir", help="folder for films, one .npy an episode")
    evaluate.add_argument("--videos", type=int, default=1, help="film the first so many episodes of a task")
    evaluate.add_argument("--video-size", type=int, default=192)

    collect = modes.add_parser("collect", help="record the expert's demonstrations")
    _add_common(collect)
    collect.add_argument("--noise", type=float, default=0.3, help="strength of the pushes on the expert")
    collect.add_argument("--no-images", action="store_true", help="record states and actions only")

    replay = modes.add_parser("replay", help="execute the expert's episodes as a server gives them back")
    _add_common(replay)
    return result


def _add_common(mode: argparse.ArgumentParser):
    mode.add_argument("--tasks", required=True, type=_names, help="names, with commas")
    mode.add_argument("--episodes", type=int, required=True, help="episodes of every task")
    mode.add_argument("--seed", type=int, default=0, help="first scene; the next ones count up")
    mode.add_argument("--host", default="127.0.0.1")
    mode.add_argument("--port", type=_port, default=8000)
    mode.add_argument("--patience", type=float, default=10, help="seconds to wait for the server")
    mode.add_argument("--size", type=int, default=96, help="of pictures, where the server names none")
    mode.add_argument("--share", type=_share, default=(0, 1), help="index/count: every count-th episode of all tasks")
    mode.add_argument("--skip", type=int, default=0, help="leave out the first so many of these, of all tasks")


def _names(text: str) -> list[str]:
    return text.split(",")


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected 1 ... 65535, found {number}")
    return number


def _share(text: str) -> tuple[int, int]:
    index, count = map(int, text.split("/"))
    if not 0 <= index < count:
        raise argparse.ArgumentTypeError("expected index/count with 0 <= index < count")
    return index, count
