"""Batches made on the device: gathered and augmented.

An epoch is what a sampler draws of the split, in batches of drawings of similar length. A step's batch follows
from (seed, step) alone, so the number of steps done is all there is to save and to go on from.

A CPU computes a batch as a few groups, each as long as its longest drawing. A GPU, for which every shape has to be
planned anew, gets `few_shapes`: whole batches, all of one size, padded to one of a few lengths.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.config import AugmentConfig, TrainConfig
from inkseq.data import kinds
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices, Sampler
from inkseq.devices import send
from inkseq.drawings.padded import places, stay_at_end
from inkseq.drawings.pixels import Images, Input

Counted = Callable[[NDArray[Any]], NDArray[Any]]  # steps that a model takes over drawings of so many points
Share = float | Tensor  # of a group in the loss of its step: one, or where its drawings weigh differently one of each

USUAL_BATCH = 64  # drawings a step, which the presets' learning rates are meant for
WINDOW = 64  # batches at most that are sorted by length together
ENOUGH_REAL = 0.92  # of the points in a batch; with less, it is computed as several groups
MOST_LENGTHS = 20  # that a GPU's batches are padded to
ENOUGH_BATCHES = 512  # whose longest drawings say which lengths those are


def batch_of(config: TrainConfig) -> int:
    """How many drawings a step has."""
    return config.batch_size or USUAL_BATCH


@dataclass(frozen=True)
class Batch:
    """Drawings as a model takes them, on the device."""

    drawings: Input
    label_B: Tensor  # -1 where the word is not known
    index_B: Tensor  # of each drawing in the whole dataset


@dataclass(frozen=True)
class Draw:
    """A group as the host knows it: which drawings, padded to how many points, with what share of the loss."""

    index_B: Indices
    num_points: int
    share: float | NDArray[np.float64]


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
        few_shapes: bool = False,
    ) -> None:
        augment = augment or AugmentConfig()
        self.drawings, self.num_steps, self.batch_size, self.seed = drawings, num_steps, batch_size, seed
        self.largest_group = None if micro_batch is None else micro_batch * world
        self.rank, self.world = rank, world
        self.sampler = sampler or Sampler(drawings.label_N)
        self.steps_per_epoch = -(-len(self.sampler) // batch_size)
        self.generator = torch.Generator(drawings.device)
        self._augment = partial(kinds.augment, config=augment, generator=self.generator)

        # The window a step lies in is the last step's, nearly always.
        self._sorted_window = lru_cache(maxsize=1)(self._sort_window)
        self.lengths = self._choose_lengths() if few_shapes else None

    def step(self, step: int) -> list[tuple[Batch, Share]]:
        """The step's drawings in groups of similar length, each with its share of the step's loss.

        The sum over groups of share * (mean loss of the group), averaged over ranks as DDP averages
        gradients, is the (weighted) mean loss of the whole batch. All ranks have the same number of groups.
        """
        self.seed_for(step)
        return [(self.make(draw.index_B, draw.num_points), self._send(draw.share)) for draw in self.draws(step)]

    def seed_for(self, step: int) -> None:
        """What is drawn by lot from here on is this step's."""
        self.generator.manual_seed(int(np.random.SeedSequence((self.seed, step, self.rank)).generate_state(1)[0]))

    def draws(self, step: int) -> list[Draw]:
        """The groups of a step as the host knows them."""
        batch, weight_B = self._weigh(self._batch(*divmod(step, self.steps_per_epoch)))
        groups, draws = self._cut(batch), []
        whole = sum(_sum(weight_B, group) for group in groups)  # in the order of the groups, to the bit
        for group in groups:
            mine = group[self.rank :: self.world]
            share = _sum(weight_B, mine) * self.world / whole
            # A rank without a drawing computes another rank's, for nothing, to keep step with the others.
            mine = mine if len(mine) else group[:1]
            longest = int(self.drawings.length_N[batch[mine[0]]])
            shares = share if weight_B is None else share * weight_B[mine] / weight_B[mine].sum()
            draws.append(Draw(batch[mine], self._padded(longest), shares))
        return draws

    def make(self, index_B: Indices | Tensor, num_points: int) -> Batch:
        """Drawings by position in the split, the longest first, as this step's lots change them."""
        return make_batch(self.drawings, index_B, num_points, self._augment)

    def groups(self, step: int) -> list[Indices]:
        """The step's drawings on all ranks, by position in the split: the longest first, cut into groups."""
        batch, _ = self._weigh(self._batch(*divmod(step, self.steps_per_epoch)))
        return [batch[group] for group in self._cut(batch)]

    def _weigh(self, batch: Indices) -> tuple[Indices, NDArray[np.float64] | None]:
        """A batch and what its drawings weigh in the loss, None where that is the same.

        With few shapes the last of an epoch is filled up with its own drawings, which share their weight with their
        copies: the gradient is that of the drawings, and no model sees anything but drawings.
        """
        weight_B = None if self.sampler.weight_N is None else self.sampler.weight_N[batch]
        if self.lengths is None or len(batch) == self.batch_size:
            return batch, weight_B
        original_B = np.arange(self.batch_size) * len(batch) // self.batch_size
        weight_B = (1.0 if weight_B is None else weight_B) / np.bincount(original_B)
        return batch[original_B], weight_B[original_B]

    def _cut(self, batch: Indices) -> list[Indices]:
        """The groups of a batch, by position in it."""
        everything = np.arange(len(batch))
        steps_B = self.num_steps(self.drawings.length_N[batch])
        groups = [everything] if self.lengths is not None else cut_by_length(everything, steps_B)
        if self.largest_group is None:
            return groups
        return [part for group in groups for part in np.array_split(group, -(-len(group) // self.largest_group))]

    def _padded(self, longest: int) -> int:
        """How many points a group of drawings is given, the longest of which has so many."""
        return longest if self.lengths is None else int(self.lengths[np.searchsorted(self.lengths, longest)])

    def _choose_lengths(self) -> NDArray[np.int32]:
        """The few lengths that some batches, drawn as any are, take the least padding to."""
        full = len(self.sampler) // self.batch_size
        steps = (epoch * self.steps_per_epoch + i for epoch in count() for i in range(max(full, 1)))
        firsts = [self._batch(*divmod(step, self.steps_per_epoch))[0] for step in islice(steps, ENOUGH_BATCHES)]
        return choose_lengths(np.append(self.drawings.length_N[firsts], self.drawings.length_N.max()), MOST_LENGTHS)

    def _send(self, share: float | NDArray[np.float64]) -> Share:
        return share if isinstance(share, float) else send(torch.from_numpy(share).float(), self.drawings.device)

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


def _sum(weight_B: NDArray[np.float64] | None, group: Indices) -> float:
    """What a group weighs in the loss: the number of its drawings where they weigh the same."""
    return len(group) if weight_B is None else float(weight_B[group].sum())


def make_batch(
    drawings: Drawings,
    index_B: Indices | Tensor,
    num_points: int | None = None,
    augment: Callable[[Input], Input] | None = None,
) -> Batch:
    """The drawings at these positions of the split, the longest first, padded to its length unless told otherwise."""
    num_points = num_points or int(drawings.length_N[index_B[0]])
    gathered, label_B, index_in_dataset_B = drawings.gather(index_B, num_points)
    return Batch(gathered if augment is None else augment(gathered), label_B, index_in_dataset_B)


def gather_first(drawings: Drawings, index_B: Indices, length_B: Indices) -> Input:
    """The first points of drawings, as `augment.prefix` leaves them: the last of them ends a stroke. Images: all."""
    strokes, _, _ = drawings.gather(index_B, int(length_B.max()))
    if isinstance(strokes, Images):
        return strokes
    shorter_B = send(torch.from_numpy(length_B), drawings.device)
    place_BT, last_B1 = places(strokes.pen_BT), shorter_B[:, None] - 1
    pen_BT = (strokes.pen_BT & (place_BT < last_B1)) | (place_BT == last_B1)
    return strokes._replace(xy_BT2=stay_at_end(strokes.xy_BT2, shorter_B), pen_BT=pen_BT, length_B=shorter_B)


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
        _cut_once(steps_B, longest_B, end_B)
    return np.split(index_B, np.unique(end_B)[:-1])


def choose_lengths(longest_N: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    """A few lengths, each batch to be padded to the next of them, of batches whose longest drawings are such.

    By the same cuts: best to within half a per cent of the padding (dynamic programming), and in no time.
    """
    steps_N = -np.sort(-longest_N)
    padded_N, end_N = np.full(len(steps_N), steps_N[0]), np.full(len(steps_N), len(steps_N))
    for _ in range(most - 1):
        _cut_once(steps_N, padded_N, end_N)
    return np.unique(padded_N)


def _cut_once(steps_B: NDArray[Any], longest_B: NDArray[Any], end_B: NDArray[Any]) -> None:
    """One cut more: what each is padded to from there on, and where the group that it is in ends."""
    saved_B = (end_B - np.arange(len(steps_B))) * (longest_B - steps_B)
    cut = int(saved_B.argmax())
    end = end_B[cut]
    longest_B[cut:end] = steps_B[cut]
    end_B[np.searchsorted(end_B, end) : cut] = cut
