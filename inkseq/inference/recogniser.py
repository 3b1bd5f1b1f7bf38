"""A trained recogniser for programs: strokes or images in, words out, by the same steps as in training."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.devices import choose_device
from inkseq.drawings.canonical import AnyStrokes
from inkseq.drawings.strokes import Drawn
from inkseq.inference.ask import answer_drawn
from inkseq.inference.given import AnyImage, as_drawn
from inkseq.inference.joined import open_runs


class Guess(NamedTuple):
    """A word and how likely it is, from 0 to 1."""

    word: str
    probability: float


class Recogniser:
    """A trained run. Nothing in it changes, so threads may share it."""

    def __init__(self, run: str | Path, device: str = "cpu", checkpoint: str | None = None) -> None:
        self.device = choose_device(device)
        self.run = open_runs(run, checkpoint, self.device)
        self.classes = self.run.classes

    def predict(self, drawing: AnyStrokes | AnyImage, top: int = 5) -> list[Guess]:
        """What a drawing is, the likeliest word first. Strokes are `[xs, ys]` or `[xs, ys, times]`, in any units.

        One that looks at ink alone takes images too: a file's path or bytes, a picture of Pillow, an array of grey.
        ValueError says what is wrong with strokes that are no drawing, or with an image.
        """
        return self.predict_many([drawing], top)[0]

    def predict_many(self, drawings: Sequence[AnyStrokes | AnyImage], top: int = 5) -> list[list[Guess]]:
        """The same of many, in their order; much faster than one by one."""
        return self.guesses(self.probabilities([as_drawn(one, self.run.side) for one in drawings]), top)

    def guesses(self, probability_NK: NDArray[np.float32], top: int) -> list[list[Guess]]:
        """The likeliest words of each row; of equals the first in the order of the classes."""
        order_NG = np.argsort(-probability_NK, axis=1, kind="stable")[:, :top]
        chance_NG = np.take_along_axis(probability_NK, order_NG, axis=1)
        return [
            [Guess(self.classes[k], chance) for k, chance in zip(classes, chances, strict=True)]
            for classes, chances in zip(order_NG.tolist(), chance_NG.tolist(), strict=True)
        ]

    def probabilities(self, drawings: Sequence[Drawn], doing: str = "") -> NDArray[np.float32]:
        """probability_NK of canonical drawings, and images of `run.side`; a bar says what is done, if that is told."""
        return answer_drawn(self.run, drawings, self.device, doing)
