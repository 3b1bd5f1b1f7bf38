"""sketch-rnn's .npz: arrays of (dx, dy, pen lifted) int16 rows under train, valid and test."""

import zipfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkseq.config import Simplify
from inkseq.drawings.blocks import damaged
from inkseq.drawings.canonical import Rejected, canonical_points, refusal
from inkseq.drawings.ndjson import Record, check_word
from inkseq.drawings.pickled import unpickle

SPLIT_NAMES = {"train": 0, "valid": 1, "test": 2}
MAX_RATIO, SMALL = 20, 2**20  # how far a file may unpack: so many times its size (2 to 6 are usual), or a megabyte
MAX_UNPACKED = 256 * 2**20  # bytes; some 700,000 drawings of usual length
MAX_POINTS, A_DRAWING = 4, 50  # how many points a byte of the file may hold (0.5 are usual), each drawing counted as 50


def read_npz(path: Path, mode: Simplify) -> Iterator[Record | Rejected]:
    """Every drawing of the file, its class being the file's name and its split the file's own.

    Raises Rejected where the file is none of sketch-rnn's or its name is no word, Damaged where it cannot be read.
    """
    word = check_word(path.name.removesuffix(".npz").removesuffix(".full").removeprefix("sketchrnn_"))
    left = MAX_POINTS * path.stat().st_size + SMALL
    arrays = _arrays(path, most_drawings=left // A_DRAWING)
    for name, rows_of in arrays.items():
        for index, rows in enumerate(rows_of):
            left -= A_DRAWING + (len(rows) if isinstance(rows, np.ndarray) and rows.ndim else 0)
            if left < 0:  # a pickle may hold the same drawing again and again
                raise Rejected(f"more drawings than a file of its size can hold: {MAX_POINTS} points a byte")
            try:
                yield _record(rows, word, name, index, mode)
            except Exception as error:
                yield refusal(error)


def _arrays(path: Path, most_drawings: int) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name: f"{name}.npy" for name in SPLIT_NAMES if f"{name}.npy" in archive.namelist()}
            _check_unpacked(sum(archive.getinfo(member).file_size for member in members.values()), path)
            arrays = {name: _load(archive, member, most_drawings) for name, member in members.items()}
    except Exception as error:
        raise damaged(error) from None
    if not arrays or not all(isinstance(array, np.ndarray) and array.ndim for array in arrays.values()):
        raise Rejected(f"no sketch-rnn file: it has no arrays called {', '.join(SPLIT_NAMES)}")
    if any(len(array) > array.size for array in arrays.values()):  # any number of nothing
        raise Rejected("drawing is not rows of (dx, dy, pen)")
    return arrays


def _check_unpacked(size: int, path: Path) -> None:
    """Refuse what says that it is huge before any of it is read, which goes no further than it says."""
    if size > min(max(MAX_RATIO * path.stat().st_size, SMALL), MAX_UNPACKED):
        raise Rejected(
            f"unpacks to {size / 2**20:,.0f} MB: more than {MAX_RATIO} times itself, or {MAX_UNPACKED >> 20} MB"
        )


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
    points, pen = canonical_points(xy, pen, mode)
    # These files have no key_id. The strokes alone are none, for many a line is drawn alike; nor is the place alone,
    # for a class may come in several files.
    key = blake2b(f"{word}/{split}/{index}/".encode() + points.tobytes() + pen.tobytes(), digest_size=8).digest()
    return Record(word, int.from_bytes(key, "little"), "", True, points, pen, SPLIT_NAMES[split])


def _load(archive: zipfile.ZipFile, member: str, most_drawings: int) -> Any:
    """One array, mostly of objects: of a pickle, which could run code, only what arrays need is let through."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        shape, _, dtype = read_header[version[0]](file)
        text = file.read()
    return unpickle(text, most_drawings) if dtype.hasobject else np.frombuffer(text, dtype).reshape(shape)
