"""Which drawings to look at: the surest and the least sure, mistakes, and labels that are likely wrong.

All answers are positions into the facts, in an order that depends on nothing but the facts.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.evaluate.confusions import Confusions
from inkseq.evaluate.facts import Facts

Positions = NDArray[np.int64]


class Suspect(NamedTuple):
    """A drawing that looks like one of another class than its label says."""

    position: int
    looks_like: int  # class
    excess: float  # how far that class's probability and the label's own are beyond their bars, together


@dataclass(frozen=True)
class Pair:
    """Drawings of one class that were taken for another."""

    drawn: int
    said: int
    count: int
    share: float  # of the drawings of the class


def highest(score_N: NDArray[np.floating], which_N: NDArray[np.bool_], most: int) -> Positions:
    """Some of these drawings, the highest score first."""
    some = np.flatnonzero(which_N)
    return some[np.argsort(-score_N[some], kind="stable")[:most]]


def surest_right(facts: Facts, most: int) -> Positions:
    """Those with the least loss."""
    return highest(-facts.loss_N, facts.right_N, most)


def surest_wrong(facts: Facts, most: int) -> Positions:
    """Those it was surest of what they are not."""
    return highest(facts.chance_NG[:, 0], ~facts.right_N, most)


def least_sure(facts: Facts, most: int) -> Positions:
    """Those whose first two guesses are most alike, right or wrong."""
    margin_N = facts.chance_NG[:, 0] - facts.chance_NG[:, 1:2].sum(axis=1)  # one class alone has no second
    return np.argsort(margin_N, kind="stable")[:most]


def suspects(facts: Facts, most: int) -> list[Suspect]:
    """Labels that are probably wrong, the clearest first.

    A class is as sure of its own drawings as it is on average: that mean probability is the class's bar. A drawing is
    suspect where another class reaches its bar and the label's class does not, however sure or shy a class is in
    general. Only a kept guess can be that other class: a sixth has less than 1/6, and a bar so low would mean little.
    """
    label_N = facts.label_N.astype(np.int64)
    num_classes = 1 + max(int(label_N.max()), int(facts.guess_NG.max()))
    count_K = np.bincount(label_N, minlength=num_classes)
    sum_K = np.bincount(label_N, facts.truth_N, minlength=num_classes)
    bar_K = np.where(count_K > 0, sum_K / np.maximum(count_K, 1), np.inf)  # without drawings a class suspects none

    above_NG = facts.chance_NG - bar_K[facts.guess_NG]  # a suspect's own class is below 0 and never the best
    best_N = above_NG.argmax(axis=1)
    above_N, below_N = above_NG.max(axis=1), bar_K[label_N] - facts.truth_N
    suspect = np.flatnonzero((above_N >= 0) & (below_N > 0))
    excess = (above_N + below_N)[suspect]
    first = np.argsort(-excess, kind="stable")[:most]
    found = suspect[first]
    return list(map(Suspect, found.tolist(), facts.guess_NG[found, best_N[found]].tolist(), excess[first].tolist()))


def pairs(found: Confusions, most: int) -> list[Pair]:
    """The confusions that cost the most drawings; of equal ones that with the larger share, then the first class."""
    drawn, said, count = (column[found.mistakes_C > 0] for column in (found.drawn_C, found.said_C, found.count_C))
    share = count / found.drawings_K[drawn]
    order = np.lexsort((said, drawn, -share, -count))[:most]
    return list(map(Pair, *(column[order].tolist() for column in (drawn, said, count, share))))


def examples(facts: Facts, pair: Pair, most: int = 3) -> Positions:
    """Drawings of a pair, those that were surest wrong first."""
    return highest(facts.chance_NG[:, 0], (facts.label_N == pair.drawn) & (facts.guess_NG[:, 0] == pair.said), most)
