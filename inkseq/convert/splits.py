"""Which split a drawing goes to: its source's own, else by its rank within its class."""

from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inkseq.config import ConvertConfig, SplitBy, SplitConfig, SplitOrder, SplitUnit
from inkseq.convert.shuffle import Rows
from inkseq.drawings.sources import SPLITS
from inkseq.errors import UserError

TRAIN, VAL = SPLITS.index("train"), SPLITS.index("val")
FREE = -1  # of no split yet
SURPLUS = -2  # more than the splits ask for
Counts = NDArray[np.int64]


def check_split(split: SplitConfig) -> None:
    shares = [split.train, split.val, split.test]
    if not all(0 <= share < np.inf for share in shares) or not any(shares):
        raise UserError(f"split.train, split.val and split.test must be positive: {shares}")
    if split.unit is SplitUnit.count and any(share % 1 for share in shares):
        raise UserError(f"split.train, split.val and split.test must be whole numbers of drawings: {shares}")
    if split.unit is SplitUnit.fraction and sum(shares) > 1 + 1e-9:
        raise UserError(f"split.train + split.val + split.test is {sum(shares):g}: fractions of a class exceed 1")


def rank_bounds(split: SplitConfig, totals_K: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K, 4): ranks bounds[k, s] to bounds[k, s + 1] of class k go to split s.

    A class too small for the counts asked for gives each split its share. Where the share of a split comes to no
    drawing at all, it gets one that the largest would have got; if there are not enough for all, train comes first.
    """
    upto = np.cumsum([0, split.train, split.val, split.test])
    times = totals_K if split.unit is SplitUnit.fraction else np.minimum(totals_K / upto[-1], 1)
    sizes = np.diff(np.rint(np.outer(times, upto) + 1e-6).astype(np.int64), axis=1)
    asked = np.diff(upto) > 0
    enough = totals_K >= asked.sum()
    sizes[np.ix_(enough, asked)] = np.maximum(sizes[np.ix_(enough, asked)], 1)
    sizes[np.arange(len(sizes)), sizes.argmax(axis=1)] -= np.maximum(sizes.sum(axis=1) - totals_K, 0)
    sizes[np.ix_(~enough, asked)] = -np.sort(-sizes[np.ix_(~enough, asked)], axis=1)
    return np.pad(np.cumsum(sizes, axis=1), ((0, 0), (1, 0)))


def divide_writers(config: ConvertConfig, writers: list[str], num_drawings: list[int]) -> NDArray[np.int8]:
    """The split of each writer, who drew so many drawings that are to be divided; FREE where those are divided singly.

    One entry more than there are writers: FREE, for drawings of nobody.
    """
    split_of = np.full(len(writers) + 1, FREE, np.int8)
    if config.split.by is SplitBy.drawing:
        return split_of
    divided = [number for number, count in enumerate(num_drawings) if count]
    if not divided:
        raise UserError(
            "split.by=writer: nothing that is to be divided says who drew it; "
            "writer= finds it in the files' paths, as '_(\\d+)\\.png$' does in cat/0012_07.png"
        )
    divided.sort(key=lambda number: blake2b(f"{config.seed}/{writers[number]}".encode(), digest_size=8).digest())
    split_of[divided] = SURPLUS
    for s, (first, end) in enumerate(pairwise(rank_bounds(config.split, np.array([len(divided)]))[0].tolist())):
        split_of[divided[first:end]] = s
    return split_of


@dataclass(frozen=True)
class Rules:
    """Where the drawings of a class go by their rank: what to do with those of no split, and with train/ ones."""

    bounds: Counts  # (K, 4), of those of no split
    to_val: Counts  # (K,): so many of the train/ ones become val
    by_file: bool  # ranks are those in the files, not in the order of hashes

    @classmethod
    def make(cls, config: ConvertConfig, counts_3K: Counts, ranked_K: Counts) -> "Rules":
        """`counts_3K` are of all drawings; `ranked_K`, which ranks in the files go up to, still has the duplicates."""
        free_K, train_K, val_K = counts_3K
        by_file = config.split.order is SplitOrder.file
        to_val = np.rint(train_K * (0.0 if val_K.any() else config.val_from_train)).astype(np.int64)
        return cls(rank_bounds(config.split, ranked_K if by_file else free_K), to_val, by_file)


def count_classes(drawings: Rows, num_classes: int) -> Counts:
    """counts_3K: of each class the drawings of no split, those of train/ folders and those of val/ ones."""
    label, split = drawings["label"], drawings["split"]
    return np.stack([np.bincount(label[split == s], minlength=num_classes) for s in (FREE, TRAIN, VAL)])


def divide(drawings: Rows, rules: Rules, before_3K: Counts) -> NDArray[np.int8]:
    """The split of each drawing of a bucket, SURPLUS for those beyond all; `before_3K` counts earlier buckets."""
    split, label, rank = (np.ascontiguousarray(drawings[name]) for name in ("split", "label", "rank"))
    seen = before_3K.copy()
    divided: NDArray[np.int8] = _divide(split, label, rank, rules.by_file, rules.bounds, rules.to_val, seen)
    return divided


@njit(cache=True)
def _divide(split: Any, label: Any, rank: Any, by_file: bool, bounds: Any, to_val: Any, seen: Any) -> Any:
    divided = split.copy()
    for i in range(len(split)):
        k = label[i]
        if split[i] == TRAIN:
            if seen[1, k] < to_val[k]:
                divided[i] = VAL
            seen[1, k] += 1
        elif split[i] == FREE:
            place = rank[i] if by_file else seen[0, k]
            seen[0, k] += 1
            divided[i] = SURPLUS
            for s in range(3):
                if bounds[k, s] <= place < bounds[k, s + 1]:
                    divided[i] = s
    return divided
