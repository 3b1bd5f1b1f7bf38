"""Thresholds, against trying every one of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inkseq.evaluate.trust import at_threshold, coverage_curve, game, threshold_for
from tests.evaluate.made import facts_of, made_up


def answers(num: int, seed: int, steps: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Honest confidences, of which many are equal where there are few steps."""
    rng = np.random.default_rng(seed)
    confidence_N = (np.ceil(rng.random(num) * steps) / steps).astype(np.float32)
    return confidence_N, rng.random(num) < confidence_N


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 10**6), st.sampled_from([1, 4, 1000]))
def test_a_curve_has_every_threshold_that_matters(num: int, seed: int, steps: int) -> None:
    confidence_N, right_N = answers(num, seed, steps)
    curve = coverage_curve(confidence_N, right_N)
    assert curve.threshold.tolist() == sorted(set(confidence_N.tolist()), reverse=True)
    for threshold, coverage, accuracy in zip(*curve, strict=True):
        answered = [right for sure, right in zip(confidence_N, right_N, strict=True) if sure >= threshold]
        assert coverage == pytest.approx(len(answered) / num)
        assert accuracy == pytest.approx(sum(answered) / len(answered))
        assert at_threshold(threshold, confidence_N, right_N) == pytest.approx((coverage, accuracy))


@pytest.mark.parametrize("steps", [300, 10**6])
def test_a_long_curve_is_thinned_without_its_ends(steps: int) -> None:
    confidence_N, right_N = answers(5000, 0, steps)
    curve = coverage_curve(confidence_N, right_N)
    assert 150 < len(curve.threshold) <= 200
    assert curve.threshold[0] == confidence_N.max()
    assert curve.coverage[-1] == 1
    assert curve.accuracy[-1] == pytest.approx(right_N.mean())
    assert np.diff(curve.coverage).max() < 0.01
    at = 77
    assert at_threshold(curve.threshold[at], confidence_N, right_N) == pytest.approx(
        (curve.coverage[at], curve.accuracy[at])
    )


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(0, 10**6), st.sampled_from([5, 1000]), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_a_threshold_keeps_its_promise_all_the_way_up(num: int, seed: int, steps: int, precision: float) -> None:
    confidence_N, right_N = answers(num, seed, steps)
    kept = None
    for threshold in sorted(set(confidence_N.tolist()), reverse=True):
        answered = right_N[confidence_N >= threshold]
        if len(answered) >= round(3 / (1 - precision), 6):
            if answered.sum() < round(precision * len(answered), 6):
                break
            kept = threshold
    assert threshold_for(precision, confidence_N, right_N) == kept


def test_a_promise_takes_enough_drawings() -> None:
    sure_N = np.linspace(1, 0.5, 300, dtype=np.float32)
    always = np.ones(300, bool)
    assert threshold_for(0.99, sure_N, always) == 0.5
    assert threshold_for(0.99, sure_N[1:], always[1:]) is None
    wrong_at_the_top = np.arange(300) >= 100
    assert threshold_for(0.9, sure_N, wrong_at_the_top) is None
    # A lone mistake among the first few promises nothing, and breaks nothing.
    assert threshold_for(0.9, sure_N, np.arange(300) != 0) == 0.5


def test_nothing_answered_has_no_precision() -> None:
    assert at_threshold(0.9, np.full(3, 0.5, np.float32), np.ones(3, bool)) == (0, None)


@pytest.mark.parametrize("num_classes", [8, 2, 1])
def test_the_game_is_what_plain_loops_say(num_classes: int) -> None:
    logits_NK, label_N = made_up(60, num_classes, seed=4)
    found = game(facts_of(logits_NK, label_N, 1.0), [0.0, 0.2, 0.5, 0.9])
    assert list(found) == [tries for tries in (1, 3, 5) if tries == 1 or tries <= num_classes]
    chance_NK = logits_NK.softmax(dim=1)
    for tries, rows in found.items():
        for threshold, accepted, also_wrong, only_wrong in rows:
            said = [
                [k for k in row.argsort(descending=True)[:tries].tolist() if row[k] >= threshold] for row in chance_NK
            ]
            both = list(zip(said, label_N.tolist(), strict=True))
            assert accepted == pytest.approx(np.mean([word in words for words, word in both]))
            wrong = np.array([bool(set(words) - {word}) for words, word in both])
            won = np.array([word in words for words, word in both])
            assert also_wrong == pytest.approx(np.mean(wrong & won))
            assert only_wrong == pytest.approx(np.mean(wrong & ~won))
