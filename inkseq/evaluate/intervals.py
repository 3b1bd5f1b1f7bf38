"""How far a score could be off by chance: 95 % intervals over drawings."""

import math
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.evaluate.calibration import bin_of
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.metrics import BINS, PLACES

RESAMPLES = 1_000  # whatever the number of drawings
GROUPS = 20_000  # drawings, or groups of drawings, that losses and confidences are resampled by
AT_A_TIME = 50  # resamples: as many numbers as groups each
SEED = 0
NORMAL = 1.959964  # 95 % of a normal distribution are within so many deviations

Array = NDArray[np.float64]


class Interval(NamedTuple):
    value: float
    low: float
    high: float


def bootstrap(facts: Facts, groups: int = GROUPS) -> dict[str, Interval]:
    """Every metric with the percentile interval of 1,000 resamples, each of as many drawings as there are."""
    rng = np.random.default_rng(SEED)
    return _from_places(facts) | _from_sums(_sums(facts, rng, groups), rng)


def wilson(right: int, count: int) -> tuple[float, float] | None:
    """The interval of a share, which unlike the bootstrap's has a width where all are right; None of no drawings."""
    if not count:
        return None
    share, z2 = right / count, NORMAL**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = NORMAL / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return min(max(0.0, middle - half), share), max(min(1.0, middle + half), share)


def _from_places(facts: Facts) -> dict[str, Interval]:
    """top1, top3, top5, map3 and balanced accuracy: they follow from how many drawings there are of each kind, a kind
    being a class and a place. In a resample that is multinomial, so drawing those numbers is the bootstrap itself."""
    place_N = np.minimum(facts.place_N, PLACES).astype(np.int64)
    kind_X, count_X = np.unique(facts.label_N * np.int64(PLACES + 1) + place_N, return_counts=True)
    label_X, place_X = np.divmod(kind_X, PLACES + 1)
    rng, chance_X = np.random.default_rng(SEED), count_X / len(facts)
    some = (rng.multinomial(len(facts), chance_X, AT_A_TIME) for _ in range(0, RESAMPLES, AT_A_TIME))
    parts = [_scores(drawn_RX.astype(np.float64), label_X, place_X) for drawn_RX in chain([count_X[None]], some)]
    return {name: _interval(np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _scores(drawn_RX: Array, label_X: NDArray[np.int64], place_X: NDArray[np.int64]) -> dict[str, Array]:
    """Of so many drawings of each kind."""
    first_C = np.flatnonzero(np.diff(label_X, prepend=-1))  # the kinds of a class are neighbours
    drawings_RC = np.add.reduceat(drawn_RX, first_C, axis=1)
    right_RC = np.add.reduceat(drawn_RX * (place_X == 0), first_C, axis=1)
    by_rank_X = np.where(place_X < 3, 1 / (place_X + 1), 0)
    recall_RC, total_R = right_RC / np.maximum(drawings_RC, 1), drawn_RX.sum(axis=1)
    scores = {f"top{n}": drawn_RX @ (place_X < n) / total_R for n in (1, 3, 5)}
    scores["map3"] = drawn_RX @ by_rank_X / total_R
    scores["balanced_accuracy"] = recall_RC.sum(axis=1) / (drawings_RC > 0).sum(axis=1)
    return scores


def _from_sums(sums_GX: Array, rng: np.random.Generator) -> dict[str, Interval]:
    """Loss and calibration error: they follow from sums over drawings, of losses and, bin by bin, of how far what is
    right exceeds confidence.

    Up to 20,000 drawings each is drawn for itself: the plain bootstrap. Of more, drawings are first put into 20,000
    groups by lot, and groups are drawn in their place, with all that is in them. The groups are a sample as random as
    the drawings were: means of a few drawings scatter less by the root of that few, and fewer of them are drawn, so
    that the interval is as wide as that of single drawings, but for a few thousandths.
    """
    total_RX = np.concatenate([sums_GX.sum(axis=0, keepdims=True), *_resampled(sums_GX, rng)])
    loss_R = total_RX[:, 1] / total_RX[:, 0]
    ece_R = np.abs(total_RX[:, 2:]).sum(axis=1) / total_RX[:, 0]
    # Noise makes bins lie further from the diagonal, never nearer on average: a resample's error is that of the
    # drawings and some more. The interval is moved down by that, to where such measurements themselves scatter.
    more = float(ece_R[1:].mean() - ece_R[0])
    ece = _interval(ece_R)
    moved = Interval(ece.value, max(0.0, ece.low - more), max(0.0, ece.high - more))
    return {"loss": _interval(loss_R), "ece": moved}


def _sums(facts: Facts, rng: np.random.Generator, groups: int) -> Array:
    """Of each drawing, or each group of them: how many, the loss, and right less confidence in each bin."""
    count, confidence_N = len(facts), facts.chance_NG[:, 0]
    num_groups = min(count, groups)
    group_N = rng.permutation(np.arange(count) % num_groups)
    gap_N: Array = facts.right_N - confidence_N.astype(np.float64)
    sums_GX = np.empty((num_groups, 2 + BINS))
    sums_GX[:, 0] = np.bincount(group_N)
    sums_GX[:, 1] = np.bincount(group_N, facts.loss_N)
    cell_N = group_N * BINS + bin_of(confidence_N)
    sums_GX[:, 2:] = np.bincount(cell_N, gap_N, minlength=num_groups * BINS).reshape(-1, BINS)
    return sums_GX


def _resampled(sums_GX: Array, rng: np.random.Generator) -> list[Array]:
    """The sums over every resample, as products with how often each group is drawn."""
    num_groups = len(sums_GX)
    parts = []
    for _ in range(0, RESAMPLES, AT_A_TIME):
        drawn = rng.integers(num_groups, size=(AT_A_TIME, num_groups))
        drawn += num_groups * np.arange(AT_A_TIME)[:, None]
        times_RG = np.bincount(drawn.ravel(), minlength=AT_A_TIME * num_groups).reshape(AT_A_TIME, num_groups)
        parts.append(times_RG.astype(np.float64) @ sums_GX)
    return parts


def _interval(score_R: Array) -> Interval:
    """Of a score whose first value is that of the drawings themselves."""
    low, high = np.quantile(score_R[1:], [0.025, 0.975])
    return Interval(float(score_R[0]), float(low), float(high))
