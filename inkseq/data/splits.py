"""Which split a drawing goes to: its source's own, else by its rank within its class."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inkseq.config import ConvertConfig, SplitConfig, SplitUnit
from inkseq.data.sources import SPLITS, UNLABELLED
from inkseq.errors import UserError

TRAIN, VAL = SPLITS.index("train"), SPLITS.index("val")
SURPLUS = -1  # more than the splits ask for
Counts = NDArray[np.int64]


def check_split(split: SplitConfig) -> None:
    shares = [split.train, split.val, split.test]
    if min(shares) < 0 or sum(shares) <= 0:
        raise UserError(f"split.train, split.val and split.test must be positive: {shares}")
    if split.unit is SplitUnit.fraction and sum(shares) > 1 + 1e-9:
        raise UserError(f"split.train + split.val + split.test is {sum(shares):g}: fractions of a class exceed 1")


def rank_bounds(split: SplitConfig, totals_K: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K, 4): ranks bounds[k, s] to bounds[k, s + 1] of class k go to split s.

    A class too small for the counts asked for gives each split its share, so that none goes without.
    """
    upto = np.cumsum([0, split.train, split.val, split.test])
    if split.unit is SplitUnit.fraction:
        return np.rint(np.outer(totals_K, upto) + 1e-6).astype(np.int64)
    share = np.minimum(totals_K / upto[-1], 1)
    return np.rint(np.outer(share, upto) + 1e-6).astype(np.int64)


@dataclass(frozen=True)
class Division:
    """Where every drawing goes: its split is in the bucket's sorted file, and here is where stretches begin."""

    splits: dict[str, list[int]]  # name -> [first, end) of the drawings
    num_drawings: int
    num_points: int
    stretches: list[list[tuple[int, int]]]  # [bucket][split] -> first drawing, first point
    surplus: Counter[int]  # by label

    @classmethod
    def of_buckets(
        cls, folder: Path, num_buckets: int, num_classes: int, config: ConvertConfig, by_file: Counts | None
    ) -> "Division":
        """Divide all drawings, bucket by bucket. `by_file`, where ranks are those in the files, counts the classes."""
        paths = [folder / f"{number}.sorted.npy" for number in range(num_buckets)]
        free_K, train_K, has_val = _count_classes(paths, num_classes)
        bounds = rank_bounds(config.split, free_K if by_file is None else by_file)
        to_val = np.rint(train_K * (0.0 if has_val else config.val_from_train)).astype(np.int64)
        seen = np.zeros((2, num_classes), np.int64)
        counts = np.zeros((num_buckets, len(SPLITS), 2), np.int64)  # drawings, points
        surplus: Counter[int] = Counter()
        for number, path in enumerate(paths):
            rows = np.load(path)
            divided = _divide(rows["split"], rows["label"], rows["rank"], by_file is not None, bounds, to_val, seen)
            surplus.update(rows["label"][divided == SURPLUS].tolist())
            rows["split"] = divided
            np.save(path, rows)
            for split in range(len(SPLITS)):
                chosen = divided == split
                counts[number, split] = chosen.sum(), rows["num_points"][chosen].sum()
        return cls.of_counts(counts, surplus)

    @classmethod
    def of_counts(cls, counts: Counts, surplus: Counter[int]) -> "Division":
        """Lay the stretches one after the other: split after split, in each bucket after bucket."""
        flat = counts.transpose(1, 0, 2).reshape(-1, 2)
        first = (np.cumsum(flat, axis=0) - flat).reshape(len(SPLITS), -1, 2).transpose(1, 0, 2)
        ends = np.cumsum(counts.sum(axis=0), axis=0)
        splits = {
            name: [int(first[0, split, 0]), int(ends[split, 0])]
            for split, name in enumerate(SPLITS)
            if split != UNLABELLED or counts[:, split].any()
        }
        num_drawings, num_points = (int(n) for n in ends[-1])
        stretches = [[(int(a), int(b)) for a, b in bucket] for bucket in first]
        return cls(splits, num_drawings, num_points, stretches, surplus)


def _count_classes(paths: list[Path], num_classes: int) -> tuple[Counts, Counts, bool]:
    """Of each class the drawings to be divided and those of train/ folders; and whether any is of a val/ one."""
    free_K, train_K, has_val = np.zeros(num_classes, np.int64), np.zeros(num_classes, np.int64), False
    for path in paths:
        rows = np.load(path)
        free_K += np.bincount(rows["label"][rows["split"] < 0], minlength=num_classes)
        train_K += np.bincount(rows["label"][rows["split"] == TRAIN], minlength=num_classes)
        has_val |= bool((rows["split"] == VAL).any())
    return free_K, train_K, has_val


@njit(cache=True)
def _divide(split: Any, label: Any, rank: Any, by_file: bool, bounds: Any, to_val: Any, seen: Any) -> Any:
    """The split of each drawing of a bucket; `seen` counts, over all buckets, the free and those of train/ folders."""
    divided = split.copy()
    for i in range(len(split)):
        k = label[i]
        if split[i] == TRAIN and seen[1, k] < to_val[k]:
            divided[i] = VAL
            seen[1, k] += 1
        elif split[i] < 0:
            place = rank[i] if by_file else seen[0, k]
            seen[0, k] += 1
            divided[i] = SURPLUS
            for s in range(3):
                if bounds[k, s] <= place < bounds[k, s + 1]:
                    divided[i] = s
    return divided
