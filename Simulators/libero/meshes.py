"""Triangle meshes with texture coordinates, in the formats of LIBERO's and robosuite's assets: OBJ, STL and MuJoCo's MSH."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree


@dataclass
class Mesh:
    """Positions `[vertices, 3]`, triangles `[faces, 3]`, and texture coordinates of each triangle's corners, `[faces, 3, 2]`."""

    vertices: np.ndarray
    faces: np.ndarray
    coordinates: np.ndarray | None = None

    def textured(self, vertices: np.ndarray, faces: np.ndarray) -> "Mesh":
        """Another mesh of the same surface, with this one's texture.

        Every triangle takes over the texture's affine map from the triangle of this mesh that is nearest to its middle, so
        none is drawn across a seam.
        """
        if self.coordinates is None:
            return Mesh(vertices, faces)
        corners = self.vertices[self.faces]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        sound = np.flatnonzero(areas > 1e-12)
        _, nearest = cKDTree(corners[sound].mean(axis=1)).query(vertices[faces].mean(axis=1))
        old, coordinates = corners[sound[nearest]], self.coordinates[sound[nearest]]
        # Barycentric coordinates of the new corners in the old triangles' planes.
        edges = np.stack([old[:, 1] - old[:, 0], old[:, 2] - old[:, 0]], axis=2)
        offsets = (vertices[faces] - old[:, :1]).transpose(0, 2, 1)
        weights = np.linalg.pinv(edges) @ offsets
        spans = np.stack([coordinates[:, 1] - coordinates[:, 0], coordinates[:, 2] - coordinates[:, 0]], axis=2)
        found = coordinates[:, :1] + (spans @ weights).transpose(0, 2, 1)
        low, high = self.coordinates.min((0, 1)), self.coordinates.max((0, 1))
        return Mesh(vertices, faces, np.clip(found, low, high))


def read(path: Path) -> Mesh:
    """The mesh in a file."""
    return {".obj": _read_obj, ".stl": _read_stl, ".msh": _read_msh}[path.suffix](path)


def write(path: Path, mesh: Mesh):
    """Writes a mesh in the format that the file's name has."""
    {".obj": _write_obj, ".stl": _write_stl, ".msh": _write_msh}[path.suffix](path, mesh)


def _read_obj(path: Path) -> Mesh:
    vertices, texture, faces, corners = [], [], [], []
    for line in path.read_text(errors="replace").splitlines():
        key, *values = line.split() or [""]
        if key == "v":
            vertices.append([float(value) for value in values[:3]])
        elif key == "vt":
            texture.append([float(value) for value in values[:2]])
        elif key == "f":
            indices = [[int(part or 0) for part in value.split("/")] + [0] for value in values]
            for second in range(1, len(indices) - 1):
                triangle = (indices[0], indices[second], indices[second + 1])
                faces.append([_index(corner[0], len(vertices)) for corner in triangle])
                corners.append([_index(corner[1], len(texture)) for corner in triangle])
    has_texture = texture and np.min(corners) >= 0
    return Mesh(np.array(vertices), np.array(faces), np.array(texture)[np.array(corners)] if has_texture else None)


def _index(number: int, count: int) -> int:
    """An index from 0 of OBJ's number from 1, or from the end if it is negative; -1 for none."""
    return number - 1 if number >= 0 else count + number


def _write_obj(path: Path, mesh: Mesh):
    lines = ["v {:.7g} {:.7g} {:.7g}".format(*vertex) for vertex in mesh.vertices]
    if mesh.coordinates is None:
        lines += ["f {} {} {}".format(*(face + 1)) for face in mesh.faces]
    else:
        lines += ["vt {:.6g} {:.6g}".format(*corner) for corner in mesh.coordinates.reshape(-1, 2)]
        lines += [
            "f " + " ".join(f"{vertex + 1}/{3 * index + corner + 1}" for corner, vertex in enumerate(face))
            for index, face in enumerate(mesh.faces)
        ]
    path.write_text("\n".join(lines) + "\n")


STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def _read_stl(path: Path) -> Mesh:
    data = path.read_bytes()
    count = int.from_bytes(data[80:84], "little")
    corners = np.frombuffer(data, STL, count, 84)["corners"].reshape(-1, 3)
    vertices, faces = np.unique(corners, axis=0, return_inverse=True)
    return Mesh(vertices, faces.reshape(-1, 3))


def _write_stl(path: Path, mesh: Mesh):
    triangles = np.zeros(len(mesh.faces), STL)
    triangles["corners"] = mesh.vertices[mesh.faces]
    path.write_bytes(bytes(80) + len(triangles).to_bytes(4, "little") + triangles.tobytes())


def _read_msh(path: Path) -> Mesh:
    data = path.read_bytes()
    vertex_count, normal_count, texture_count, face_count = np.frombuffer(data, "<i4", 4)
    numbers = np.frombuffer(data, "<f4", 3 * vertex_count + 3 * normal_count + 2 * texture_count, 16)
    faces = np.frombuffer(data, "<i4", 3 * face_count, 16 + numbers.nbytes).reshape(-1, 3)
    texture = numbers[len(numbers) - 2 * texture_count :].reshape(-1, 2)
    return Mesh(numbers[: 3 * vertex_count].reshape(-1, 3), faces, texture[faces] if texture_count else None)


def _write_msh(path: Path, mesh: Mesh):
    # One vertex for every corner, since vertices have one coordinate each.
    vertices = mesh.vertices[mesh.faces].reshape(-1, 3).astype("<f4")
    texture = np.zeros((0, 2), "<f4") if mesh.coordinates is None else mesh.coordinates.reshape(-1, 2).astype("<f4")
    faces = np.arange(len(vertices), dtype="<i4")
    header = np.array([len(vertices), 0, len(texture), len(faces) // 3], "<i4")
    path.write_bytes(header.tobytes() + vertices.tobytes() + texture.tobytes() + faces.tobytes())
