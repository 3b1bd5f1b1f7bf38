"""A trained recogniser for programs: strokes in, words out, by the same steps as in training."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.data.batches import cut_by_length, to_rows
from inkseq.devices import choose_device
from inkseq.drawings.canonical import AnyStrokes, canonical
from inkseq.drawings.padded import Strokes, pad_together
from inkseq.drawings.strokes import Flat
from inkseq.inference.runs import open_run

MOST_TOGETHER, POINTS_TOGETHER = 64, 8_192  # with padding; larger batches are no faster on a CPU
LENGTHS = 16  # padded lengths are multiples of this


class Guess(NamedTuple):
    """A word and how likely it is, from 0 to 1."""

    word: str
    probability: float


class Recogniser:
    """A trained run. Nothing in it changes, so threads may share it."""

    def __init__(self, run: str | Path, device: str = "cpu", checkpoint: str | None = None) -> None:
        self.run = open_run(run, checkpoint, choose_device(device))
        self.classes = self.run.classes
        self._device = choose_device(device)

    def predict(self, strokes: AnyStrokes, top: int = 5) -> list[Guess]:
        """What a drawing is, the likeliest word first. Strokes are `[xs, ys]` or `[xs, ys, times]`, in any units.

        ValueError says what is wrong with strokes that are no drawing.
        """
        return self.predict_many([strokes], top)[0]

    def predict_many(self, drawings: Sequence[AnyStrokes], top: int = 5) -> list[list[Guess]]:
        """The same of many, in their order; much faster than one by one."""
        return self.guesses(self.probabilities([canonical(strokes) for strokes in drawings]), top)

    def guesses(self, probability_NK: NDArray[np.float32], top: int) -> list[list[Guess]]:
        """The likeliest words of each row; of equals the first in the order of the classes."""
        order_NG = np.argsort(-probability_NK, axis=1, kind="stable")[:, :top]
        chance_NG = np.take_along_axis(probability_NK, order_NG, axis=1)
        return [
            [Guess(self.classes[k], chance) for k, chance in zip(classes, chances, strict=True)]
            for classes, chances in zip(order_NG.tolist(), chance_NG.tolist(), strict=True)
        ]

    @torch.inference_mode()
    def probabilities(self, drawings: Sequence[Flat]) -> NDArray[np.float32]:
        """probability_NK of canonical drawings, in float32 whatever the run was trained in."""
        probability_NK = np.empty((len(drawings), len(self.classes)), np.float32)
        for which_B, strokes in batches(drawings):
            x_BTC, length_B = to_rows(Strokes(*(part.to(self._device) for part in strokes)), self.run.config.layout)
            probability_NK[which_B] = self.run.model(x_BTC, length_B).float().softmax(dim=1).cpu().numpy()
        return probability_NK


def batches(drawings: Sequence[Flat]) -> Iterator[tuple[NDArray[np.int64], Strokes]]:
    """All drawings once, the longest first, as padded arrays of drawings of similar length; and which they are."""
    length_N = np.array([len(points) for points, _ in drawings], np.int32)
    remaining = np.argsort(-length_N, kind="stable")
    while len(remaining):
        count = min(max(POINTS_TOGETHER // int(length_N[remaining[0]]), 1), MOST_TOGETHER)
        batch, remaining = np.split(remaining, [count])
        for which_B in cut_by_length(batch, length_N[batch]):
            yield which_B, pad_together([drawings[i] for i in which_B])
