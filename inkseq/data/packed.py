"""The packed dataset: flat arrays in a folder, opened without reading them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkseq.errors import UserError

FORMAT = 1
STRETCH = 1 << 16  # drawings whose strokes are counted at a time
ARRAYS: dict[str, np.dtype[Any]] = {
    "points": np.dtype(np.uint8),
    "pen": np.dtype(np.uint8),
    "offsets": np.dtype(np.int64),
    "labels": np.dtype(np.int16),
    "key_id": np.dtype(np.uint64),
    "countrycode": np.dtype("S2"),
    "recognized": np.dtype(np.bool_),
}


def array_shapes(num_drawings: int, num_points: int) -> dict[str, tuple[int, ...]]:
    """What a dataset of so many drawings and points consists of."""
    rows = dict.fromkeys(ARRAYS, (num_drawings,))
    return rows | {"points": (num_points, 2), "pen": (-(-num_points // 8),), "offsets": (num_drawings + 1,)}


@dataclass(frozen=True)
class Packed:
    """An open dataset. Drawing i has points[offsets[i]:offsets[i + 1]]; `pen` holds one bit a point."""

    path: Path
    meta: dict[str, Any]
    points: NDArray[np.uint8]
    pen: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int16]  # -1 in the split `unlabelled`
    key_id: NDArray[np.uint64]
    countrycode: NDArray[np.bytes_]
    recognized: NDArray[np.bool_]

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

    def drawing(self, i: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Points and pen of one drawing."""
        start, end = int(self.offsets[i]), int(self.offsets[i + 1])
        bits = np.unpackbits(self.pen[start // 8 : -(-end // 8)])
        return self.points[start:end], bits[start % 8 : start % 8 + end - start]


def fingerprint(data: Packed) -> dict[str, Any]:
    """What makes a dataset the same one, wherever it lies."""
    return {key: data.meta[key] for key in ("classes", "splits", "num_points")} | {
        f"options.{key}": value for key, value in data.meta["options"].items()
    }


def count_strokes(data: Packed, chosen: range, stretch: int = STRETCH) -> NDArray[np.int64]:
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
        shapes = _shapes(meta) if version == FORMAT else {}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{meta_path} is damaged ({error!r}); convert again") from None
    if version != FORMAT:
        raise UserError(f"{path} has format {version}, this inkseq reads {FORMAT}; convert again")
    return Packed(path, meta, **{name: _load(path, name, shape) for name, shape in shapes.items()})


def _shapes(meta: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """What the arrays must be for what meta.json says, which must make sense itself."""
    num_drawings, num_points = int(meta["num_drawings"]), int(meta["num_points"])
    if not isinstance(meta["classes"], list) or not all(isinstance(word, str) for word in meta["classes"]):
        raise ValueError("classes are not a list of words")
    for name, (start, end) in meta["splits"].items():
        if not 0 <= start <= end <= num_drawings:
            raise ValueError(f"the split {name} is {start} to {end} of {num_drawings} drawings")
        range(start, end)  # whole numbers only
    return array_shapes(num_drawings, num_points)


def _load(path: Path, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    file = path / f"{name}.npy"
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{file} is damaged ({error}); convert again") from None
    if array.shape != shape or array.dtype != ARRAYS[name]:
        raise UserError(
            f"{file} holds {array.dtype} {array.shape} where meta.json says {ARRAYS[name]} {shape}; convert again"
        )
    return array
