"""Where a recogniser fails: accuracy by what is known of the drawings, and of what it learnt from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.data.packed import Packed, PackedStrokes, count_strokes, fingerprint, open_packed
from inkseq.data.sampling import Indices, count_labels
from inkseq.errors import UserError
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.intervals import wilson
from inkseq.evaluate.metrics import ClassMetrics
from inkseq.inference.runs import Run, data_differences

MOST_GROUPS = 10  # countries, or writers: the most frequent ones; the rest are one group
# The first of each range, fixed so that the tables of two datasets have the same rows. The median of quickdraw16 is 46
# points and 5 strokes, that of the UCI pen digits 21 points and 1 stroke.
POINTS = (1, 10, 20, 35, 50, 70)
STROKES = (1, 2, 3, 5, 8, 12)
IN_TRAIN = {"tail, fewer than 20": 0, "middle, 20 to 100": 20, "head, more than 100": 101}  # drawings of a class


@dataclass(frozen=True)
class GroupScore:
    """A group of drawings: the share that is right, with its 95 % interval."""

    name: str
    count: int
    top1: float
    low: float
    high: float


class Key(NamedTuple):
    """Which group every drawing is in."""

    key_N: NDArray[np.int64]
    names: list[str]


def by(facts: Facts, key_N: NDArray[np.int64], names: list[str]) -> list[GroupScore]:
    """A row for each group that has drawings, in the order of the names."""
    count_X, right_X = (np.bincount(some_N, minlength=len(names)) for some_N in (key_N, key_N[facts.right_N]))
    return _rows(count_X, right_X, names)


def _rows(count_X: Indices, right_X: Indices, names: Iterable[str]) -> list[GroupScore]:
    return [
        GroupScore(name, count, right / count, *interval)
        for name, count, right in zip(names, count_X.tolist(), right_X.tolist(), strict=True)
        if (interval := wilson(right, count))
    ]


def recognized_key(data: PackedStrokes, facts: Facts) -> Key:
    """Whether the game recognised them when they were drawn."""
    return Key(np.where(data.recognized[facts.index_N], 0, 1), ["recognized by the game", "not recognized"])


def country_key(data: PackedStrokes, facts: Facts) -> Key:
    """Where they were drawn."""
    codes, code_N = np.unique(data.countrycode[facts.index_N], return_inverse=True)
    return _most_frequent(code_N, [bytes(code).decode() or "unknown" for code in codes])


def writer_key(data: Packed, facts: Facts) -> Key | None:
    """Who drew them, where that is known of any."""
    if data.writer is None:
        return None
    numbers, number_N = np.unique(data.writer[facts.index_N], return_inverse=True)
    return _most_frequent(number_N, [data.meta["writers"][w] if w >= 0 else "unknown" for w in numbers.tolist()])


def _most_frequent(key_N: NDArray[Any], names: list[str]) -> Key:
    """The most frequent first, the rest together; equally frequent ones by their letters."""
    by_count = np.argsort(-np.bincount(key_N), kind="stable")
    rank = np.empty(len(names), np.int64)
    rank[by_count] = np.arange(len(names))
    first = [names[k] for k in by_count[:MOST_GROUPS]]
    return Key(np.minimum(rank, MOST_GROUPS)[key_N], [*first, "others"] if len(names) > MOST_GROUPS else first)


def points_key(data: PackedStrokes, facts: Facts) -> Key:
    """How many points they have."""
    index_N = facts.index_N.astype(np.int64)
    return _ranges(data.offsets[index_N + 1] - data.offsets[index_N], POINTS)


def strokes_key(data: PackedStrokes, facts: Facts) -> Key:
    """How many strokes they have."""
    first, last = int(facts.index_N.min()), int(facts.index_N.max())
    return _ranges(count_strokes(data, range(first, last + 1))[facts.index_N - first], STROKES)


def _ranges(count_N: NDArray[Any], begins: tuple[int, ...]) -> Key:
    names = [str(begin) if end == begin + 1 else f"{begin}–{end - 1}" for begin, end in pairwise(begins)]
    return Key(np.searchsorted(begins, count_N, side="right") - 1, [*names, f"{begins[-1]} or more"])


def head_and_tail(run: Run, per_class: Sequence[ClassMetrics]) -> list[GroupScore]:
    """By how many drawings of its class a run learnt from (long-tailed recognition). Nothing where all classes tested
    are in the same of these ranges, or the run's own data are gone."""
    if (in_train_K := count_train(run)) is None:
        return []
    range_K = np.searchsorted(list(IN_TRAIN.values()), in_train_K, side="right") - 1
    counts = [one.count for one in per_class], [round(one.count * (one.top1 or 0)) for one in per_class]
    count_X, right_X = (np.bincount(range_K, count_K, len(IN_TRAIN)).astype(int) for count_K in counts)
    rows = _rows(count_X, right_X, IN_TRAIN)
    return rows if len(rows) > 1 else []


def count_train(run: Run) -> Indices | None:
    """How many drawings of each class were in the train split a run learnt from; None where that is no longer there."""
    try:
        data = open_packed(run.config.data)
    except UserError:
        return None
    if data_differences(run.identity, fingerprint(data)):
        return None
    return count_labels(data.labels[slice(*data.meta["splits"]["train"])], len(run.classes))
