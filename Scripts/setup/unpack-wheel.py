#!/usr/bin/env python3
"""Checks a wheel against its pinned SHA-256 and unpacks the parts of it that are wanted.

    unpack-wheel.py WHEEL HASHES DESTINATION PREFIX=FOLDER[:GLOB,...] ...

`torch/lib/=lib:*.so,*.so.*` puts the members directly under or below `torch/lib/` whose file name
matches one of the globs into DESTINATION/lib; without globs it takes them all. `@dist-info/` in a prefix stands for
the wheel's metadata folder. DESTINATION appears only when everything is in it.
Exit status 3: the wheel is not the pinned one.
"""

import fnmatch
import hashlib
import os
import pathlib
import shutil
import sys
import time
import zipfile


def pinned_hash(hashes: pathlib.Path, wheel: str) -> str:
    for line in hashes.read_text().splitlines():
        digest, _, name = line.partition("  ")
        if name == wheel:
            return digest
    sys.exit(f"{wheel} is not listed in {hashes}: this version is not one that was checked")


def wanted(wheel: pathlib.Path, rules: list[str]):
    """Yields (archive, member, path under the destination) for every member that a rule asks for."""
    archive = zipfile.ZipFile(wheel)
    metadata = "-".join(wheel.name.split("-")[:2]) + ".dist-info/"
    for rule in rules:
        prefix, _, target = rule.partition("=")
        folder, _, globs = target.partition(":")
        prefix = prefix.replace("@dist-info/", metadata)
        patterns = globs.split(",") if globs else ["*"]
        for member in archive.infolist():
            name = member.filename
            if member.is_dir() or not name.startswith(prefix):
                continue
            path = pathlib.PurePosixPath(name[len(prefix) :])
            if ".." not in path.parts and any(fnmatch.fnmatch(path.name, p) for p in patterns):
                yield archive, member, pathlib.Path(folder, *path.parts)


def main() -> None:
    wheel, hashes, destination = (pathlib.Path(a) for a in sys.argv[1:4])
    expected = pinned_hash(hashes, wheel.name)
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        print(f"{wheel.name}: SHA-256 is {found}, expected {expected}")
        sys.exit(3)

    aside = destination.with_name(destination.name + ".partial")
    shutil.rmtree(aside, ignore_errors=True)
    count = 0
    for archive, member, path in wanted(wheel, sys.argv[4:]):
        target = aside / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        # The wheel's own times, so that unpacking again does not make the Swift build start anew.
        written = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(target, (written, written))
        count += 1
    if count == 0:
        sys.exit(f"{wheel.name} holds none of {' '.join(sys.argv[4:])}")
    shutil.rmtree(destination, ignore_errors=True)
    aside.rename(destination)
    print(f"{count} files from {wheel.name} in {destination}")


if __name__ == "__main__":
    main()
