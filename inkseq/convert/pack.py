"""Packing: the flat arrays of the dataset, each bucket writing its own stretches of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.lib import format as npy
from numpy.typing import NDArray

from inkseq.convert.shuffle import Ink, Rows
from inkseq.data.packed import ARRAYS, IMAGE_ARRAYS, WRITER
from inkseq.drawings.sources import SPLITS, UNLABELLED

DTYPES = ARRAYS | IMAGE_ARRAYS | WRITER


def create_arrays(folder: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """The .npy files of the dataset, to be written here and there."""
    for name, shape in shapes.items():
        with (folder / f"{name}.npy").open("wb") as file:
            header = {"descr": npy.dtype_to_descr(DTYPES[name]), "fortran_order": False, "shape": shape}
            npy.write_array_header_1_0(file, header)
            file.truncate(file.tell() + int(np.prod(shape)) * DTYPES[name].itemsize)


def write_items(folder: Path, name: str, at: int, values: NDArray[Any]) -> None:
    """Write `values` into an array from item `at` on (counted flat)."""
    with (folder / f"{name}.npy").open("r+b") as file:
        npy.read_magic(file)
        npy.read_array_header_1_0(file)
        file.seek(at * DTYPES[name].itemsize, 1)
        file.write(np.ascontiguousarray(values, DTYPES[name]).reshape(-1).view(np.uint8).data)


@dataclass(frozen=True)
class Placement:
    """Where everything goes: split after split, within each bucket after bucket."""

    splits: dict[str, list[int]]  # name -> [first, end) of the drawings
    num_drawings: int
    num_points: int
    first: NDArray[np.int64]  # (buckets, splits, 2): first drawing and first point of each stretch

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> "Placement":
        """From the drawings and points (the last axis) of each split in each bucket."""
        flat = counts.transpose(1, 0, 2).reshape(-1, 2)
        first = (np.cumsum(flat, axis=0) - flat).reshape(len(SPLITS), -1, 2).transpose(1, 0, 2)
        ends = np.cumsum(counts.sum(axis=0), axis=0)
        splits = {
            name: [int(first[0, number, 0]), int(ends[number, 0])]
            for number, name in enumerate(SPLITS)
            if number != UNLABELLED or counts[:, number].any()
        }
        return cls(splits, int(ends[-1, 0]), int(ends[-1, 1]), first)


def count_splits(drawings: Rows, split: NDArray[np.int8]) -> NDArray[np.int64]:
    """(splits, 2): how many drawings and points of a bucket each split gets."""
    num_points = drawings["num_points"]
    return np.array([[(split == s).sum(), num_points[split == s].sum()] for s in range(len(SPLITS))], np.int64)


def pack_bucket(
    folder: Path, drawings: Rows, ink: Ink, split: NDArray[np.int8], first: NDArray[np.int64]
) -> list[tuple[int, int]]:
    """Write a bucket's drawings, each split's from its (drawing, point) in `first` on.

    Returns (index, byte) of the pen's bytes at the ends of stretches: a neighbour's bits may share them, so
    whoever knows all neighbours writes them.
    """
    shared: list[tuple[int, int]] = []
    for number, (first_drawing, first_point) in enumerate(first.tolist()):
        chosen = drawings[split == number]
        if not len(chosen):
            continue
        num_points = chosen["num_points"].astype(np.int64)
        points, pen = _gather_bits(ink, chosen["start"], num_points, first_point % 8)
        first_byte = first_point // 8
        shared += [(first_byte, int(pen[0])), (first_byte + len(pen) - 1, int(pen[-1]))]
        write_items(folder, "points", first_point * 2, points)
        write_items(folder, "pen", first_byte + 1, pen[1:-1])
        write_items(folder, "offsets", first_drawing + 1, first_point + np.cumsum(num_points))
        write_items(folder, "labels", first_drawing, chosen["label"])
        for name in ("key_id", "countrycode", "recognized"):
            write_items(folder, name, first_drawing, chosen[name])
        if (folder / "writer.npy").exists():
            write_items(folder, "writer", first_drawing, chosen["writer"])
    return shared


def write_shared_pen(folder: Path, shared: list[tuple[int, int]]) -> None:
    """Join the bits of the pen bytes that stretches share."""
    joined: dict[int, int] = {}
    for index, byte in shared:
        joined[index] = joined.get(index, 0) | byte
    for index, byte in joined.items():
        write_items(folder, "pen", index, np.array([byte], np.uint8))


@njit(cache=True)
def _gather_bits(ink: Any, start: Any, num_points: Any, first_bit: int) -> Any:
    """Points in the order of `start`, and the pen as bits, most significant first, after `first_bit` others."""
    total = num_points.sum()
    points = np.empty((total, 2), np.uint8)
    pen = np.zeros((first_bit + total + 7) // 8, np.uint8)
    at = 0
    for i in range(len(start)):
        for j in range(start[i], start[i] + num_points[i]):
            points[at, 0], points[at, 1] = ink[j, 0], ink[j, 1]
            if ink[j, 2]:
                pen[(first_bit + at) >> 3] |= 128 >> ((first_bit + at) & 7)
            at += 1
    return points, pen
