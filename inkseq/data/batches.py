"""Batches made on the device: gathered, augmented, normalised to (dx, dy, pen) rows.

An epoch is what a sampler draws of the split, in batches of drawings of similar length. A step's batch follows
from (seed, step) alone, so the number of steps done is all there is to save and to go on from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.config import AugmentConfig, Layout
from inkseq.data.augment import augment_strokes
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices, Sampler
from inkseq.devices import send
from inkseq.drawings.padded import Strokes

Share = float | Tensor  # of a group in the loss of its step: one, or where its drawings weigh differently one of each

WINDOW = 64  # batches at most that are sorted by length together
MOST_EVALUATED = 256  # drawings at a time, however short: what a canvas takes goes by drawings and not by points
ENOUGH_REAL = 0.92  # of the points in a batch; with less, it is computed as several groups


@dataclass(frozen=True)
class Batch:
    """Drawings as a model takes them, on the device."""

    x_BTC: Tensor  # rows (dx, dy, pen), float32, zero on padding
    length_B: Tensor
    label_B: Tensor  # -1 where the word is not known
    index_B: Tensor  # of each drawing in the whole dataset


class Batches:
    """The training batches of one rank, by step number."""

    def __init__(
        self,
        drawings: Drawings,
        batch_size: int,
        seed: int,
        layout: Layout = Layout.inkseq,
        augment: AugmentConfig | None = None,
        micro_batch: int | None = None,
        rank: int = 0,
        world: int = 1,
        sampler: Sampler | None = None,
    ) -> None:
        augment = augment or AugmentConfig()
        self.drawings, self.layout, self.batch_size, self.seed = drawings, layout, batch_size, seed
        self.largest_group = None if micro_batch is None else micro_batch * world
        self.rank, self.world = rank, world
        self.sampler = sampler or Sampler(drawings.label_N)
        self.steps_per_epoch = -(-len(self.sampler) // batch_size)
        self._generator = torch.Generator(drawings.device)
        self._augment = partial(augment_strokes, config=augment, generator=self._generator)

        # The epoch and the window a step lies in are the last step's, nearly always.
        self._shuffled = lru_cache(maxsize=1)(partial(self.sampler.epoch, seed))
        self._sorted_window = lru_cache(maxsize=1)(self._sort_window)

    def step(self, step: int) -> list[tuple[Batch, Share]]:
        """The step's drawings in groups of similar length, each with its share of the step's loss.

        The sum over groups of share * (mean loss of the group), averaged over ranks as DDP averages
        gradients, is the (weighted) mean loss of the whole batch. All ranks have the same number of groups.
        """
        groups = self.groups(step)
        whole = sum(map(self._weight, groups))
        self._generator.manual_seed(int(np.random.SeedSequence((self.seed, step, self.rank)).generate_state(1)[0]))
        shared = []
        for group in groups:
            mine = group[self.rank :: self.world]
            share = self._weight(mine) * self.world / whole
            # A rank without a drawing computes another rank's, for nothing, to keep step with the others.
            mine = mine if len(mine) else group[:1]
            shared.append((make_batch(self.drawings, mine, self.layout, self._augment), self._divide(share, mine)))
        return shared

    def _weight(self, group: Indices) -> float:
        """Of a group in the loss: the number of its drawings where they weigh the same."""
        return len(group) if self.sampler.weight_N is None else float(self.sampler.weight_N[group].sum())

    def _divide(self, share: float, group: Indices) -> Share:
        """A group's share, divided among its drawings where they do not weigh the same."""
        if self.sampler.weight_N is None:
            return share
        weight_B = self.sampler.weight_N[group]
        return send(torch.from_numpy(share * weight_B / weight_B.sum()).float(), self.drawings.device)

    def groups(self, step: int) -> list[Indices]:
        """The step's drawings on all ranks, by position in the split: the longest first, cut into groups."""
        batch = self._batch(*divmod(step, self.steps_per_epoch))
        groups = cut_by_length(batch, count_rows(self.drawings, batch, self.layout))
        if self.largest_group is None:
            return groups
        return [part for group in groups for part in np.array_split(group, -(-len(group) // self.largest_group))]

    def _batch(self, epoch: int, batch: int) -> Indices:
        """Any batch of an epoch, the longest drawing first."""
        num_full = len(self.sampler) // self.batch_size
        if batch == num_full:  # the epoch's last and smaller batch, drawings of any length
            return longest_first(self.drawings, self._shuffled(epoch)[num_full * self.batch_size :])
        # Two windows at least, or else the batches of a small split would be the same in every epoch.
        num_windows = min(num_full, max(2, -(-num_full // WINDOW)))
        window = batch * num_windows // num_full
        first, end = (-(-edge * num_full // num_windows) for edge in (window, window + 1))
        drawings: Indices = self._sorted_window(epoch, first, end)[batch - first]
        return drawings

    def _sort_window(self, epoch: int, first: int, end: int) -> Indices:
        """The batches [first, end) of an epoch as rows: alike in length within, in any order."""
        drawings = self._shuffled(epoch)[first * self.batch_size : end * self.batch_size]
        batches = longest_first(self.drawings, drawings).reshape(-1, self.batch_size)
        return np.random.default_rng((self.seed, epoch, 1 + first)).permutation(batches)


def evaluation_batches(
    drawings: Drawings, layout: Layout = Layout.inkseq, points_per_batch: int = 32_768, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """Every drawing once over all ranks, the longest first, in batches of at most so many points with padding.

    A drawing longer than that is a batch by itself; of short ones a batch has MOST_EVALUATED at most. Ranks can have
    different numbers of batches.
    """
    remaining = longest_first(drawings, np.arange(len(drawings)))[rank::world]
    while len(remaining):
        longest = int(count_rows(drawings, remaining[:1], layout)[0])
        count = min(max(points_per_batch // longest, 1), MOST_EVALUATED)
        batch, remaining = np.split(remaining, [count])
        for group in cut_by_length(batch, count_rows(drawings, batch, layout)):
            yield make_batch(drawings, group, layout)


def make_batch(
    drawings: Drawings, index_B: Indices, layout: Layout, augment: Callable[[Strokes], Strokes] | None = None
) -> Batch:
    """The drawings at these positions of the split, the longest first."""
    # The tutorial's layout drops a row; a lone point has to leave one.
    num_points = max(int(drawings.length_N[index_B[0]]), 2 if layout is Layout.tutorial else 1)
    strokes, label_B, index_in_dataset_B = drawings.gather(index_B, num_points)
    if augment is not None:
        strokes = augment(strokes)
    x_BTC, length_B = to_rows(strokes, layout)
    return Batch(x_BTC, length_B, label_B, index_in_dataset_B)


def to_rows(strokes: Strokes, layout: Layout) -> tuple[Tensor, Tensor]:
    """`strokes.to_sequence` of many drawings at once: x_BTC and length_B.

    Of a single point the tutorial's layout, which drops the first row, leaves one row of zeros.
    """
    xy_BT2, pen_BT, length_B = strokes
    low_B12, high_B12 = torch.aminmax(xy_BT2, dim=1, keepdim=True)
    side_B12 = high_B12 - low_B12
    if layout is Layout.inkseq:
        side_B12 = side_B12.amax(2, keepdim=True)
    step_BT2 = (xy_BT2[:, 1:] - xy_BT2[:, :-1]) / side_B12.where(side_B12 > 0, 1)
    x_BTC = xy_BT2.new_empty(*pen_BT.shape, 3)
    x_BTC[:, 0, :2] = 0
    x_BTC[:, 1:, :2] = step_BT2
    x_BTC[:, :, 2] = pen_BT
    if layout is Layout.inkseq:
        return x_BTC, length_B
    return x_BTC[:, 1:].contiguous(), (length_B - 1).clamp(min=1)


def count_rows(drawings: Drawings, index_B: Indices, layout: Layout) -> NDArray[np.int32]:
    """How long the sequences of these drawings are, known on the host."""
    length_B = drawings.length_N[index_B]
    return length_B if layout is Layout.inkseq else np.maximum(length_B - 1, 1)


def longest_first(drawings: Drawings, index_B: Indices) -> Indices:
    """These drawings by length, equals in the order they came."""
    return index_B[np.argsort(-drawings.length_N[index_B], kind="stable")]


def cut_by_length(index_B: Indices, rows_B: NDArray[np.int32]) -> list[Indices]:
    """A batch, longest drawing first, as few groups of which enough is real.

    Cuts are made one by one, each where it saves the most padding.
    """
    longest_B = np.full(len(rows_B), rows_B[0])  # of each drawing's group: what its row is padded to
    end_B = np.full(len(rows_B), len(rows_B))  # of each drawing's group
    while rows_B.sum() < ENOUGH_REAL * longest_B.sum():
        saved_B = (end_B - np.arange(len(rows_B))) * (longest_B - rows_B)
        cut = int(saved_B.argmax())
        end = end_B[cut]
        longest_B[cut:end] = rows_B[cut]
        end_B[np.searchsorted(end_B, end) : cut] = cut
    return np.split(index_B, np.unique(end_B)[:-1])
