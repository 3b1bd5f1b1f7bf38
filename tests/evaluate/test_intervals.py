"""Intervals against resampling the drawings one by one."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inkseq.evaluate.intervals import bootstrap, wilson
from tests.evaluate.made import facts_of, made_up, metrics_of, take

METRICS = {"top1", "top3", "top5", "map3", "balanced_accuracy", "loss", "ece"}


@pytest.mark.parametrize(
    ("num", "num_classes", "rounded"), [(200, 7, False), (50, 3, True), (1, 4, False), (5, 1, False)]
)
def test_values_are_those_of_metrics(num: int, num_classes: int, rounded: bool) -> None:
    logits_NK, label_N = made_up(num, num_classes, 0, rounded)
    found, computed = bootstrap(facts_of(logits_NK, label_N)), metrics_of(logits_NK, label_N).compute()
    assert set(found) == METRICS
    for name, interval in found.items():
        assert interval.value == pytest.approx(computed[name], rel=1e-6), name
        assert all(isinstance(x, float) and math.isfinite(x) for x in interval)
        assert interval.low <= interval.high


def test_intervals_are_those_of_plain_resampling() -> None:
    num = 120
    logits_NK, label_N = made_up(num, 4, seed=1)
    rng = np.random.default_rng(5)
    resampled = []
    for _ in range(1500):
        drawn = rng.integers(num, size=num)
        resampled.append(metrics_of(logits_NK[drawn], label_N[drawn]).compute())
    found = bootstrap(facts_of(logits_NK, label_N))
    for name, (value, low, high) in found.items():
        scores = np.array([one[name] for one in resampled])
        if name == "ece":  # its resamples are too high, all by as much
            scores -= scores.mean() - value
        expected = np.quantile(scores, [0.025, 0.975]).clip(0)
        near = 0.1 * np.ptp(expected) + 1.01 / num  # quantiles are by chance too, and shares go by drawings
        assert [low, high] == pytest.approx(expected.tolist(), abs=near), name
        assert low < value < high or low == high == 1, name


def test_a_class_that_a_resample_has_none_of_is_not_counted() -> None:
    _, label_N = made_up(14, 10, seed=1)
    always_right = bootstrap(facts_of(5 * torch.eye(10)[label_N], label_N))
    assert always_right["balanced_accuracy"] == always_right["top1"] == (1, 1, 1)


def test_groups_of_drawings_give_the_interval_of_drawings() -> None:
    facts = facts_of(*made_up(4000, 5, seed=2))
    facts = take(facts, np.argsort(facts.loss_N))  # neighbours are alike, and must not meet in a group
    single = bootstrap(facts)
    grouped = bootstrap(facts, groups=700)  # of five or six drawings
    for name in METRICS:
        assert grouped[name].value == pytest.approx(single[name].value, rel=1e-9)
        width = single[name].high - single[name].low
        assert grouped[name][1:] == pytest.approx(single[name][1:], abs=0.1 * width), name
    alike = replace(facts, loss_N=np.ones_like(facts.loss_N))
    assert bootstrap(alike, groups=700)["loss"] == pytest.approx((1, 1, 1))


def test_the_same_facts_give_the_same_interval() -> None:
    facts = facts_of(*made_up(50, 3, seed=3))
    assert bootstrap(facts) == bootstrap(facts)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_wilsons_bounds_are_where_the_share_is_barely_plausible(right: int, count: int) -> None:
    """At either bound p the share lies 1.96 of p's own standard errors away."""
    right = min(right, count)
    interval = wilson(right, count)
    assert interval is not None
    low, high = interval
    assert 0 <= low <= right / count <= high <= 1
    assert low < high
    for p in interval:
        assert (right / count - p) ** 2 == pytest.approx(1.959964**2 * p * (1 - p) / count, rel=1e-4, abs=1e-12)


def test_wilson_by_the_book() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1), abs=1e-4)
    assert wilson(0, 0) is None
