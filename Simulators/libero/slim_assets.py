"""Makes light assets of LIBERO's own, for quick collection: `python -m Simulators.libero.slim_assets`.

Meshes that are only seen keep an eighth of their faces, and textures at most 256 pixels a side. Everything else, collision
geometry above all, is a link to the original file.
"""

import os
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import fast_simplification
import numpy as np
import robosuite.models
from PIL import Image

from . import benchmark, meshes
from .tasks import FULL, SLIM

FACES_KEPT = 1 / 8
# A mesh of fewer faces stays as it is, as does a texture of fewer pixels a side.
FEWEST_FACES = 1500
LARGEST_TEXTURE = 256
# What LIBERO's scenes need of robosuite: its robot, its gripper and its pedestal.
ROBOT = ("robots/panda", "grippers", "mounts")


def main():
    """Makes the assets, unless they are there."""
    folder = benchmark.slim_folder()
    if folder.is_dir():
        return
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    counts = mirror(benchmark.assets(FULL), partial / "libero")
    print("LIBERO's scenes and objects: {:,} faces, {:,} kept".format(*counts))
    robosuite_assets = Path(robosuite.models.assets_root)
    counts = mirror(robosuite_assets, partial / "robosuite", ROBOT)
    print("its robot: {:,} faces, {:,} kept".format(*counts))
    partial.rename(folder)


def mirror(source: Path, target: Path, slimmed: tuple[str, ...] = ("",)) -> tuple[int, int]:
    """Mirrors a folder, with lighter files for those below the folders `slimmed`; returns the seen meshes' faces before and after."""
    source = source.resolve()
    seen = only_seen(source)
    before = after = 0
    for file in sorted(source.rglob("*")):
        if not file.is_file():
            continue
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        changes = any(str(file.relative_to(source)).startswith(folder) for folder in slimmed)
        if changes and file in seen:
            counts = _decimate(file, copy)
            before, after = before + counts[0], after + counts[1]
        elif changes and file.suffix in (".png", ".jpg"):
            _shrink(file, copy)
        if not copy.exists():
            os.symlink(file, copy)
    return before, after


def only_seen(source: Path) -> set[Path]:
    """The mesh files below a folder that its models use in visual geometry and nowhere in collision geometry."""
    seen, touched = set(), set()
    for path in source.rglob("*.xml"):
        model = ElementTree.parse(path).getroot()
        compiler = model.find("compiler")
        folder = path.parent / ("" if compiler is None else compiler.get("meshdir", ""))
        files = {
            mesh.get("name", Path(mesh.get("file", "")).stem): (folder / mesh.get("file", "")).resolve()
            for mesh in model.iter("mesh")
        }
        defaults = {default.get("class", "main"): default.find("geom") for default in model.iter("default")}
        for geom in model.iter("geom"):
            if geom.get("mesh") in files:
                (seen if _is_visual(geom, defaults) else touched).add(files[geom.get("mesh")])
    return seen - touched


def _is_visual(geom, defaults: dict) -> bool:
    default = defaults.get(geom.get("class", "main"))

    def value(key: str, otherwise: str) -> str:
        return geom.get(key, otherwise if default is None else default.get(key, otherwise))

    return value("contype", "1") == value("conaffinity", "1") == "0"


def _decimate(file: Path, copy: Path) -> tuple[int, int]:
    """Writes a mesh with fewer faces if it has many; returns the number of faces before and after."""
    mesh = meshes.read(file)
    faces = len(mesh.faces)
    if faces <= FEWEST_FACES:
        return faces, faces
    wanted = max(FEWEST_FACES, int(faces * FACES_KEPT))
    vertices, welded = np.unique(mesh.vertices, axis=0, return_inverse=True)
    points, kept = fast_simplification.simplify(
        vertices.astype(np.float32), welded.reshape(-1)[mesh.faces].astype(np.int32), target_count=wanted, agg=5
    )
    meshes.write(copy, mesh.textured(points, kept))
    return faces, len(kept)


def _shrink(file: Path, copy: Path):
    image = Image.open(file)
    if max(image.size) > LARGEST_TEXTURE:
        image.thumbnail((LARGEST_TEXTURE, LARGEST_TEXTURE), Image.LANCZOS)
        image.save(copy)


if __name__ == "__main__":
    sys.exit(main())
