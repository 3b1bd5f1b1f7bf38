"""Two recognisers on the same drawings: how much better is one, and could that be chance?"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 0
COVERED = 0.95


class PairedCounts(NamedTuple):
    """Of drawings, by who is right. What both get right or wrong says nothing about which is better."""

    only_first: int
    only_other: int
    total: int

    @property
    def difference(self) -> float:
        """The other's top-1 less the first one's."""
        return (self.only_other - self.only_first) / self.total


def count(first_N: NDArray[np.bool_], other_N: NDArray[np.bool_]) -> PairedCounts:
    """From whether each is right, drawing by drawing."""
    return PairedCounts(int((first_N & ~other_N).sum()), int((~first_N & other_N).sum()), len(first_N))


def interval(counts: PairedCounts) -> tuple[float, float]:
    """The bootstrap's 95 % interval of the difference, over drawings.

    A resample draws as many drawings as there are, with replacement, and each is one of three kinds: right for the
    first alone, for the other alone, or neither. How many of each come up is multinomial, so drawing those numbers
    is the bootstrap itself and no approximation of it, whatever the number of drawings.
    """
    first, other, total = counts
    shares = np.array([first, other, total - first - other]) / total
    drawn_R3 = np.random.default_rng(SEED).multinomial(total, shares, RESAMPLES)
    low, high = np.quantile((drawn_R3[:, 1] - drawn_R3[:, 0]) / total, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return float(low), float(high)


def mcnemar(counts: PairedCounts) -> float:
    """The exact two-sided p: were both equally good, each drawing that only one gets right would be a coin's toss.

    Summed relative to the largest term, in logarithms: 2^-n alone is 0 from n = 1075 on.
    """
    fewer, tosses = min(counts[:2]), counts.only_first + counts.only_other
    ways = [-math.lgamma(k + 1) - math.lgamma(tosses - k + 1) for k in range(fewer + 1)]  # of k heads, but for tosses!
    largest = max(ways)
    log_tail = largest + math.lgamma(tosses + 1) - tosses * math.log(2)
    return min(1.0, 2 * math.exp(log_tail) * sum(math.exp(way - largest) for way in ways))


def verdict(low: float, high: float) -> str:
    """What may be said of the other against the first."""
    if low > 0:
        return "better"
    return "worse" if high < 0 else "cannot be told apart"
