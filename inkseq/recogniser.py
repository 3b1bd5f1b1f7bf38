"""A trained recogniser for programs: strokes in, words out, by the same steps as in training."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from inkseq.config import Simplify
from inkseq.data.batches import cut_by_length, to_rows
from inkseq.data.ndjson import Rejected, check_drawing, make_canonical
from inkseq.data.resident import Strokes
from inkseq.devices import choose_device
from inkseq.runs import open_run

AnyStrokes = Iterable[Iterable[ArrayLike]]  # each [xs, ys] or [xs, ys, times], be it lists, tuples or arrays
Flat = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # points and pen of a canonical drawing

MOST_TOGETHER, POINTS_TOGETHER = 64, 8_192  # with padding; larger batches are no faster on a CPU
LENGTHS = 16  # padded lengths are multiples of this
MAX_POINTS = 10_000  # of a canonical drawing: twenty times what people draw, and memory grows with them


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


def canonical(strokes: AnyStrokes) -> Flat:
    """Points and pen of any strokes, simplified unless they are already: as `convert` does it."""
    try:
        # Lists, tuples and arrays alike become lists of Python's own numbers.
        plain = [[np.asarray(column).tolist() for column in stroke] for stroke in strokes]
        return read_drawing(plain)
    except (Rejected, TypeError, ValueError) as reason:
        raise ValueError(f"this is no drawing: {reason}") from None


def read_drawing(drawing: Any) -> Flat:
    """The same of strokes as JSON gives them, in lists; raises Rejected."""
    if isinstance(drawing, list) and len(drawing) > MAX_POINTS:
        raise Rejected(f"more than {MAX_POINTS:,} strokes")
    points, pen, has_times = check_drawing(drawing)
    return check_size(*make_canonical(points, pen, Simplify.auto, has_times))


def check_size(points: NDArray[np.uint8], pen: NDArray[np.uint8]) -> Flat:
    """A canonical drawing, if it is not too long to be named."""
    if len(points) > MAX_POINTS:
        raise Rejected(f"more than {MAX_POINTS:,} points, simplified")
    return points, pen


def batches(drawings: Sequence[Flat]) -> Iterator[tuple[NDArray[np.int64], Strokes]]:
    """All drawings once, the longest first, as padded arrays of drawings of similar length; and which they are."""
    length_N = np.array([len(points) for points, _ in drawings], np.int32)
    remaining = np.argsort(-length_N, kind="stable")
    while len(remaining):
        count = min(max(POINTS_TOGETHER // int(length_N[remaining[0]]), 1), MOST_TOGETHER)
        batch, remaining = np.split(remaining, [count])
        for which_B in cut_by_length(batch, length_N[batch]):
            yield which_B, pad_together([drawings[i] for i in which_B])


def pad_together(drawings: Sequence[Flat]) -> Strokes:
    """Drawings in one padded array, each staying at its last point behind its end."""
    length_B = np.array([len(points) for points, _ in drawings])
    # A length not met before costs PyTorch a third more, so there are few. (The tutorial's layout drops a row.)
    time_T = np.arange(-(-length_B.max() // LENGTHS) * LENGTHS)
    start_B = np.cumsum(length_B) - length_B
    at_BT = start_B[:, None] + np.minimum(time_T, length_B[:, None] - 1)
    xy_BT2 = np.concatenate([points for points, _ in drawings])[at_BT]
    pen_BT = np.concatenate([pen for _, pen in drawings])[at_BT].astype(np.bool_) & (time_T < length_B[:, None])
    return Strokes(torch.from_numpy(xy_BT2).float(), torch.from_numpy(pen_BT), torch.from_numpy(length_B))
