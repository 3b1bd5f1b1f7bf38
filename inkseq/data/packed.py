"""The packed dataset, of strokes or of images: flat arrays in a folder, opened without reading them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from inkseq.data.content import changed, digest_file
from inkseq.data.damage import check_bytes, check_labels, check_meta, check_offsets, check_writers
from inkseq.errors import UserError

FORMAT = 1
CONTENT = "content"  # of a fingerprint
LONGEST = 200  # letters of a reason
STRETCH = 1 << 16  # drawings whose strokes are counted at a time
ROWS: dict[str, np.dtype[Any]] = {"labels": np.dtype(np.int16), "key_id": np.dtype(np.uint64)}
ARRAYS: dict[str, np.dtype[Any]] = {  # of strokes
    "points": np.dtype(np.uint8),
    "pen": np.dtype(np.uint8),
    "offsets": np.dtype(np.int64),
    **ROWS,
    "countrycode": np.dtype("S2"),
    "recognized": np.dtype(np.bool_),
}
IMAGE_ARRAYS: dict[str, np.dtype[Any]] = {"images": np.dtype(np.uint8), **ROWS}
WRITER: dict[str, np.dtype[Any]] = {"writer": np.dtype(np.int32)}  # of both, where one is known


def array_shapes(num_drawings: int, num_points: int, of_writers: bool = False) -> dict[str, tuple[int, ...]]:
    """What a dataset of so many drawings and points consists of."""
    rows = dict.fromkeys([*ARRAYS, *(WRITER if of_writers else ())], (num_drawings,))
    return rows | {"points": (num_points, 2), "pen": (-(-num_points // 8),), "offsets": (num_drawings + 1,)}


def image_shapes(num_drawings: int, size: int, of_writers: bool = False) -> dict[str, tuple[int, ...]]:
    """What a dataset of so many images consists of."""
    rows = dict.fromkeys([*IMAGE_ARRAYS, *(WRITER if of_writers else ())], (num_drawings,))
    return rows | {"images": (num_drawings, size, size)}


@dataclass(frozen=True)
class Packed:
    """An open dataset: what there is of drawings of any kind."""

    path: Path
    meta: dict[str, Any]
    labels: NDArray[np.int16]  # -1 in the split `unlabelled`
    key_id: NDArray[np.uint64]
    writer: NDArray[np.int32] | None = field(default=None, kw_only=True)  # index into meta["writers"], or -1

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """By the names of their files."""
        return {name: getattr(self, name) for name in _arrays(self.meta)}

    @property
    def classes(self) -> list[str]:
        return list(self.meta["classes"])

    def __len__(self) -> int:
        return len(self.labels)

    def split(self, name: str | None) -> range:
        """The indices of a split, or of all drawings."""
        if name is None:
            return range(len(self))
        if name not in self.meta["splits"]:
            raise UserError(f"{self.path} has no split '{name}', only {', '.join(self.meta['splits'])}")
        return range(*self.meta["splits"][name])


@dataclass(frozen=True)
class PackedStrokes(Packed):
    """Drawing i has points[offsets[i]:offsets[i + 1]]; `pen` holds one bit a point."""

    points: NDArray[np.uint8]
    pen: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    countrycode: NDArray[np.bytes_]
    recognized: NDArray[np.bool_]

    def drawing(self, i: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Points and pen of one drawing."""
        start, end = int(self.offsets[i]), int(self.offsets[i + 1])
        bits = np.unpackbits(self.pen[start // 8 : -(-end // 8)])
        return self.points[start:end], bits[start % 8 : start % 8 + end - start]


@dataclass(frozen=True)
class PackedImages(Packed):
    """Drawing i is images[i]: 255 where there is most ink, 0 where there is none."""

    images: NDArray[np.uint8]


def fingerprint(data: Packed) -> dict[str, Any]:
    """What makes a dataset the same one, wherever it lies. Those from before there were digests have no CONTENT."""
    options = {f"options.{key}": value for key, value in data.meta["options"].items()}
    content = {CONTENT: data.meta["digests"]} if "digests" in data.meta else {}
    size = "size" if isinstance(data, PackedImages) else "num_points"
    return {key: data.meta[key] for key in ("classes", "splits", size)} | options | content


def check_content(data: Packed) -> None:
    """That the arrays are what convert wrote. All of them are read: for whoever is going to do that anyway."""
    if wrong := changed(data.arrays, data.meta.get("digests", {})):
        files = ", ".join(f"{name}.npy" for name in wrong)
        raise UserError(f"{data.path}: {files} changed since convert wrote it; convert again")


def digests(folder: Path) -> dict[str, str]:
    """Those of the arrays in a folder, by name."""
    return {file.stem: digest_file(file) for file in sorted(folder.glob("*.npy"))}


def _arrays(meta: dict[str, Any]) -> dict[str, np.dtype[Any]]:
    """Which arrays a dataset has, by what it says of its kind."""
    return (IMAGE_ARRAYS if meta.get("kind") == "images" else ARRAYS) | (WRITER if "writers" in meta else {})


def count_strokes(data: PackedStrokes, chosen: range, stretch: int = STRETCH) -> NDArray[np.int64]:
    """Strokes of each drawing: the pen's bits between its offsets, a stretch of drawings at a time."""
    counts = np.empty(len(chosen), np.int64)
    for start in range(chosen.start, chosen.stop, stretch):
        stop = min(start + stretch, chosen.stop)
        offsets = np.asarray(data.offsets[start : stop + 1])
        first_bit = offsets[0] // 8 * 8
        bits = np.unpackbits(data.pen[first_bit // 8 : -(-offsets[-1] // 8)])
        before = np.concatenate([[0], np.cumsum(bits, dtype=np.int64)])[offsets - first_bit]
        counts[start - chosen.start : stop - chosen.start] = np.diff(before)
    return counts


def open_packed(path: str | Path) -> Packed:
    """Open a dataset, or say in a line why it is none."""
    path = Path(path)
    meta_path = path / "meta.json"
    if not meta_path.exists():
        what = "is no packed dataset (it has no meta.json)" if path.exists() else "does not exist"
        raise UserError(f"{path} {what}; `make data RAW=DIR OUT={path}` makes one")
    try:
        meta = json.loads(meta_path.read_text("utf-8"))
        version = meta["format"]
        if version == FORMAT:
            check_meta(meta)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(meta_path, repr(error)) from None
    if version != FORMAT:
        raise UserError(f"{path} has format {version!r}, this inkseq reads {FORMAT}; convert again")
    count, of_writers = meta["num_drawings"], "writers" in meta
    if meta.get("kind") == "images":
        data: Packed = PackedImages(path, meta, **_load_all(path, image_shapes(count, meta["size"], of_writers)))
    else:
        data = PackedStrokes(path, meta, **_load_all(path, array_shapes(count, meta["num_points"], of_writers)))
    _check_arrays(data)
    return data


def open_strokes(path: str | Path) -> PackedStrokes:
    """Open a dataset of strokes, for what can do nothing with images."""
    data = open_packed(path)
    if not isinstance(data, PackedStrokes):
        raise UserError(f"{path} holds images; strokes are needed here")
    return data


def _load_all(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    return {name: _load(path, name, shape) for name, shape in shapes.items()}


def _load(path: Path, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    file = path / f"{name}.npy"
    try:
        array: NDArray[Any] = npy.open_memmap(file, mode="r")
        found = f"{array.dtype} {array.shape}"
        expected = (ARRAYS | IMAGE_ARRAYS | WRITER)[name]
        whole = array.shape == shape and array.dtype == expected and array.flags.c_contiguous
    except Exception as error:  # numpy lets all sorts through where a header's bytes are wrong
        raise _damaged(file, str(error)) from None
    if not whole:
        raise UserError(f"{file} holds {found} where meta.json says {expected} {shape}; convert again")
    return array


def _check_arrays(data: Packed) -> None:
    """What would be an index or a letter must be one: a look at the small arrays, not at the ink."""
    checks: dict[str, Callable[[], None]] = {
        "labels": lambda: check_labels(data.labels, data.meta["splits"], len(data.classes))
    }
    if isinstance(data, PackedStrokes):
        checks |= {
            "offsets": lambda: check_offsets(data.offsets, len(data.points)),
            "countrycode": lambda: check_bytes(data.countrycode, 127),
            "recognized": lambda: check_bytes(data.recognized, 1),
        }
    if data.writer is not None:
        writer = data.writer
        checks["writer"] = lambda: check_writers(writer, len(data.meta["writers"]))
    for name, check in checks.items():
        try:
            check()
        except ValueError as error:
            raise _damaged(data.path / f"{name}.npy", str(error)) from None


def _damaged(file: Path, why: str) -> UserError:
    """In a line, however long what is in the file is."""
    line = " ".join(why.split())
    return UserError(f"{file} is damaged ({line if len(line) <= LONGEST else f'{line[:LONGEST]}...'}); convert again")
