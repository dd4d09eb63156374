"""How a peer answers benchmarks: a line `NAME SECONDS` in, the seconds of one call out."""

import sys
import time


def answer(greeting, calls):
    """Says that it is ready, then repeats what it is asked for, by name, for at least the time it is given.

    A call returns how many things it did; none counts as one.
    """
    print(greeting, flush=True)
    for line in sys.stdin:
        name, least = line.split()
        done, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < float(least):
            items = calls[name]()
            done += 1 if items is None else items
        print(elapsed / done, flush=True)
