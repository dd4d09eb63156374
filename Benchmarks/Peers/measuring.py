"""The loop of a peer in benchmarks: a line `NAME SECONDS` in, the seconds and the processor time of one call out."""

import sys
import time


def serve(greeting, calls, values={}):
    """Says that it is ready, then repeats what it is asked for, by name, for at least the time it is given.

    A call returns the number of items it handled; anything else counts as one. Of `values`, what is returned is printed instead.
    """
    print(greeting, flush=True)
    for line in sys.stdin:
        name, least = line.split()
        if name in values:
            print(values[name](), flush=True)
            continue
        done, start, processor = 0, time.perf_counter(), time.process_time()
        while (elapsed := time.perf_counter() - start) < float(least):
            items = calls[name]()
            done += items if isinstance(items, int) else 1
        print(elapsed / done, (time.process_time() - processor) / done, flush=True)
