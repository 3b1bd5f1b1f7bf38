"""Entries in, answers out: in their order, some thousands at a time, whatever their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.drawings.entries import Entry
from inkseq.errors import UserError
from inkseq.inference.recogniser import Guess, Recogniser
from inkseq.predict.balance import balance

WINDOW = 2_000  # entries named together: enough to find drawings of similar length among them
NOT_SURE = "not sure"


class Answer(NamedTuple):
    """An entry, its likeliest words, and the first of them unless it is too unlikely."""

    entry: Entry
    guesses: list[Guess]  # none where there is no drawing
    answer: str


@dataclass
class Tally:
    """What has been answered so far."""

    entries: int = 0
    errors: int = 0
    unsure: int = 0
    with_word: int = 0  # of the drawings
    right: int = 0  # first guesses that are the word
    first_error: str = ""

    def add(self, window: list[Answer]) -> None:
        drawings = [answer for answer in window if answer.guesses]
        failed = [entry for entry, guesses, _ in window if not guesses]
        self.entries += len(window)
        self.errors += len(failed)
        self.unsure += sum(answer == NOT_SURE for _, _, answer in drawings)
        self.with_word += sum(entry.word != "" for entry, _, _ in drawings)
        self.right += sum(entry.word == guesses[0].word for entry, guesses, _ in drawings)
        if failed and not self.first_error:
            self.first_error = f"{failed[0].source}: {failed[0].error}"


def answer_windows(
    entries: Iterator[Entry], recogniser: Recogniser, top: int, threshold: float, tally: Tally, size: int = WINDOW
) -> Iterator[list[Answer]]:
    """Answers to all entries, a window of this size at a time; `tally` counts them."""
    for window, probability_NK in asked(entries, recogniser, size):
        yield answers_to(window, recogniser.guesses(probability_NK, top), threshold, tally)


def balanced_windows(
    entries: Iterator[Entry], recogniser: Recogniser, top: int, threshold: float, tally: Tally
) -> Iterator[list[Answer]]:
    """The same once all have been asked about, and each word made as likely as any other."""
    windows = list(asked(entries, recogniser, WINDOW))
    num_drawings, num_words = sum(len(probability_NK) for _, probability_NK in windows), len(recogniser.classes)
    if num_drawings < num_words:
        raise UserError(
            f"balanced=true: {num_drawings:,} drawings cannot have each of {num_words:,} words equally often; "
            "it is for a set of many drawings of every word"
        )
    first = 0
    balanced_NK = balance(np.concatenate([probability_NK for _, probability_NK in windows]))
    for window, probability_NK in windows:
        yield answers_to(
            window, recogniser.guesses(balanced_NK[first : first + len(probability_NK)], top), threshold, tally
        )
        first += len(probability_NK)


def asked(
    entries: Iterator[Entry], recogniser: Recogniser, size: int
) -> Iterator[tuple[list[Entry], NDArray[np.float32]]]:
    """Windows of entries, and probability_NK of their drawings."""
    while window := list(islice(entries, size)):
        yield window, recogniser.probabilities([entry.drawing for entry in window if entry.drawing is not None])


def answers_to(window: list[Entry], guesses: list[list[Guess]], threshold: float, tally: Tally) -> list[Answer]:
    each = iter(guesses)
    answers = [
        Answer(entry, [], "") if entry.drawing is None else _answer(entry, next(each), threshold) for entry in window
    ]
    tally.add(answers)
    return answers


def _answer(entry: Entry, guesses: list[Guess], threshold: float) -> Answer:
    return Answer(entry, guesses, guesses[0].word if guesses[0].probability >= threshold else NOT_SURE)


class NamingBar:
    """A bar, its end judged by the bytes read so far; none without a terminal, or where rows show it already."""

    def __init__(self, num_bytes: int, silent: bool) -> None:
        self.num_bytes, self.read = num_bytes, 0.0
        self.bar: tqdm[Any] = tqdm(desc="naming", unit="drawing", unit_scale=True, disable=silent or None)

    def tick(self, num_bytes: float) -> None:
        self.read += num_bytes

    def watch(self, windows: Iterator[list[Answer]]) -> Iterator[list[Answer]]:
        """The windows as they come, each counted."""
        with self.bar:
            for window in windows:
                self.bar.update(len(window))
                if self.read:
                    self.bar.total = max(self.bar.n, round(self.bar.n * self.num_bytes / self.read))
                yield window
