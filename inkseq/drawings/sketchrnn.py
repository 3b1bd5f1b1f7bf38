"""sketch-rnn's .npz: arrays of (dx, dy, pen lifted) int16 rows under train, valid and test."""

import pickle
import zipfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkseq.config import Simplify
from inkseq.drawings.blocks import damaged
from inkseq.drawings.canonical import Rejected, make_canonical, refusal
from inkseq.drawings.ndjson import Record
from inkseq.drawings.strokes import unflatten

SPLIT_NAMES = {"train": 0, "valid": 1, "test": 2}


def read_npz(path: Path, mode: Simplify) -> Iterator[Record | Rejected]:
    """Every drawing of the file, its class being the file's name and its split the file's own.

    Raises Rejected where the file is none of sketch-rnn's, Damaged where it cannot be read.
    """
    word = path.name.removesuffix(".npz").removesuffix(".full").removeprefix("sketchrnn_")
    for name, rows_of in _arrays(path).items():
        for index, rows in enumerate(rows_of):
            try:
                yield _record(rows, word, name, index, mode)
            except Exception as error:
                yield refusal(error)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {name: _load(archive, name) for name in SPLIT_NAMES if f"{name}.npy" in archive.namelist()}
    except Exception as error:
        raise damaged(error) from None
    if not arrays or not all(isinstance(array, np.ndarray) and array.ndim for array in arrays.values()):
        raise Rejected(f"no sketch-rnn file: it has no arrays called {', '.join(SPLIT_NAMES)}")
    return arrays


def _record(rows: Any, word: str, split: str, index: int, mode: Simplify) -> Record:
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != 3 or rows.dtype.kind not in "iuf":
        raise Rejected("drawing is not rows of (dx, dy, pen)")
    if not len(rows):
        raise Rejected("empty drawing")
    with np.errstate(all="ignore"):  # infinities are refused below
        xy = np.cumsum(rows[:, :2], axis=0, dtype=np.float64)
        xy -= xy.min(axis=0)
    pen = (rows[:, 2] != 0).astype(np.uint8)
    pen[-1] = 1
    points, pen = make_canonical(unflatten(xy, pen), mode)
    # These files have no key_id. The strokes alone are none, for many a line is drawn alike; nor is the place alone,
    # for a class may come in several files.
    key = blake2b(f"{word}/{split}/{index}/".encode() + points.tobytes() + pen.tobytes(), digest_size=8).digest()
    return Record(word, int.from_bytes(key, "little"), "", True, points, pen, SPLIT_NAMES[split])


def _load(archive: zipfile.ZipFile, name: str) -> Any:
    """One array of objects. Pickles can run code, so only what numpy arrays need is let through."""
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read_header = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        shape, _, dtype = read_header[version[0]](file)
        if dtype.hasobject:
            return _ArrayUnpickler(file, encoding="latin1").load()  # the public files were written by Python 2
        return np.frombuffer(file.read(), dtype).reshape(shape)


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module.split(".")[0], name) in {
            ("numpy", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy", "scalar"),
            ("_codecs", "encode"),
            ("__builtin__", "bytes"),
        }:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in an array")
