"""Entries in, answers out: in their order, some thousands at a time, whatever their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from tqdm import tqdm

from inkseq.drawings.entries import Entry
from inkseq.inference.recogniser import Guess, Recogniser

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
    while window := list(islice(entries, size)):
        probability_NK = recogniser.probabilities([entry.drawing for entry in window if entry.drawing is not None])
        guesses = iter(recogniser.guesses(probability_NK, top))
        answers = [
            Answer(entry, [], "") if entry.drawing is None else _answer(entry, next(guesses), threshold)
            for entry in window
        ]
        tally.add(answers)
        yield answers


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
