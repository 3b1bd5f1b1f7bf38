"""What a packed folder says of itself, looked through before anybody believes it. Each check raises ValueError.

A wrong offset would otherwise be met as gigabytes of memory or an index error, hours later and elsewhere.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRETCH = 1 << 18  # items looked at together: what a cache holds, however large the dataset


def check_meta(meta: Any) -> None:
    """That meta.json has what we read of it, and that it makes sense."""
    for name in ("num_drawings", "size" if meta.get("kind") == "images" else "num_points"):
        if not _is_count(meta[name]) or not meta[name]:
            raise ValueError(f"{name} is {meta[name]!r}")
    classes = meta["classes"]
    if not isinstance(classes, list) or not all(isinstance(word, str) for word in classes):
        raise ValueError("classes are not a list of words")
    if len(set(classes)) < len(classes):
        raise ValueError("a class is there twice")
    writers = meta.get("writers", [])
    if not isinstance(writers, list) or not all(isinstance(writer, str) for writer in writers):
        raise ValueError("writers are not a list of names")
    if not isinstance(meta["options"], dict):
        raise ValueError("options are no settings")
    digests = meta.get("digests", {})  # datasets from before have none
    if not isinstance(digests, dict) or not all(isinstance(digest, str) for digest in digests.values()):
        raise ValueError("digests are no texts by array")
    _check_splits(meta["splits"], meta["num_drawings"])


def _check_splits(splits: Any, num_drawings: int) -> None:
    """That no drawing is in two splits; one may be in none, where somebody took a split away."""
    for name, ends in splits.items():
        if not isinstance(ends, list) or len(ends) != 2 or not all(map(_is_count, ends)) or ends[0] > ends[1]:
            raise ValueError(f"the split {name} is {ends!r}")
        if ends[1] > num_drawings:
            raise ValueError(f"the split {name} is {ends} of {num_drawings} drawings")
    filled = sorted(ends for ends in splits.values() if ends[0] < ends[1])
    for one, other in pairwise(filled):
        if one[1] > other[0]:
            raise ValueError(f"two splits, {one} and {other}, overlap")


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0  # true is an int, too


def check_offsets(offsets: NDArray[np.int64], num_points: int) -> None:
    """That every drawing has points, that they follow each other, and that together they are all points."""
    if offsets[0] != 0 or offsets[-1] != num_points:
        raise ValueError(f"it goes from {offsets[0]} to {offsets[-1]}, the points from 0 to {num_points}")
    for start, some in _stretches(offsets, overlap=1):
        wrong = np.flatnonzero(some[1:] <= some[:-1])
        if len(wrong):
            first, end = some[wrong[0] : wrong[0] + 2]
            raise ValueError(f"drawing {start + wrong[0]} goes from point {first} to {end}")


def check_labels(labels: NDArray[np.int16], splits: dict[str, list[int]], num_classes: int) -> None:
    """That every label is one of a class, or -1; the latter in `unlabelled` alone."""
    for name, (first, end) in {"any split": [0, len(labels)], **splits}.items():
        least = -1 if name in ("any split", "unlabelled") else 0
        most = -1 if name == "unlabelled" else num_classes - 1
        for start, some in _stretches(labels[first:end]):
            wrong = np.flatnonzero((some < least) | (some > most))
            if len(wrong):
                i = first + start + wrong[0]
                raise ValueError(f"drawing {i}, of {name}, has label {labels[i]}; there are {num_classes} classes")


def check_writers(writer: NDArray[np.int32], num_writers: int) -> None:
    """That every writer is one of those named, or -1."""
    for start, some in _stretches(writer):
        wrong = np.flatnonzero((some < -1) | (some >= num_writers))
        if len(wrong):
            raise ValueError(f"drawing {start + wrong[0]} is by writer {some[wrong[0]]} of {num_writers}")


def check_bytes(array: NDArray[Any], most: int) -> None:
    """That no byte of the items is larger: of truth, or of letters."""
    for start, some in _stretches(array):
        items = some[:, None].view(np.uint8)
        if items.max() > most:
            wrong = np.flatnonzero((items > most).any(axis=1))
            raise ValueError(f"item {start + wrong[0]} is none")


def _stretches(array: NDArray[Any], overlap: int = 0) -> Iterator[tuple[int, NDArray[Any]]]:
    """Pieces of a (memory-mapped) array and where they start, each with some of the next one."""
    for start in range(0, len(array), STRETCH):
        yield start, np.asarray(array[start : start + STRETCH + overlap])
