"""Which drawings an epoch has: every one once, or so many of each class. They are drawn, never copied."""

from collections.abc import Sequence
from functools import cached_property
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from inkseq.config import Sampling, TrainConfig
from inkseq.data.packed import Packed
from inkseq.errors import UserError

Indices = NDArray[np.int64]

NAMED = 8  # classes, where a line names some
BLOCK = 4096  # draws of a small class that are made together, in whole shuffles; of a larger one a shuffle at a time


class Sampler:
    """The drawings of any epoch, by position in a split: a function of (seed, epoch) alone.

    Unless sampling is natural, each class has an endless sequence of its own, shuffle after shuffle of its drawings,
    and an epoch takes the next of it: whenever one ends, any two of a class were drawn equally often, or one once more.
    """

    def __init__(
        self,
        label_N: NDArray[np.int16],
        sampling: Sampling = Sampling.natural,
        cap: int | None = None,
        weight_N: NDArray[np.float64] | None = None,  # 1, or less where the game did not recognise a drawing
    ) -> None:
        self._label_N, self._natural = label_N, sampling is Sampling.natural  # natural: no class matters
        self._lighter = None if weight_N is None else weight_N[weight_N < 1]
        some_weigh_less = self._lighter is not None and self._lighter.any()
        self.weight_N = weight_N if some_weigh_less else None  # None: all that are drawn weigh the same
        self._drawn = None if weight_N is None or weight_N.all() else np.flatnonzero(weight_N)  # None: all of them
        counts_K = np.bincount(label_N)
        drawn_K = counts_K if self._drawn is None else np.bincount(label_N[self._drawn], minlength=len(counts_K))
        self._counts = drawn_K[drawn_K > 0]  # of the classes that are there
        self._draws = count_draws(self._counts.tolist(), sampling, cap)  # of each of them in an epoch
        self._emptied: list[int] = np.flatnonzero((counts_K > 0) & (drawn_K == 0)).tolist()  # classes left out whole

    @cached_property
    def _by_class(self) -> list[Indices]:
        """The drawings of each class that is there: sorted once an epoch is drawn, since many ask for its length."""
        label_N = self._label_N if self._drawn is None else self._label_N[self._drawn]
        order = label_N.argsort(kind="stable")
        return np.split(order if self._drawn is None else self._drawn[order], self._counts.cumsum()[:-1])

    def __len__(self) -> int:
        """How many drawings an epoch has."""
        return sum(self._draws)

    def epoch(self, seed: int, epoch: int) -> Indices:
        """The drawings of an epoch in their order."""
        rng = np.random.default_rng((seed, epoch))
        if self._natural:
            return rng.permutation(len(self) if self._drawn is None else self._drawn)
        # Lots say which class comes when, the class's own sequence which of its drawings.
        class_E = rng.permutation(np.repeat(np.arange(len(self._draws)), self._draws))
        drawings_E = np.empty(len(self), np.int64)
        drawings_E[class_E.argsort(kind="stable")] = np.concatenate(
            [self._next(seed, epoch, k) for k in range(len(self._draws))]
        )
        return drawings_E

    def _next(self, seed: int, epoch: int, k: int) -> Indices:
        """What an epoch takes of a class's sequence, which is made a block of shuffles at a time."""
        pool, draws = self._by_class[k], self._draws[k]
        shuffles = max(BLOCK // len(pool), 1)
        length = shuffles * len(pool)
        blocks = range(epoch * draws // length, -(-(epoch + 1) * draws // length))
        # The 1 makes it a key unlike that of an epoch: missing numbers count as 0.
        sequence = np.concatenate([_shuffle(pool, shuffles, (seed, block, k, 1)) for block in blocks])
        begin = epoch * draws - blocks.start * length
        return sequence[begin : begin + draws]

    def summary(self, classes: Sequence[str]) -> str:
        """What an epoch has, for people; nothing where it has every drawing once, all alike."""
        if self._natural and self._lighter is None:
            return ""
        fewest, most = min(self._draws), max(self._draws)
        of_a_class = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
        return f"an epoch: {len(self):,} drawings, {of_a_class} of a class{self._unrecognized(classes)}"

    def _unrecognized(self, classes: Sequence[str]) -> str:
        """What becomes of the drawings that the game did not recognise; nothing where they are as good as others."""
        if self._lighter is None:
            return ""
        if not len(self._lighter):
            return "; 0 drawings that the game did not recognise"
        them = f"; {len(self._lighter):,} that the game did not recognise"
        if self._lighter.any():
            return f"{them} weigh {self._lighter[0]:g}"
        names = [classes[k] for k in self._emptied]
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        return f"{them} are left out" + (f", and with them all of {', '.join(names[:NAMED])}{more}" if names else "")


def _shuffle(pool: Indices, times: int, key: tuple[int, ...]) -> Indices:
    """All of a pool again and again, each time in another order."""
    return np.random.default_rng(key).permuted(np.tile(pool, (times, 1)), axis=1).ravel()


def count_draws(counts: list[int], sampling: Sampling, cap: int | None) -> list[int]:
    """How many drawings of each class an epoch has, of classes with so many."""
    if sampling is Sampling.balanced:
        return apportion(sum(counts), [1] * len(counts))
    if sampling is Sampling.square_root:
        return apportion(sum(counts), [isqrt(count << 64) for count in counts])  # roots to 32 bits behind the point
    return counts if cap is None else [min(count, cap) for count in counts]


def apportion(total: int, weights: list[int]) -> list[int]:
    """Whole shares of a total in proportion to the weights; what is left goes to the largest remainders."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda k: -(total * weights[k] % whole))  # of equals the first
    for k in by_remainder[: total - sum(shares)]:
        shares[k] += 1
    return shares


def make_sampler(config: TrainConfig, data: Packed) -> Sampler:
    """The sampler of a train split, or a line about why there can be none."""
    _check(config)
    train = slice(*data.meta["splits"]["train"])
    weight_N = None
    if config.unrecognized < 1:
        weight_N = np.where(data.recognized[train], 1.0, config.unrecognized)
        if not weight_N.any():
            raise UserError(f"unrecognized=0 leaves nothing to train on: the game recognised none of {data.path}")
    return Sampler(data.labels[train], config.sampling, config.cap, weight_N)


def _check(config: TrainConfig) -> None:
    if config.sampling is Sampling.capped and config.cap is None:
        raise UserError("sampling=capped needs cap=, how many drawings of a class an epoch may have")
    if config.sampling is not Sampling.capped and config.cap is not None:
        raise UserError(f"cap={config.cap} goes with sampling=capped, not with sampling={config.sampling.name}")
    if config.cap is not None and config.cap < 1:
        raise UserError(f"cap={config.cap} must be 1 or more")
    if not 0 <= config.unrecognized <= 1:
        raise UserError(f"unrecognized={config.unrecognized:g}: expected a weight from 0 (left out) to 1 (all alike)")
