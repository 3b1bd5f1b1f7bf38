"""Batches made on the device: gathered and augmented.

An epoch is what a sampler draws of the split, in batches of drawings of similar length. A step's batch follows
from (seed, step) alone, so the number of steps done is all there is to save and to go on from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.config import AugmentConfig
from inkseq.data.augment import augment_strokes
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices, Sampler
from inkseq.devices import send
from inkseq.drawings.padded import Strokes, places, stay_at_end

Counted = Callable[[NDArray[Any]], NDArray[Any]]  # steps that a model takes over drawings of so many points
Share = float | Tensor  # of a group in the loss of its step: one, or where its drawings weigh differently one of each

WINDOW = 64  # batches at most that are sorted by length together
ENOUGH_REAL = 0.92  # of the points in a batch; with less, it is computed as several groups


@dataclass(frozen=True)
class Batch:
    """Drawings as a model takes them, on the device."""

    drawings: Strokes
    label_B: Tensor  # -1 where the word is not known
    index_B: Tensor  # of each drawing in the whole dataset


class Batches:
    """The training batches of one rank, by step number."""

    def __init__(
        self,
        drawings: Drawings,
        batch_size: int,
        seed: int,
        augment: AugmentConfig | None = None,
        micro_batch: int | None = None,
        rank: int = 0,
        world: int = 1,
        sampler: Sampler | None = None,
        num_steps: Counted = np.asarray,
    ) -> None:
        augment = augment or AugmentConfig()
        self.drawings, self.num_steps, self.batch_size, self.seed = drawings, num_steps, batch_size, seed
        self.largest_group = None if micro_batch is None else micro_batch * world
        self.rank, self.world = rank, world
        self.sampler = sampler or Sampler(drawings.label_N)
        self.steps_per_epoch = -(-len(self.sampler) // batch_size)
        self._generator = torch.Generator(drawings.device)
        self._augment = partial(augment_strokes, config=augment, generator=self._generator)

        # The window a step lies in is the last step's, nearly always.
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
            shared.append((make_batch(self.drawings, mine, augment=self._augment), self._divide(share, mine)))
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
        groups = cut_by_length(batch, self.num_steps(self.drawings.length_N[batch]))
        if self.largest_group is None:
            return groups
        return [part for group in groups for part in np.array_split(group, -(-len(group) // self.largest_group))]

    def _batch(self, epoch: int, batch: int) -> Indices:
        """Any batch of an epoch, the longest drawing first."""
        num_full = len(self.sampler) // self.batch_size
        if batch == num_full:  # the epoch's last and smaller batch, drawings of any length
            return longest_first(self.drawings, self._part(epoch, num_full, self.steps_per_epoch))
        # Two windows at least, or else the batches of a small split would be the same in every epoch.
        num_windows = min(num_full, max(2, -(-num_full // WINDOW)))
        window = batch * num_windows // num_full
        first, end = (-(-edge * num_full // num_windows) for edge in (window, window + 1))
        drawings: Indices = self._sorted_window(epoch, first, end)[batch - first]
        return drawings

    def _sort_window(self, epoch: int, first: int, end: int) -> Indices:
        """The batches [first, end) of an epoch as rows: alike in length within, in any order."""
        batches = longest_first(self.drawings, self._part(epoch, first, end)).reshape(-1, self.batch_size)
        return np.random.default_rng((self.seed, epoch, 1 + first)).permutation(batches)

    def _part(self, epoch: int, first: int, end: int) -> Indices:
        """The drawings of the batches [first, end) of an epoch, in its order."""
        return self.sampler.part(
            self.seed, epoch, first * self.batch_size, min(end * self.batch_size, len(self.sampler))
        )


def make_batch(
    drawings: Drawings,
    index_B: Indices,
    num_points: int | None = None,
    augment: Callable[[Strokes], Strokes] | None = None,
) -> Batch:
    """The drawings at these positions of the split, the longest first, padded to its length unless told otherwise."""
    num_points = num_points or int(drawings.length_N[index_B[0]])
    strokes, label_B, index_in_dataset_B = drawings.gather(index_B, num_points)
    return Batch(strokes if augment is None else augment(strokes), label_B, index_in_dataset_B)


def gather_first(drawings: Drawings, index_B: Indices, length_B: Indices) -> Strokes:
    """The first points of drawings, as `augment.prefix` leaves them: the last of them ends a stroke."""
    strokes, _, _ = drawings.gather(index_B, int(length_B.max()))
    shorter_B = send(torch.from_numpy(length_B), drawings.device)
    place_BT, last_B1 = places(strokes.pen_BT), shorter_B[:, None] - 1
    pen_BT = (strokes.pen_BT & (place_BT < last_B1)) | (place_BT == last_B1)
    return Strokes(stay_at_end(strokes.xy_BT2, shorter_B), pen_BT, shorter_B)


def longest_first(drawings: Drawings, index_B: Indices) -> Indices:
    """These drawings by length, equals in the order they came."""
    shortness_B = -drawings.length_N[index_B]
    if shortness_B.min() > np.iinfo(np.int16).min:  # numpy sorts as short numbers by counting, four times as fast
        shortness_B = shortness_B.astype(np.int16)
    return index_B[np.argsort(shortness_B, kind="stable")]


def cut_by_length(index_B: Indices, steps_B: NDArray[Any]) -> list[Indices]:
    """A batch, longest drawing first, as few groups of which enough is real.

    Cuts are made one by one, each where it saves the most padding.
    """
    longest_B = np.full(len(steps_B), steps_B[0])  # of each drawing's group: what it is padded to
    end_B = np.full(len(steps_B), len(steps_B))  # of each drawing's group
    while steps_B.sum() < ENOUGH_REAL * longest_B.sum():
        saved_B = (end_B - np.arange(len(steps_B))) * (longest_B - steps_B)
        cut = int(saved_B.argmax())
        end = end_B[cut]
        longest_B[cut:end] = steps_B[cut]
        end_B[np.searchsorted(end_B, end) : cut] = cut
    return np.split(index_B, np.unique(end_B)[:-1])
