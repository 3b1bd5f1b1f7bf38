"""A trained recogniser for programs: strokes or images in, words out, by the same steps as in training."""

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.devices import choose_device
from inkseq.drawings.canonical import AnyStrokes
from inkseq.drawings.ndjson import UNPRINTABLE
from inkseq.drawings.strokes import Drawn
from inkseq.inference.ask import answer_drawn, features_drawn
from inkseq.inference.given import AnyImage, as_drawn
from inkseq.inference.joined import open_runs
from inkseq.inference.taught import centre, taught


class Guess(NamedTuple):
    """A word and how likely it is, from 0 to 1."""

    word: str
    probability: float


class Recogniser:
    """A trained run, and the words it was taught since. Threads may share it, and teach it."""

    def __init__(self, run: str | Path, device: str = "cpu", checkpoint: str | None = None) -> None:
        self.device = choose_device(device)
        self.run = self.trained = open_runs(run, checkpoint, self.device)  # `run` knows what was taught
        self.lessons: dict[str, Tensor] = {}  # features_NC of each taught word's drawings
        self._teaching = threading.Lock()

    @property
    def classes(self) -> list[str]:
        """The words it knows, those that it was taught behind the others."""
        return self.run.classes

    def predict(self, drawing: AnyStrokes | AnyImage, top: int = 5) -> list[Guess]:
        """What a drawing is, the likeliest word first. Strokes are `[xs, ys]` or `[xs, ys, times]`, in any units.

        One that looks at ink alone takes images too: a file's path or bytes, a picture of Pillow, an array of grey.
        ValueError says what is wrong with strokes that are no drawing, or with an image.
        """
        return self.predict_many([drawing], top)[0]

    def predict_many(self, drawings: Sequence[AnyStrokes | AnyImage], top: int = 5) -> list[list[Guess]]:
        """The same of many, in their order; much faster than one by one."""
        run = self.run  # as it is now, whatever it is taught meanwhile
        return likeliest(run.classes, answer_drawn(run, self._drawn(drawings), self.device), top)

    def guesses(self, probability_NK: NDArray[np.float32], top: int) -> list[list[Guess]]:
        """The likeliest words of each row."""
        return likeliest(self.classes, probability_NK, top)

    def probabilities(self, drawings: Sequence[Drawn], doing: str = "") -> NDArray[np.float32]:
        """probability_NK of canonical drawings, and images of `run.side`; a bar says what is done, if that is told."""
        return answer_drawn(self.run, drawings, self.device, doing)

    def teach(self, word: str, drawings: Sequence[AnyStrokes | AnyImage]) -> None:
        """Know a word by some drawings from now on, three or more, without a training (few-shot learning).

        What it was taught before it keeps; a word that it was trained on it knows by both. ValueError as in `predict`.
        """
        if not word.strip() or UNPRINTABLE.search(word):
            raise ValueError(f"{word!r} is no word")
        if not drawings:
            raise ValueError(f"{word} is taught by drawings, and there are none")
        features_NC = self.features(self._drawn(drawings))
        with self._teaching:
            before_NC = self.lessons.get(word, features_NC[:0])
            self.learn(self.lessons | {word: torch.cat([before_NC, features_NC])})

    def forget(self, word: str) -> None:
        """Know a word no longer by what was taught of it."""
        with self._teaching:
            if word not in self.lessons:
                raise ValueError(f"{word} was not taught")
            self.learn({other: features_NC for other, features_NC in self.lessons.items() if other != word})

    def learn(self, lessons: Mapping[str, Tensor]) -> None:
        """Know these words beside those it was trained on, and no other: features_NC of each one's drawings."""
        self.lessons = dict(lessons)
        self.run = taught(self.trained, self.lessons, self._centre_C) if lessons else self.trained

    def features(self, drawings: Sequence[Drawn]) -> Tensor:
        """features_NC of canonical drawings and images, by which it is taught."""
        return features_drawn(self.trained, drawings, self.device)

    @cached_property
    def _centre_C(self) -> Tensor:
        return centre(self.trained, self.device)

    def _drawn(self, drawings: Sequence[AnyStrokes | AnyImage]) -> list[Drawn]:
        return [as_drawn(one, self.trained.side) for one in drawings]


def likeliest(classes: Sequence[str], probability_NK: NDArray[np.float32], top: int) -> list[list[Guess]]:
    """The likeliest words of each row; of equals the first in the order of the classes."""
    order_NG = np.argsort(-probability_NK, axis=1, kind="stable")[:, :top]
    chance_NG = np.take_along_axis(probability_NK, order_NG, axis=1)
    return [
        [Guess(classes[k], chance) for k, chance in zip(ks, chances, strict=True)]
        for ks, chances in zip(order_NG.tolist(), chance_NG.tolist(), strict=True)
    ]
