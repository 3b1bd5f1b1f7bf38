"""Which drawings an epoch has: every one once, or so many of each class. They are drawn, never copied."""

from collections.abc import Sequence
from functools import cached_property
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.config import Sampling, TrainConfig
from inkseq.data.packed import Packed, PackedStrokes
from inkseq.data.tail import NAMED
from inkseq.errors import UserError
from inkseq.tables import a_few

Indices = NDArray[np.int64]

MOST_LOTS = 1 << 22  # that an epoch draws, which takes 0.2 s: each for so many drawings as there are more
STRETCH = 1 << 20  # labels looked at together: numpy would take 16 bytes each
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
        self._label_N = label_N
        self._natural = sampling in (Sampling.natural, Sampling.auto)  # no class matters, or nobody has asked
        self._lighter = None if weight_N is None else weight_N[weight_N < 1]
        some_weigh_less = self._lighter is not None and self._lighter.any()
        self.weight_N = weight_N if some_weigh_less else None  # None: all that are drawn weigh the same
        self._drawn = None  # which are drawn; None: all of them
        if weight_N is not None and not weight_N.all():
            self._drawn = np.flatnonzero(weight_N).astype(np.int32)
        counts_K = count_labels(label_N)
        drawn_K = counts_K if self._drawn is None else count_labels(label_N[self._drawn], len(counts_K))
        self._drawn_K, self._counts = drawn_K, drawn_K[drawn_K > 0]  # of the classes that are there
        self._draws = count_draws(self._counts.tolist(), sampling, cap)  # of each of them in an epoch
        self._size = -(-len(self) // MOST_LOTS)
        self._order: Blocks | Rounds | None = None  # of the epoch that was asked for last, `_order_of`
        self._order_of = (-1, -1)
        self._emptied: list[int] = np.flatnonzero((counts_K > 0) & (drawn_K == 0)).tolist()  # classes left out whole

    @cached_property
    def _by_class(self) -> list[NDArray[np.int32]]:
        """The drawings of each class that is there: sorted once an epoch is drawn, since many ask for its length."""
        label_N = self._label_N if self._drawn is None else self._label_N[self._drawn]
        order = sort_by_label(label_N, self._drawn_K)
        return np.split(order if self._drawn is None else self._drawn[order], self._counts.cumsum()[:-1])

    def draws(self, num_classes: int) -> Indices:
        """draws_K: how many drawings of each class an epoch has."""
        draws_K = np.zeros(num_classes, np.int64)
        draws_K[np.flatnonzero(self._drawn_K)] = self._draws
        return draws_K

    def __len__(self) -> int:
        """How many drawings an epoch has."""
        return sum(self._draws)

    def epoch(self, seed: int, epoch: int) -> Indices:
        """The drawings of an epoch in their order."""
        return self.part(seed, epoch, 0, len(self))

    def part(self, seed: int, epoch: int, begin: int, end: int) -> Indices:
        """Those at the places [begin, end) of an epoch's order; its lots are kept until another epoch is asked for."""
        if self._order is None or self._order_of != (seed, epoch):
            self._order = None  # before there are two
            self._order = self._blocks(seed, epoch) if self._natural else self._rounds(seed, epoch)
            self._order_of = seed, epoch
        at = self._order.at(np.arange(begin, end))
        return self._drawn[at].astype(np.int64) if self._natural and self._drawn is not None else at

    def _blocks(self, seed: int, epoch: int) -> "Blocks":
        rng = np.random.default_rng((seed, epoch))
        block_B = rng.permutation(len(self) // self._size)
        return Blocks(block_B, self._size, int(rng.integers(len(self))) if self._size > 1 else 0, len(self))

    def _rounds(self, seed: int, epoch: int) -> "Rounds":
        """Lots say which class comes when, the class's own sequence which of its drawings."""
        rng, draws_K = np.random.default_rng((seed, epoch)), np.array(self._draws)
        lots_K, first_K = draws_K // self._size, draws_K.cumsum() - draws_K
        rest_K = draws_K - self._size * lots_K
        class_L, class_R = (
            rng.permutation(np.repeat(np.arange(len(draws_K), dtype=np.int16), number_K))
            for number_K in (lots_K, rest_K)
        )
        source_L, source_R = in_turn(class_L, first_K), in_turn(class_R, first_K + draws_K - rest_K)
        sequence_E = np.empty(len(self), np.int32)
        for k, (first, draws) in enumerate(zip(first_K, draws_K, strict=True)):
            sequence_E[first : first + draws] = self._next(seed, epoch, k)
        return Rounds(source_L, lots_K.astype(np.int32)[class_L], self._size, source_R, sequence_E)

    def _next(self, seed: int, epoch: int, k: int) -> NDArray[np.int32]:
        """What an epoch takes of a class's sequence, which is made a block of shuffles at a time."""
        pool, draws = self._by_class[k], self._draws[k]
        shuffles = max(BLOCK // len(pool), 1)
        length = shuffles * len(pool)
        blocks = range(epoch * draws // length, -(-(epoch + 1) * draws // length))
        # The 1 makes it a key unlike that of an epoch: missing numbers count as 0.
        keys = [np.random.SeedSequence((seed, block, k, 1)) for block in blocks]
        large = self._size > 1
        sequence = np.concatenate([(_shuffle_fast if large else _shuffle)(pool, shuffles, key) for key in keys])
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
        return f"{them} are left out" + (f", and with them all of {a_few(names, NAMED)}" if names else "")


class Blocks(NamedTuple):
    """The order of an epoch of all drawings: blocks of neighbours in any order, counted from anywhere."""

    block_B: Indices
    size: int
    first: int
    total: int

    def at(self, place: Indices) -> Indices:
        """The drawings at places of the order."""
        block, within = np.divmod(place, self.size)
        whole = block < len(self.block_B)  # all but a few at the end
        block[whole] = self.block_B[block[whole]]
        drawings: Indices = (block * self.size + within + self.first) % self.total
        return drawings


class Rounds(NamedTuple):
    """The order of an epoch whose classes come by lot: every lot once a round, and then what is left of each class."""

    source_L: NDArray[np.int32]  # what a lot takes of the sequence, in the first round
    step_L: NDArray[np.int32]  # and so much further on in the next
    rounds: int
    source_R: NDArray[np.int32]
    sequence_E: NDArray[np.int32]  # the epoch's drawings, class by class

    def at(self, place: Indices) -> Indices:
        """The drawings at places of the order."""
        in_rounds, lots = self.rounds * len(self.source_L), len(self.source_L)
        turn, lot = np.divmod(place[: max(in_rounds - int(place[0]), 0)], lots)
        rest = place[len(lot) :] - in_rounds
        source = np.concatenate([self.source_L[lot] + turn * self.step_L[lot], self.source_R[rest]])
        drawings: Indices = self.sequence_E[source].astype(np.int64)
        return drawings


def in_turn(class_L: NDArray[np.int16], first_K: Indices) -> NDArray[np.int32]:
    """Where each lot finds its drawing, if the n-th of a class takes the n-th from `first_K` on."""
    number_K = np.bincount(class_L, minlength=len(first_K))
    source_L = np.empty(len(class_L), np.int32)
    source_L[class_L.argsort(kind="stable")] = np.arange(len(class_L)) + np.repeat(
        first_K - (number_K.cumsum() - number_K), number_K
    )
    return source_L


def sort_by_label(label_N: NDArray[np.int16], counts_K: Indices) -> NDArray[np.int32]:
    """The drawings class by class, as a stable sort has them, in a quarter of its memory."""
    order_N, first_K = np.empty(len(label_N), np.int32), counts_K.cumsum() - counts_K
    for begin in range(0, len(label_N), STRETCH):
        some = label_N[begin : begin + STRETCH]
        order_N[in_turn(some, first_K)] = np.arange(begin, begin + len(some))
        first_K = first_K + np.bincount(some, minlength=len(first_K))
    return order_N


def count_labels(label_N: NDArray[np.int16], num_classes: int = 0) -> Indices:
    """How many drawings each class has."""
    num_classes = max(num_classes, int(label_N.max()) + 1)
    stretches = (label_N[begin : begin + STRETCH] for begin in range(0, len(label_N), STRETCH))
    return sum((np.bincount(some, minlength=num_classes) for some in stretches), start=np.zeros(num_classes, np.int64))


def _shuffle(pool: NDArray[np.int32], times: int, key: np.random.SeedSequence) -> NDArray[np.int32]:
    """All of a pool again and again, each time in another order."""
    return np.random.default_rng(key).permuted(np.tile(pool, (times, 1)), axis=1).ravel()


def _shuffle_fast(pool: NDArray[np.int32], times: int, key: np.random.SeedSequence) -> NDArray[np.int32]:
    """The same in a tenth of the time, for epochs of many millions; smaller ones have always had the other orders."""
    from inkseq.data.shuffling import shuffle_rows  # Numba, which nobody else here needs

    drawn = np.tile(pool, (times, 1))
    shuffle_rows(drawn, key.generate_state(1, np.uint64)[0])
    return drawn.ravel()


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
        if not isinstance(data, PackedStrokes):
            raise UserError(f"unrecognized={config.unrecognized:g} is for drawings of a game; {data.path} has images")
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
