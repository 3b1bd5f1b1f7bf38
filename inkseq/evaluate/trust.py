"""When may a recogniser be trusted? What it answers, and how well, if it keeps silent below a threshold."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.evaluate.facts import Facts

MOST_POINTS = 200  # of a curve
TRIES = (1, 3, 5)  # guesses the game may say

Confidence = NDArray[np.float32]
Right = NDArray[np.bool_]


class Curve(NamedTuple):
    """For falling thresholds, what is answered: all drawings at least so sure."""

    threshold: Confidence
    coverage: NDArray[np.float64]  # the share of drawings that is answered
    accuracy: NDArray[np.float64]  # the share of the answered that is right


class Said(NamedTuple):
    """What happens in the game at a threshold, as shares of all drawings."""

    threshold: float
    accepted: float  # the word was among what was said
    also_wrong: float  # so was something else
    only_wrong: float  # it was not, and something else was


def coverage_curve(confidence_N: Confidence, right_N: Right) -> Curve:
    """At most 200 thresholds, evenly spread over the coverage, the highest and the lowest among them."""
    threshold_X, answered_X, correct_X = _steps(confidence_N, right_N)
    wanted = np.linspace(answered_X[0], answered_X[-1], MOST_POINTS)
    kept = np.unique(np.searchsorted(answered_X, wanted)) if len(answered_X) > MOST_POINTS else slice(None)
    threshold, answered, correct = threshold_X[kept], answered_X[kept], correct_X[kept]
    return Curve(threshold, answered / len(right_N), correct / answered)


def threshold_for(precision: float, confidence_N: Confidence, right_N: Right) -> float | None:
    """The lowest threshold from which on upwards what is answered is right at least so often; None if there is none.

    Upwards without a gap, because a threshold that keeps the promise by luck has higher ones that break it. Thresholds
    that answer fewer than 3 / (1 - precision) drawings are not asked: even if all of so few were right, it would not
    be shown (what never happened in n cases may well happen in 3 of n). Choose on one split, report on another.
    """
    threshold_X, answered_X, correct_X = _steps(confidence_N, right_N)
    enough_X = answered_X * (1 - precision) > 3 - 1e-6
    broken_X = enough_X & (correct_X < precision * answered_X - 1e-6)
    end = int(broken_X.argmax()) if broken_X.any() else len(broken_X)
    return float(threshold_X[end - 1]) if enough_X[:end].any() else None


def at_threshold(threshold: float, confidence_N: Confidence, right_N: Right) -> tuple[float, float | None]:
    """Coverage and precision; no precision where nothing is answered."""
    answered_N = confidence_N >= threshold
    precision = float(right_N[answered_N].mean()) if answered_N.any() else None
    return float(answered_N.mean()), precision


def game(facts: Facts, thresholds: Sequence[float]) -> dict[int, list[Said]]:
    """The game says those of the first 1, 3 or 5 guesses (no more than there are) that are at least so likely, and is
    won when the word is among them."""
    wrong_NG = facts.guess_NG != facts.label_N[:, None]
    found: dict[int, list[Said]] = {}
    for tries in [n for n in TRIES if n == 1 or n <= facts.guess_NG.shape[1]]:
        chance_NG, said_wrong_NG = facts.chance_NG[:, :tries], wrong_NG[:, :tries]
        truth_N = np.where(said_wrong_NG, -1, chance_NG).max(axis=1)
        other_N = np.where(said_wrong_NG, chance_NG, -1).max(axis=1)
        found[tries] = []
        for t in thresholds:
            right_N, wrong_N = truth_N >= t, other_N >= t
            outcomes = right_N, right_N & wrong_N, ~right_N & wrong_N
            found[tries].append(Said(t, *(float(outcome_N.mean()) for outcome_N in outcomes)))
    return found


def _steps(confidence_N: Confidence, right_N: Right) -> tuple[Confidence, NDArray[np.int64], NDArray[np.int64]]:
    """Every threshold that makes a difference, falling, with how many drawings are answered and how many are right."""
    order = np.argsort(-confidence_N, kind="stable")
    falling_N = confidence_N[order]
    last_X = np.append(np.flatnonzero(np.diff(falling_N)), len(order) - 1)  # of those that are equally sure
    return falling_N[last_X], last_X + 1, np.cumsum(right_N[order])[last_X]
