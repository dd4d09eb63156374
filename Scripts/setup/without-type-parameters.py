#!/usr/bin/env python3
"""Writes the type parameters in lerobot 0.6.1 as Python 3.11 has them.

    without-type-parameters.py FOLDER      FOLDER of the package `lerobot`

They are all that it asks Python 3.12 for; nothing that runs is changed.
"""

import pathlib
import sys

EDITS = {
    "datasets/aggregate.py": [
        ("\ntype FeatureDict = ", "\nFeatureDict = "),
        ("\ntype ChunkFile = ", "\nChunkFile = "),
        ("\ntype VideoIndexState = ", "\nVideoIndexState = "),
    ],
    "datasets/streaming_dataset.py": [
        ("\nclass Backtrackable[T]:", '\nT = __import__("typing").TypeVar("T")\n\n\nclass Backtrackable(__import__("typing").Generic[T]):')
    ],
    "motors/motors_bus.py": [("\ntype NameOrID = ", "\nNameOrID = "), ("\ntype Value = ", "\nValue = ")],
    "processor/pipeline.py": [
        (
            "\nclass DataProcessorPipeline[TInput, TOutput](HubMixin):",
            '\nclass DataProcessorPipeline(HubMixin, __import__("typing").Generic[TInput, TOutput]):',
        )
    ],
    "utils/io_utils.py": [
        (
            "\ndef deserialize_json_into_object[T: JsonLike](fpath: Path, obj: T) -> T:",
            "\ndef deserialize_json_into_object(fpath: Path, obj):",
        )
    ],
}


def main() -> None:
    package = pathlib.Path(sys.argv[1])
    for name, edits in EDITS.items():
        text = (package / name).read_text()
        for old, new in edits:
            if text.count(old) != 1:
                sys.exit(f"{package / name}: expected once: {old.strip()}")
            text = text.replace(old, new)
        (package / name).write_text(text)


if __name__ == "__main__":
    main()
