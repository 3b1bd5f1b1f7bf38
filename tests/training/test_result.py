"""Which evaluation is the best."""

import math

from inkseq.training.result import Best


def test_the_best_follows_what_is_asked_for() -> None:
    best = Best()
    values = [{"top1": 0.5, "loss": 1.0}, {"top1": 0.4, "loss": 0.8}, {"top1": 0.6, "loss": 0.9}]
    assert [best.follow(step, value, "top1") for step, value in enumerate(values)] == [True, False, True]
    assert (best.step, best.value, best.evaluations_since) == (2, 0.6, 0)
    best = Best()
    assert [best.follow(step, value, "loss") for step, value in enumerate(values)] == [True, True, False]


def test_no_number_is_never_better_than_one() -> None:
    best = Best()
    losses = [math.nan, math.inf, 3.0, math.nan, 2.0]
    assert [best.follow(step, {"loss": loss}, "loss") for step, loss in enumerate(losses)] == [
        True,
        True,
        True,
        False,
        True,
    ]
