"""What is taken for what, without the zeros, of which thousands of classes would make hundreds of megabytes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkseq.evaluate.facts import Facts
from inkseq.evaluate.metrics import ClassMetrics, class_metrics

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Confusions:
    """The cells of the confusion matrix that have drawings, row by row."""

    drawn_C: Counts  # class
    said_C: Counts  # first guess
    count_C: Counts
    num_classes: int

    @property
    def drawings_K(self) -> Counts:
        """How many drawings of each class there are."""
        return self._sum(self.drawn_C, self.count_C)

    @property
    def mistakes_C(self) -> Counts:
        """The cells' counts, but 0 where the guess is right."""
        return np.where(self.drawn_C == self.said_C, 0, self.count_C)

    def per_class(self) -> list[ClassMetrics]:
        """As `Metrics` has it."""
        guesses_K = self._sum(self.said_C, self.count_C)
        right_K = self._sum(self.drawn_C, self.count_C - self.mistakes_C)
        return list(map(class_metrics, *(count_K.tolist() for count_K in (self.drawings_K, guesses_K, right_K))))

    def most_taken_for(self) -> dict[int, tuple[int, int]]:
        """Of each class with mistakes what it is most often taken for, of equals the first, and how often."""
        order = np.lexsort((self.said_C, -self.mistakes_C, self.drawn_C))
        drawn, first = np.unique(self.drawn_C[order], return_index=True)
        said, count = self.said_C[order[first]], self.mistakes_C[order[first]]
        found = zip(drawn.tolist(), said.tolist(), count.tolist(), strict=True)
        return {k: (other, times) for k, other, times in found if times}

    def most_confused(self, most: int) -> Counts:
        """The classes in most mistakes, drawn or said, in their order; all of them where there are no more."""
        mistakes_K = self._sum(self.drawn_C, self.mistakes_C) + self._sum(self.said_C, self.mistakes_C)
        return np.sort(np.argsort(-mistakes_K, kind="stable")[:most])

    def matrix(self, class_X: Counts) -> Counts:
        """confusion_XX of some classes among themselves."""
        place_K = np.full(self.num_classes, -1)
        place_K[class_X] = np.arange(len(class_X))
        row_C, column_C = place_K[self.drawn_C], place_K[self.said_C]
        among_C = (row_C >= 0) & (column_C >= 0)
        confusion_XX = np.zeros((len(class_X), len(class_X)), np.int64)
        confusion_XX[row_C[among_C], column_C[among_C]] = self.count_C[among_C]
        return confusion_XX

    def shares(self, class_X: Counts) -> NDArray[np.float64]:
        """The same as shares of all drawings of a row's class."""
        return self.matrix(class_X) / np.maximum(self.drawings_K[class_X], 1)[:, None]

    def _sum(self, class_C: Counts, count_C: Counts) -> Counts:
        return np.bincount(class_C, count_C, self.num_classes).astype(np.int64)


def count_confusions(facts: Facts, num_classes: int) -> Confusions:
    cell_N = facts.label_N.astype(np.int64) * num_classes + facts.guess_NG[:, 0]
    cell_C, count_C = np.unique(cell_N, return_counts=True)
    return Confusions(*np.divmod(cell_C, num_classes), count_C, num_classes)


def of_matrix(confusion_KK: Counts) -> Confusions:
    drawn_C, said_C = np.nonzero(confusion_KK)
    return Confusions(drawn_C, said_C, confusion_KK[drawn_C, said_C], len(confusion_KK))
