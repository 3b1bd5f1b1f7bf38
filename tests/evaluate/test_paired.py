"""The statistics of pairs against slow and obvious ones."""

import math
from itertools import accumulate, product

import numpy as np
import pytest

from inkseq.evaluate.paired import PairedCounts, count, interval, mcnemar, verdict


def test_only_drawings_that_one_alone_gets_right_count() -> None:
    first, other = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 0], bool)
    counts = count(first, other)
    assert counts == PairedCounts(only_first=2, only_other=1, total=5)
    assert counts.difference == pytest.approx(other.mean() - first.mean())


@pytest.mark.parametrize("counts", [PairedCounts(20, 40, 200), PairedCounts(3, 0, 50), PairedCounts(7, 9, 800)])
def test_the_interval_is_that_of_drawings_resampled_one_by_one(counts: PairedCounts) -> None:
    outcome_N = np.repeat([-1, 1, 0], [counts.only_first, counts.only_other, counts.total - sum(counts[:2])])
    rng = np.random.default_rng(1)
    differences = [rng.choice(outcome_N, len(outcome_N)).mean() for _ in range(10_000)]
    one_drawing = 1 / counts.total
    assert interval(counts) == pytest.approx(np.quantile(differences, [0.025, 0.975]), abs=1.5 * one_drawing)


def test_the_same_counts_give_the_same_interval() -> None:
    assert interval(PairedCounts(20, 40, 200)) == interval(PairedCounts(20, 40, 200))


@pytest.mark.parametrize(("first", "other"), [(0, 0), (0, 1), (3, 5), (5, 3), (4, 4), (0, 9), (2, 10)])
def test_p_is_the_share_of_coin_tosses_that_are_as_uneven(first: int, other: int) -> None:
    tosses = list(product([0, 1], repeat=first + other))
    uneven = sum(abs(2 * sum(toss) - len(toss)) >= abs(first - other) for toss in tosses)
    assert mcnemar(PairedCounts(first, other, 100)) == pytest.approx(uneven / len(tosses))


@pytest.mark.parametrize(("first", "other"), [(5000, 5100), (400, 900), (0, 1074), (0, 5000), (300_000, 301_000)])
def test_p_of_many_drawings(first: int, other: int) -> None:
    p = mcnemar(PairedCounts(first, other, 1_000_000))
    if first + other <= 20_000:  # whole numbers, of any size
        ways = accumulate(range(first), lambda way, k: way * (first + other - k) // (k + 1), initial=1)
        exact = 2 * sum(ways)
        assert p == pytest.approx(exact / 2 ** (first + other), rel=1e-8)
    else:  # the normal distribution, with half a drawing's correction
        z = (abs(first - other) - 1) / math.sqrt(first + other)
        assert p == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-3)


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.01, 0.02, "better"), (-0.02, -0.01, "worse"), (0.0, 0.1, "cannot be told apart")]
)
def test_a_verdict_needs_an_interval_without_zero(low: float, high: float, said: str) -> None:
    assert verdict(low, high) == said


def test_equal_recognisers_are_found_different_one_time_in_twenty() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(400, [0.1, 0.1, 0.8], 300)
    told_apart = [verdict(*interval(PairedCounts(a, b, 400))) != "cannot be told apart" for a, b, _ in drawn.tolist()]
    assert 0.02 < np.mean(told_apart) < 0.09
