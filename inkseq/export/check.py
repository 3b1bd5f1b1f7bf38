"""What a file answers beside what PyTorch does: on which drawings, how far apart at most, and how fast."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inkseq.data.batches import Counted
from inkseq.data.packed import PackedImages, PackedStrokes
from inkseq.doodles.write import doodles
from inkseq.drawings.canonical import canonical
from inkseq.drawings.pixels import Images, Input, resize
from inkseq.drawings.strokes import Drawn
from inkseq.errors import UserError
from inkseq.inference.ask import in_batches
from inkseq.models.contract import Model
from inkseq.models.picture import Picture
from inkseq.models.pictured import Pictured

Probability = NDArray[np.float32]
Reader = Callable[..., Probability]  # of a graph's inputs

TOLERANCE = 1e-4  # of a probability
ENOUGH, MOST = 1_000, 10_000  # drawings to compare on
WORDS = ("bicycle", "cat", "snail", "tree")  # doodles to compare on
FEW_PIXELS = 64 * 64  # of a picture, of which the lines of a whole batch go into memory
TIMED, REPEATED = 100, 5  # drawings, one by one, and how often each


class Compared(NamedTuple):
    """Drawings to compare on: those of test, more of val where they are few, or doodles."""

    drawings: Sequence[Drawn]
    label_N: NDArray[np.int64]  # of the first, which are those of test and have a word the run knows
    source: str


class Agreement(NamedTuple):
    """How far a file is from PyTorch, and how many words each gets right of the drawings that have one."""

    drawings: int
    difference: float
    same_top1: int
    labelled: int
    right: int
    right_in_pytorch: int

    def insist(self, name: str) -> None:
        """Stop where the file is not what PyTorch computes."""
        if not self.difference <= TOLERANCE or self.same_top1 < self.drawings:
            raise UserError(
                f"{name} is not what PyTorch computes: probabilities differ by up to {self.difference:.2g} (at most "
                f"{TOLERANCE:g} is allowed), the word by {self.drawings - self.same_top1} of {self.drawings:,} drawings"
            )


Compare = Callable[[Reader], Agreement]


def held_out(data: PackedStrokes | PackedImages, classes: list[str]) -> Compared:
    """Drawings of a dataset that nobody trained on."""
    test, val = (data.split(name) if name in data.meta["splits"] else range(0) for name in ("test", "val"))
    test = test[:MOST]
    val = val[: max(ENOUGH - len(test), 0)]
    label_N = np.asarray(data.labels)[test.start : test.stop].astype(np.int64)
    if data.classes != classes or (label_N < 0).any():
        label_N = label_N[:0]
    parts = [f"{len(split):,} of {name}" for name, split in (("test", test), ("val", val)) if len(split)]
    if not parts:
        raise UserError(f"{data.path} has neither test nor val drawings to compare on; give another data=")
    which = [*test, *val]
    drawings: Sequence[Drawn] = (
        [data.drawing(i) for i in which] if isinstance(data, PackedStrokes) else list(data.images[which])
    )
    return Compared(drawings, label_N, f"{' and '.join(parts)}, {data.path}")


def some_doodles() -> Compared:
    """Where the run's own drawings are gone; what they show does not matter, only that they are drawings."""
    lines = [line for word in WORDS for block in doodles(word, ENOUGH // len(WORDS), 0) for line in block]
    drawings = [canonical(json.loads(line)["drawing"]) for line in lines]
    return Compared(drawings, np.empty(0, np.int64), f"doodles of {', '.join(WORDS)}")


def as_images(compared: Compared, picture: Picture, size: int) -> Compared:
    """The same, drawn as a model would draw them."""
    images: list[Drawn] = []
    for _, strokes in in_batches(compared.drawings):
        ink_BYX = resize(picture.ink(strokes)[:, 0], size)
        images += list((ink_BYX * 255).round().byte().numpy())
    return compared._replace(drawings=images)


def in_pytorch(graph: nn.Module) -> Reader:
    """A graph that PyTorch runs."""

    @torch.inference_mode()
    def read(*inputs: NDArray[np.generic]) -> Probability:
        said = graph(*map(torch.from_numpy, inputs))
        probability: Probability = (said[0] if isinstance(said, tuple) else said).numpy()
        return probability

    return read


def points_at_a_time(model: Model) -> Counted:
    """What a file takes over so many points: where it draws pictures it holds all pixels of each line of a batch."""
    pixels = model.picture.size**2 if isinstance(model, Pictured) else FEW_PIXELS
    return lambda length_N: length_N * max(pixels // FEW_PIXELS, 1)


def probabilities(read: Reader, drawings: Sequence[Drawn], num_steps: Counted = np.asarray) -> Probability:
    """probability_NK of drawings, in batches of similar length."""
    found: list[tuple[NDArray[np.int64], Probability]] = []
    for which_B, batch in in_batches(drawings, num_steps, doing="asking the file"):
        found.append((which_B, read(*inputs_of(batch))))
    probability_NK = np.empty((len(drawings), found[0][1].shape[1]), np.float32)
    for which_B, probability_BK in found:
        probability_NK[which_B] = probability_BK
    return probability_NK


def inputs_of(batch: Input) -> tuple[NDArray[Any], ...]:
    """What a graph takes of a batch."""
    if isinstance(batch, Images):
        return (batch.ink_BYX.numpy(),)
    return batch.xy_BT2.numpy(), batch.pen_BT.float().numpy(), batch.length_B.numpy()


def agree(expected_NK: Probability, found_NK: Probability, label_N: NDArray[np.int64]) -> Agreement:
    """`expected_NK` is PyTorch's."""
    expected_N, found_N = expected_NK.argmax(axis=1), found_NK.argmax(axis=1)
    return Agreement(
        len(expected_N),
        float(np.abs(expected_NK - found_NK).max()),
        int((expected_N == found_N).sum()),
        len(label_N),
        int((found_N[: len(label_N)] == label_N).sum()),
        int((expected_N[: len(label_N)] == label_N).sum()),
    )


def milliseconds(readers: Sequence[Reader], drawings: Sequence[Drawn]) -> list[float]:
    """Of each reader the median over drawings of what one takes alone: its best of some times, since whatever else
    runs only ever makes it longer, and by turns, so that it does so to all alike.
    """
    seconds_RN = np.full((len(readers), min(len(drawings), TIMED)), np.inf)
    for n, drawing in enumerate(drawings[:TIMED]):
        inputs = alone(drawing)
        for r, read in list(enumerate(readers)) * REPEATED:
            start = time.perf_counter()
            read(*inputs)
            seconds_RN[r, n] = min(seconds_RN[r, n], time.perf_counter() - start)
    return [float(median) for median in np.median(seconds_RN, axis=1) * 1e3]


def alone(drawing: Drawn) -> tuple[NDArray[Any], ...]:
    """What a graph takes of one drawing, of which nothing is padding."""
    if isinstance(drawing, np.ndarray):
        return (drawing[None].astype(np.float32) / 255,)
    points, pen = drawing
    return points[None].astype(np.float32), pen[None].astype(np.float32), np.array([len(points)], np.int64)
