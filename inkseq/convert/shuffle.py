"""The shuffle: drawings in the order of a hash of (seed, key_id), made in bounded memory.

Readers scatter drawings over buckets on disk, a bucket holding one range of hashes; then each bucket is sorted
alone. The order depends on nothing but the seed and the key_ids: not on files, workers or the number of buckets.
"""

from collections import Counter
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inkseq.drawings.columns import Columns

ROW = np.dtype(
    [
        ("key_id", np.uint64),
        ("task", np.uint32),  # which task read it
        ("word", np.uint32),  # index into that task's words
        ("rank", np.uint32),  # how many of its word, of no split yet, that task kept before it
        ("num_points", np.uint32),
        ("writer", np.int32),  # index into that task's writers, or -1
        ("countrycode", "S2"),
        ("recognized", np.bool_),
        ("split", np.int8),
    ]
)
DRAWING = np.dtype(
    [
        ("key_id", np.uint64),
        ("start", np.int64),  # of its points in the bucket's ink
        ("rank", np.int64),  # how many of its class, of no split yet, came before it in the files
        ("num_points", np.uint32),
        ("writer", np.int32),  # index into all writers, or -1
        ("label", np.int16),
        ("countrycode", "S2"),
        ("recognized", np.bool_),
        ("split", np.int8),
    ]
)
Rows = NDArray[np.void]
Ink = NDArray[np.uint8]  # (P, 3): x, y, pen


def hash_keys(key_id: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """splitmix64 of (seed, key_id): one to one for a seed, so equal hashes are equal keys."""
    z = key_id + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class BucketWriter:
    """Appends drawings to the buckets of a folder; every process writes files of its own."""

    def __init__(self, folder: Path, num_buckets: int, seed: int, name: str) -> None:
        self.num_buckets, self.seed = num_buckets, seed
        self.files = [
            (FileIO(f"{folder}/{bucket}-{name}.rows", "ab"), FileIO(f"{folder}/{bucket}-{name}.ink", "ab"))
            for bucket in range(num_buckets)
        ]

    def write(self, columns: Columns, keep: NDArray[np.intp], rank: NDArray[np.uint32], task: int) -> None:
        """Append the drawings `keep` (indices, in this order), each with its rank."""
        hashes = hash_keys(columns.key_id[keep], self.seed)
        bucket = (hashes >> np.uint64(32)) * np.uint64(self.num_buckets) >> np.uint64(32)
        by_bucket = np.argsort(bucket, kind="stable")
        order = keep[by_bucket]
        rows = np.empty(len(order), ROW)
        rows["task"], rows["rank"] = task, rank[by_bucket]
        for name in ("key_id", "word", "num_points", "writer", "countrycode", "recognized", "split"):
            rows[name] = getattr(columns, name)[order]
        ends = np.cumsum(columns.num_points, dtype=np.int64)
        ink = _gather(columns.points, columns.pen, (ends - columns.num_points)[order], rows["num_points"])
        row_at = np.searchsorted(bucket[by_bucket], np.arange(self.num_buckets + 1, dtype=np.uint64))
        ink_at = np.concatenate([[0], np.cumsum(rows["num_points"], dtype=np.int64)])[row_at]
        for number, (row_file, ink_file) in enumerate(self.files):
            write_all(row_file, rows[row_at[number] : row_at[number + 1]].view(np.uint8).data)
            write_all(ink_file, ink[ink_at[number] : ink_at[number + 1]].reshape(-1).data)

    def close(self) -> None:
        for row_file, ink_file in self.files:
            row_file.close()
            ink_file.close()


def write_all(file: FileIO, data: memoryview) -> None:
    """A disk that is nearly full takes less than it is given, then fails."""
    while data:
        data = data[file.write(data) :]


@dataclass(frozen=True)
class TaskWords:
    """What the words of each task mean to all: word w of task t is entry first_word[t] + w. Likewise the writers."""

    first_word: NDArray[np.int64]
    label: NDArray[np.int16]  # -1 for drawings without a word
    first_rank: NDArray[np.int64]  # how many of the class earlier tasks ranked
    ranked: NDArray[np.int64]
    writers: list[str]  # all of them
    first_writer: NDArray[np.int64]
    writer: NDArray[np.int32]  # which of all; the last entry is -1, of nobody
    split_of: NDArray[np.int8]  # of each of all writers; the last entry, of nobody, is -1

    def ranked_K(self, num_classes: int) -> NDArray[np.int64]:
        """How many drawings of each class were ranked in reading."""
        named = self.label >= 0
        return np.bincount(self.label[named], self.ranked[named], num_classes).astype(np.int64)


def sort_bucket(folder: Path, number: int, seed: int, task_words: TaskWords) -> tuple[Rows, Counter[int]]:
    """The bucket's drawings in the order of their hashes, each key_id once; also left in NUMBER.sorted.

    And how many of each label were dropped for being there twice.
    """
    rows, ink = _read_all(folder, number, "rows", ROW), load_ink(folder, number)
    entry = task_words.first_word[rows["task"]] + rows["word"]
    drawings = np.empty(len(rows), DRAWING)
    for name in ("key_id", "num_points", "countrycode", "recognized", "split"):
        drawings[name] = rows[name]
    drawings["label"] = task_words.label[entry]
    known = rows["writer"] >= 0
    drawings["writer"] = task_words.writer[np.where(known, task_words.first_writer[rows["task"]] + rows["writer"], -1)]
    drawings["rank"] = task_words.first_rank[entry] + rows["rank"]
    drawings["start"] = np.cumsum(rows["num_points"], dtype=np.int64) - rows["num_points"]
    drawings = drawings[np.argsort(hash_keys(rows["key_id"], seed), kind="stable")]
    first = _first_of_each(drawings, ink)
    duplicates = Counter(drawings["label"][~first].tolist())
    drawings = drawings[first]
    free = drawings["split"] < 0
    drawings["split"][free] = task_words.split_of[drawings["writer"][free]]
    (folder / f"{number}.sorted").write_bytes(drawings.view(np.uint8).data)  # np.save cannot say that a disk is full
    return drawings, duplicates


def load_sorted(folder: Path, number: int) -> Rows:
    """What `sort_bucket` made of a bucket."""
    drawings: Rows = np.fromfile(folder / f"{number}.sorted", DRAWING)
    return drawings


def load_ink(folder: Path, number: int) -> Ink:
    """The points of a bucket, which its drawings' `start` points into."""
    return _read_all(folder, number, "ink", np.dtype(np.uint8)).reshape(-1, 3)


def remove_bucket(folder: Path, number: int) -> None:
    for path in (*folder.glob(f"{number}-*"), folder / f"{number}.sorted"):
        path.unlink()


def _read_all(folder: Path, number: int, kind: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """What all processes wrote into a bucket, one after the other."""
    return np.concatenate([np.fromfile(path, dtype) for path in sorted(folder.glob(f"{number}-*.{kind}"))])


def _first_of_each(drawings: Rows, ink: Ink) -> NDArray[np.bool_]:
    """Marks one drawing of each key_id. Equals are first put in the order of their content, in place, so that
    the one that stays does not depend on who was read first."""
    key_id = drawings["key_id"]
    first = np.ones(len(drawings), np.bool_)
    first[1:] = key_id[1:] != key_id[:-1]

    def content(drawing: Any) -> tuple[Any, ...]:
        drawn = ink[drawing["start"] : drawing["start"] + drawing["num_points"]].tobytes()
        known = drawing["countrycode"], not drawing["recognized"], drawing["writer"]
        return drawing["split"], drawing["label"], *known, drawn

    ends = np.append(np.flatnonzero(first), len(drawings))
    for group in np.flatnonzero(np.diff(ends) > 1):
        equals = slice(ends[group], ends[group + 1])
        order = sorted(range(equals.start, equals.stop), key=lambda i: content(drawings[i]))
        drawings[equals] = drawings[order]
    return first


@njit(cache=True)
def _gather(points: Any, pen: Any, start: Any, num_points: Any) -> Any:
    ink = np.empty((num_points.sum(), 3), np.uint8)
    at = 0
    for i in range(len(start)):
        for j in range(start[i], start[i] + num_points[i]):
            ink[at, 0], ink[at, 1], ink[at, 2] = points[j, 0], points[j, 1], pen[j]
            at += 1
    return ink
