"""Samplers against what they promise: exact counts, nothing neglected, every epoch from (seed, epoch) alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inkseq.config import Sampling, TrainConfig
from inkseq.data.sampling import (
    Sampler,
    _shuffle,
    _shuffle_fast,
    apportion,
    count_draws,
    count_labels,
    make_sampler,
    sort_by_label,
)
from inkseq.errors import UserError
from tests.data.test_batches import made_up

EPOCHS = 12
UNEVEN = [1, 300, 40, 7, 0, 90]  # drawings of each class, one of which has none
CHOSEN = [sampling for sampling in Sampling if sampling is not Sampling.auto]

CLASSES = ["ant", "bee", "cat", "dog", "eel", "fox"]


def labels(counts: list[int], seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts), dtype=np.int16), counts))


def drawn(sampler: Sampler, label_N: NDArray[np.int16], epoch: int, seed: int = 5) -> list[int]:
    """How many drawings of each class an epoch has."""
    counts: list[int] = np.bincount(label_N[sampler.epoch(seed, epoch)], minlength=len(UNEVEN)).tolist()
    return counts


def test_natural_is_the_plain_permutation() -> None:
    sampler = Sampler(labels(UNEVEN))
    assert len(sampler) == 438
    for seed, epoch in ((0, 0), (0, 3), (2**40, 1)):
        expected = np.random.default_rng((seed, epoch)).permutation(438)
        assert sampler.epoch(seed, epoch).tolist() == expected.tolist()
    assert sampler.summary(CLASSES) == ""


def test_of_millions_neighbours_come_together_and_all_come_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkseq.data.sampling.MOST_LOTS", 60)
    sampler = Sampler(labels(UNEVEN))  # 438 drawings, 8 a lot, and 6 left over
    first, second = sampler.epoch(0, 0), sampler.epoch(0, 1)
    assert sorted(first) == sorted(second) == list(range(438))
    assert np.mean(np.diff(first) % 438 == 1) == pytest.approx(7 / 8, abs=0.02)
    assert set(first[-6:]) != set(second[-6:])  # who is left over comes last, another time others
    assert sampler.epoch(0, 0).tolist() == first.tolist()


@pytest.mark.parametrize("sampling", CHOSEN)
def test_of_millions_classes_come_in_rounds_as_often_as_ever(
    sampling: Sampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    label_N, cap = labels(UNEVEN), 40 if sampling is Sampling.capped else None
    small = Sampler(label_N, sampling, cap)
    monkeypatch.setattr("inkseq.data.sampling._shuffle", _shuffle_fast)  # as large epochs have it
    monkeypatch.setattr("inkseq.data.sampling.MOST_LOTS", 50)
    large, times_N = Sampler(label_N, sampling, cap), np.zeros(len(label_N), int)
    for epoch in range(EPOCHS):
        assert drawn(large, label_N, epoch) == drawn(small, label_N, epoch)
        drawings = large.epoch(5, epoch)
        parts = [large.part(5, epoch, begin, min(begin + 37, len(large))) for begin in range(0, len(large), 37)]
        assert np.concatenate(parts).tolist() == drawings.tolist()
        if sampling is not Sampling.natural:
            for label in np.unique(label_N):  # each class's own sequence is the same
                whole = small.epoch(5, epoch)
                assert drawings[label_N[drawings] == label].tolist() == whole[label_N[whole] == label].tolist()
        times_N += np.bincount(drawings, minlength=len(label_N))
    for label in np.unique(label_N):
        assert np.ptp(times_N[label_N == label]) <= 1


@pytest.mark.parametrize("shuffle", [_shuffle, _shuffle_fast])
def test_every_order_comes_equally_often(shuffle: Callable[..., NDArray[np.int32]]) -> None:
    orders = shuffle(np.arange(4, dtype=np.int32), 24_000, np.random.SeedSequence((1, 2, 3))).reshape(-1, 4)
    found, count = np.unique(orders, axis=0, return_counts=True)
    assert len(found) == 24
    assert ((count - 1000) ** 2 / 1000).sum() < 50  # chi-square of 23 degrees of freedom: 1 in 1,000


@pytest.mark.parametrize(
    ("sampling", "cap", "expected", "summary"),
    [
        (Sampling.balanced, None, [88, 88, 88, 87, 0, 87], "438 drawings, 87 to 88 of a class"),
        (Sampling.square_root, None, [12, 206, 75, 32, 0, 113], "438 drawings, 12 to 206 of a class"),
        (Sampling.capped, 40, [1, 40, 40, 7, 0, 40], "128 drawings, 1 to 40 of a class"),
    ],
)
def test_an_epoch_has_so_many_of_every_class(
    sampling: Sampling, cap: int | None, expected: list[int], summary: str
) -> None:
    label_N = labels(UNEVEN)
    sampler = Sampler(label_N, sampling, cap)
    assert len(sampler) == sum(expected)
    assert all(drawn(sampler, label_N, epoch) == expected for epoch in (0, 1, 100))
    assert sampler.summary(CLASSES) == f"an epoch: {summary}"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=8).filter(any),
    st.sampled_from(Sampling),
    st.integers(1, 70),
    st.integers(0, 2**40),
)
def test_no_drawing_comes_twice_more_often_than_another_of_its_class(
    counts: list[int], sampling: Sampling, cap: int, seed: int
) -> None:
    label_N = labels(counts)
    sampler = Sampler(label_N, sampling, cap if sampling is Sampling.capped else None)
    times_N = np.zeros(len(label_N), int)
    for epoch in range(EPOCHS):
        times_N += np.bincount(sampler.epoch(seed, epoch), minlength=len(label_N))
        for label in np.unique(label_N):
            assert np.ptp(times_N[label_N == label]) <= 1


def test_within_an_epoch_repeats_are_spread() -> None:
    """A drawing returns only once all others of its class have come, wherever the epoch is interrupted."""
    label_N = labels(UNEVEN)
    epoch_E = Sampler(label_N, Sampling.balanced).epoch(0, 0)
    for label in (2, 3):
        of_class = epoch_E[label_N[epoch_E] == label]
        size = UNEVEN[label]
        for begin in range(0, len(of_class) - size + 1, size):
            assert len(set(of_class[begin : begin + size].tolist())) == size


@pytest.mark.parametrize("sampling", [Sampling.balanced, Sampling.square_root, Sampling.capped])
def test_an_epoch_follows_from_seed_and_number_alone(sampling: Sampling) -> None:
    def sampler() -> Sampler:
        return Sampler(labels(UNEVEN), sampling, 40 if sampling is Sampling.capped else None)

    used = sampler()
    begun_anew = [sampler().epoch(5, epoch).tolist() for epoch in range(4)]
    for epoch in (3, 0, 2, 1, 1):
        assert used.epoch(5, epoch).tolist() == begun_anew[epoch]
    assert used.epoch(6, 0).tolist() != begun_anew[0] != begun_anew[1]


def test_a_class_larger_than_a_block_is_gone_through_shuffle_by_shuffle() -> None:
    label_N = labels([9000, 3])
    sampler = Sampler(label_N, Sampling.capped, 4000)
    epochs = [sampler.epoch(0, epoch) for epoch in range(9)]  # 36,000 draws: 4 times all
    times_N = np.bincount(np.concatenate(epochs), minlength=len(label_N))
    assert set(times_N[label_N == 0].tolist()) == {4}
    assert set(times_N[label_N == 1].tolist()) == {9}


def test_what_weighs_nothing_is_never_drawn_and_never_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    label_N = labels(UNEVEN)
    recognized_N = np.random.default_rng(1).random(len(label_N)) < 0.5
    recognized_N[label_N == 3] = False
    there = np.bincount(label_N[recognized_N], minlength=len(UNEVEN)).tolist()
    for sampling in CHOSEN:
        cap = 40 if sampling is Sampling.capped else None
        sampler = Sampler(label_N, sampling, cap, recognized_N.astype(float))
        assert recognized_N[sampler.epoch(0, 1)].all()
        with monkeypatch.context() as few:
            few.setattr("inkseq.data.sampling.MOST_LOTS", 20)
            assert recognized_N[Sampler(label_N, sampling, cap, recognized_N.astype(float)).epoch(0, 1)].all()
        present = [k for k, count in enumerate(there) if count]
        draws = count_draws([there[k] for k in present], sampling, cap)
        assert drawn(sampler, label_N, 1) == [dict(zip(present, draws, strict=True)).get(k, 0) for k in range(6)]
        assert sampler.weight_N is None
        left_out = f"; {np.sum(~recognized_N)} that the game did not recognise are left out, and with them all of "
        emptied = [name for name, size, left in zip(CLASSES, UNEVEN, there, strict=True) if size and not left]
        assert "dog" in emptied
        assert sampler.summary(CLASSES).endswith(left_out + ", ".join(emptied))


def test_lighter_drawings_are_drawn_as_often() -> None:
    label_N = labels(UNEVEN)
    weight_N = np.where(label_N == 1, 0.25, 1.0)
    sampler = Sampler(label_N, weight_N=weight_N)
    assert sampler.epoch(0, 1).tolist() == Sampler(label_N).epoch(0, 1).tolist()
    assert sampler.weight_N is weight_N
    assert sampler.summary(CLASSES).endswith("; 300 that the game did not recognise weigh 0.25")
    alike = Sampler(label_N, weight_N=np.ones(len(label_N)))
    assert alike.weight_N is None
    assert alike.epoch(0, 1).tolist() == Sampler(label_N).epoch(0, 1).tolist()
    expected = "an epoch: 438 drawings, 1 to 300 of a class; 0 drawings that the game did not recognise"
    assert alike.summary(CLASSES) == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300), st.integers(1, 50))
def test_sorting_in_stretches_is_sorting(label_N: list[int], stretch: int) -> None:
    label = np.array(label_N, np.int16)
    with pytest.MonkeyPatch.context() as short:
        short.setattr("inkseq.data.sampling.STRETCH", stretch)
        counts_K = count_labels(label)
        assert counts_K.tolist() == np.bincount(label).tolist()
        assert sort_by_label(label, counts_K).tolist() == label.argsort(kind="stable").tolist()


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**12), min_size=1, max_size=20))
def test_shares_sum_to_the_total_and_miss_by_less_than_one(total: int, weights: list[int]) -> None:
    shares = apportion(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    assert all(abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True))


def test_every_class_that_is_there_is_drawn() -> None:
    for sampling in (Sampling.balanced, Sampling.square_root):
        assert min(count_draws([1, 10**6], sampling, None)) >= 1
        assert count_draws([1] * 7, sampling, None) == [1] * 7


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"sampling": Sampling.capped}, "sampling=capped needs cap="),
        ({"cap": 9}, "cap=9 goes with sampling=capped, not with sampling=auto"),
        ({"sampling": Sampling.capped, "cap": 0}, "cap=0 must be 1 or more"),
        ({"unrecognized": 1.5}, "unrecognized=1.5: expected a weight from 0"),
        ({"unrecognized": -0.1}, "unrecognized=-0.1: expected a weight"),
        ({"unrecognized": float("nan")}, "unrecognized=nan: expected a weight"),
        ({"unrecognized": 0.0}, "unrecognized=0 leaves nothing to train on: the game recognised none of made-up"),
    ],
)
def test_mistakes_are_said_in_a_line(others: dict[str, object], expected: str) -> None:
    data = replace(made_up([3, 4]), recognized=np.zeros(2, np.bool_))
    with pytest.raises(UserError, match=expected):
        make_sampler(TrainConfig(data="made-up", **others), data)  # type: ignore[arg-type]
