"""Batches against the slow and obvious way: one drawing at a time, one loss over the whole batch."""

import subprocess
import sys
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inkseq.config import AugmentConfig, ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.data import resident
from inkseq.data.batches import Batch, Batches, Share, choose_lengths, cut_by_length, longest_first
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Sampler
from inkseq.drawings.pixels import of_strokes
from inkseq.errors import UserError
from inkseq.inference.ask import together
from tests.gpu import needs_gpu, nothing_waits
from tests.samples import SHARED, line, needs_shared, random_lines

CPU = torch.device("cpu")
EVERYTHING = AugmentConfig(**{setting.name: 0.2 for setting in fields(AugmentConfig)})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedStrokes:
    """Ordinary drawings, and dots of one, two and three points."""
    folder = tmp_path_factory.mktemp("batches")
    dots = [line("dog", i, [[[255], [7]], [[3], [4]], [[3], [4]]][: 1 + i % 3]) for i in range(30)]
    (folder / "raw.ndjson").write_bytes(b"".join(random_lines(300) + dots))
    convert(ConvertConfig(raw=[str(folder / "raw.ndjson")], out=str(folder / "packed"), workers=1))
    return open_strokes(folder / "packed")


def made_up(lengths: list[int], labels: list[int] | None = None) -> PackedStrokes:
    """A dataset of one split, where only the lengths matter."""
    rng, count, num_points = np.random.default_rng(0), len(lengths), sum(lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    bits = np.zeros(num_points, np.uint8)
    bits[offsets[1:] - 1] = 1
    return PackedStrokes(
        Path("made-up"),
        {"classes": ["cat", "dog"], "splits": {"train": [0, count]}},
        points=rng.integers(0, 256, (num_points, 2)).astype(np.uint8),
        pen=np.packbits(bits),
        offsets=offsets,
        labels=np.array(labels or [0] * count, np.int16),
        key_id=np.arange(count, dtype=np.uint64),
        countrycode=np.full(count, b"US"),
        recognized=np.ones(count, np.bool_),
    )


def doodle_lengths(count: int, seed: int = 0) -> list[int]:
    """Roughly those of Quick, Draw!: 47 on average, a few above 300."""
    lengths = np.random.default_rng(seed).lognormal(3.6, 0.7, count)
    return [int(length) for length in lengths.clip(2, 540)]


def assert_same(batches: list[tuple[Batch, Share]], others: list[tuple[Batch, Share]]) -> None:
    assert len(batches) == len(others)
    for (batch, weight), (other, other_weight) in zip(batches, others, strict=True):
        assert weight == other_weight
        own, others_own = ([*one.drawings, one.label_B, one.index_B] for one in (batch, other))
        assert all(map(torch.equal, own, others_own))


# ------------------------------------------------------------------ what is in a batch


@pytest.mark.parametrize("mapped", [False, True])
def test_drawings_are_those_of_the_dataset(packed: PackedStrokes, mapped: bool) -> None:
    for split in ("train", "val", "test"):
        drawings = load_split(packed, split, CPU, share=0.0 if mapped else resident.MEMORY_SHARE)
        assert ("memory-mapped" in drawings.where) == mapped
        batches = [batch for step in (0, 1) for batch, _ in Batches(drawings, 64, 0).step(step)]
        for batch in batches:
            xy_BT2, pen_BT, length_B, _ = of_strokes(batch.drawings)
            assert (xy_BT2.dtype, pen_BT.dtype) == (torch.float32, torch.bool)
            assert length_B.dtype == batch.label_B.dtype == batch.index_B.dtype == torch.int64
            assert int(length_B.max()) == pen_BT.shape[1]
            for xy_T2, pen_T, length, label, index in zip(
                xy_BT2, pen_BT, length_B, batch.label_B, batch.index_B, strict=True
            ):
                points, pen = packed.drawing(int(index))
                assert int(length) == len(points)
                assert xy_T2[:length].tolist() == points.tolist()
                assert pen_T.tolist() == [*(pen > 0).tolist(), *[False] * (len(pen_T) - len(pen))]
                assert (xy_T2[length:] == xy_T2[length - 1]).all(), "behind its end it stays at its last point"
                assert int(label) == packed.labels[int(index)]
                assert int(index) in packed.split(split)


def test_it_says_where_the_drawings_are(packed: PackedStrokes, monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = load_split(packed, "test", CPU)
    assert drawings.where == "test: 33 drawings, 0.0 MB, in memory"
    gpu = torch.device("cuda:0")
    monkeypatch.setattr(resident, "memory_of", lambda device: 100 if device == gpu else 1000)
    assert resident.choose_place(50, gpu) == (gpu, "in the memory of cuda:0")
    assert resident.choose_place(51, gpu) == (CPU, "in host memory (too large for cuda:0)")
    assert resident.choose_place(501, gpu) == (None, "memory-mapped (too large for memory)")


# ------------------------------------------------------------------ which drawings are in a batch


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 70), st.integers(0, 2**40), st.sampled_from([None, 1, 5]), st.integers(1, 3))
def test_an_epoch_holds_every_drawing_once(
    count: int, batch_size: int, seed: int, micro_batch: int | None, world: int
) -> None:
    drawings = load_split(made_up(doodle_lengths(count)), "train", CPU)
    batches = Batches(drawings, batch_size, seed, micro_batch=micro_batch, world=world)
    for epoch in (0, 3):
        steps = range(epoch * batches.steps_per_epoch, (epoch + 1) * batches.steps_per_epoch)
        groups = [batches.groups(step) for step in steps]
        sizes = [sum(map(len, step)) for step in groups]
        assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
        assert sorted(np.concatenate([group for step in groups for group in step])) == list(range(count))
        assert all(len(group) <= (micro_batch or count) * world for step in groups for group in step)
        assert all((np.diff(drawings.length_N[group]) <= 0).all() for step in groups for group in step)


@pytest.mark.parametrize("count", [600, 6000])
def test_every_epoch_is_another_shuffle(count: int) -> None:
    batches = Batches(load_split(made_up(doodle_lengths(count)), "train", CPU), 64, seed=1)
    first, second = (
        [set(np.concatenate(batches.groups(epoch * batches.steps_per_epoch + i))) for i in range(count // 64)]
        for epoch in (0, 1)
    )
    # No batch comes back as it was.
    assert max(len(one & other) for one in first for other in second) < 64 * 0.8


def test_long_drawings_come_at_any_time() -> None:
    drawings = load_split(made_up(doodle_lengths(6400)), "train", CPU)
    batches = Batches(drawings, 64, seed=1)  # 100 batches, in two windows
    mean_length = [drawings.length_N[np.concatenate(batches.groups(step))].mean() for step in range(50)]
    assert abs(np.corrcoef(mean_length, np.arange(50))[0, 1]) < 0.4


def test_a_step_follows_from_seed_and_number_alone(packed: PackedStrokes) -> None:
    drawings = load_split(packed, "train", CPU)

    def batches() -> Batches:
        return Batches(drawings, 32, 5, augment=EVERYTHING, rank=1, world=2)

    begun_anew = [batches().step(step) for step in range(6)]
    in_one_go = batches()
    for step in [*range(6), 3, 5, 0]:
        assert_same(in_one_go.step(step), begun_anew[step])


def test_augmentation_differs_by_seed_step_and_rank() -> None:
    same = replace(made_up([5] * 8), points=np.tile(np.arange(10, dtype=np.uint8).reshape(5, 2), (8, 1)))
    drawings = load_split(same, "train", CPU)

    def rows(seed: int, step: int, rank: int) -> list[float]:
        batches = Batches(drawings, 4, seed, augment=AugmentConfig(jitter=0.1), rank=rank, world=2)
        numbers: list[float] = of_strokes(batches.step(step)[0][0].drawings).xy_BT2.flatten().tolist()
        return numbers

    first = rows(0, 0, 0)
    assert first == rows(0, 0, 0)
    assert first not in (rows(1, 0, 0), rows(0, 1, 0), rows(0, 0, 1))


def test_augmentation_that_is_off_changes_no_bit(packed: PackedStrokes) -> None:
    drawings = load_split(packed, "train", CPU)
    for step in range(3):
        assert_same(Batches(drawings, 32, 0).step(step), Batches(drawings, 32, 0, augment=AugmentConfig()).step(step))


# ------------------------------------------------------------------ groups and ranks


@pytest.mark.parametrize("world", [1, 2, 3, 5])
@pytest.mark.parametrize("micro_batch", [None, 4])
def test_weighted_losses_averaged_over_ranks_are_the_mean_of_the_batch(world: int, micro_batch: int | None) -> None:
    drawings = load_split(made_up(doodle_lengths(130)), "train", CPU)
    loss_N = np.random.default_rng(1).integers(-1000, 1000, 130)
    ranks = [Batches(drawings, 48, 0, micro_batch=micro_batch, rank=rank, world=world) for rank in range(world)]
    for step in range(ranks[0].steps_per_epoch):  # the last one is smaller
        steps = [batches.step(step) for batches in ranks]
        assert len({len(groups) for groups in steps}) == 1
        total = Fraction(0)
        seen: list[int] = []
        for batch, weight in (group for groups in steps for group in groups):
            index_B = batch.index_B.tolist()
            exact_weight = Fraction(float(weight)).limit_denominator(1000)
            total += exact_weight * Fraction(int(loss_N[index_B].sum()), len(index_B)) / world
            seen += index_B if weight else []
            assert len(index_B) <= (micro_batch or 48)
        assert sorted(seen) == sorted(np.concatenate(ranks[0].groups(step)))
        assert total == Fraction(int(loss_N[seen].sum()), len(seen))


def test_a_rank_without_a_drawing_computes_one_for_nothing() -> None:
    drawings = load_split(made_up([500, 9, 9, 9, 9, 9]), "train", CPU)
    (long, long_weight), (short, short_weight) = Batches(drawings, 6, 0, rank=1, world=2).step(0)
    assert (long.index_B.tolist(), long_weight) == ([0], 0)
    assert (len(short.index_B), short_weight) == (2, 2 * 2 / 6)


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=40))
def test_a_batch_is_cut_until_enough_is_real(lengths: list[int]) -> None:
    rows_B = np.sort(np.array(lengths, np.int32))[::-1]
    groups = cut_by_length(np.arange(len(rows_B)), rows_B)
    assert np.concatenate(groups).tolist() == list(range(len(rows_B)))
    enough = rows_B.sum() / 0.92
    assert sum(len(group) * int(rows_B[group[0]]) for group in groups) <= enough
    if len(groups) > 1:  # the whole was not enough
        assert len(rows_B) * int(rows_B[0]) > enough
    if len(groups) > 2:  # and no single cut would have been
        assert all(
            cut * int(rows_B[0]) + (len(rows_B) - cut) * int(rows_B[cut]) > enough for cut in range(1, len(rows_B))
        )


def test_a_batch_is_cut_where_it_saves_most() -> None:
    rows_B = np.array([100, 100, 30, 30, 30, 10, 10, 10, 10], np.int32)
    groups = cut_by_length(np.arange(9), rows_B)
    assert [rows_B[group].tolist() for group in groups] == [[100, 100], [30, 30, 30], [10, 10, 10, 10]]


def test_drawings_of_any_length_are_put_longest_first() -> None:
    lengths = [40_000, 3, 33_000, 3, 70_000, 2]  # some beyond 16 bits
    drawings = load_split(made_up(lengths), "train", CPU)
    assert longest_first(drawings, np.arange(6)).tolist() == [4, 0, 2, 1, 3, 5]
    assert longest_first(drawings, np.array([1, 5, 3])).tolist() == [1, 3, 5]


def assert_nine_points_in_ten_are_real(drawings: Drawings, batch_size: int) -> None:
    for num_steps in (np.asarray, lambda length_N: np.maximum(length_N - 1, 1)):  # of a model that drops a point
        batches = Batches(drawings, batch_size, 0, num_steps=num_steps)
        every = [group for step in range(batches.steps_per_epoch) for group in batches.groups(step)]
        steps = [num_steps(drawings.length_N[group]) for group in every]
        assert sum(int(steps_B.sum()) for steps_B in steps) > 0.92 * sum(len(one) * int(one.max()) for one in steps)
        assert len(steps) / batches.steps_per_epoch < 3


@pytest.mark.parametrize("batch_size", [8, 64, 256])
def test_nine_points_in_ten_are_real(batch_size: int) -> None:
    drawings = load_split(made_up(doodle_lengths(6900)), "train", CPU)
    assert_nine_points_in_ten_are_real(drawings, batch_size)
    batches = list(together(drawings.length_N, most_steps=32_768, most_drawings=256))
    computed = sum(len(which_B) * int(drawings.length_N[which_B].max()) for which_B in batches)
    assert drawings.length_N.sum() > 0.92 * computed


def test_what_takes_a_model_equally_long_is_one_group() -> None:
    drawings = load_split(made_up(doodle_lengths(500)), "train", CPU)
    assert all(len(Batches(drawings, 64, 0, num_steps=np.ones_like).groups(step)) == 1 for step in range(8))


@needs_shared
def test_nine_points_in_ten_are_real_of_all_345_classes(tmp_path: Path) -> None:
    convert(ConvertConfig(raw=[str(SHARED / "quickdraw345")], out=str(tmp_path / "packed"), workers=1))
    drawings = load_split(open_strokes(tmp_path / "packed"), "train", CPU)
    assert_nine_points_in_ten_are_real(drawings, 256)


# ------------------------------------------------------------------ few shapes


@pytest.mark.parametrize(("count", "batch_size"), [(6900, 64), (6900, 100), (400, 48), (30, 30), (20, 30)])
def test_with_few_shapes_there_are_few_and_most_points_are_real(count: int, batch_size: int) -> None:
    drawings = load_split(made_up(doodle_lengths(count)), "train", CPU)
    batches = Batches(drawings, batch_size, 0, few_shapes=True)
    steps = range(3 * batches.steps_per_epoch)
    draws = [draw for step in steps for draw in batches.draws(step)]
    assert len(draws) == len(steps)
    assert {len(draw.index_B) for draw in draws} == {batch_size}
    assert len({draw.num_points for draw in draws}) <= 20
    assert all(drawings.length_N[draw.index_B].max() <= draw.num_points for draw in draws)
    real = sum(int(drawings.length_N[draw.index_B].sum()) for draw in draws)
    if count / batch_size > 64:
        assert real > 0.8 * sum(batch_size * draw.num_points for draw in draws)
    epoch = np.concatenate([draw.index_B for draw in draws[: batches.steps_per_epoch]])
    assert sorted(set(epoch.tolist())) == list(range(count))


@pytest.mark.parametrize("weigh_less", [False, True])
@pytest.mark.parametrize("world", [1, 3])
def test_a_batch_that_is_filled_up_has_the_loss_of_what_is_in_it(world: int, weigh_less: bool) -> None:
    drawings = load_split(made_up(doodle_lengths(130)), "train", CPU)
    weight_N = np.random.default_rng(2).choice([0.3, 1.0], 130) if weigh_less else np.ones(130)
    loss_N = np.random.default_rng(1).normal(size=130)
    sampler = Sampler(drawings.label_N, weight_N=weight_N if weigh_less else None)
    ranks = [Batches(drawings, 48, 0, rank=r, world=world, sampler=sampler, few_shapes=True) for r in range(world)]
    plain = Batches(drawings, 48, 0, sampler=sampler)
    for step in range(plain.steps_per_epoch):
        own = np.concatenate(plain.groups(step))
        total = 0.0
        for (batch, share), *none in (batches.step(step) for batches in ranks):
            assert not none
            loss_B = loss_N[batch.index_B.numpy()]
            shares = np.full(len(loss_B), share / len(loss_B)) if isinstance(share, float) else share.numpy()
            total += float(shares @ loss_B) / world
            assert set(batch.index_B.tolist()) <= set(own.tolist())
        assert total == pytest.approx(np.average(loss_N[own], weights=weight_N[own]), abs=1e-6)


def test_drawings_looked_up_on_the_device_are_those_the_host_sends(packed: PackedStrokes) -> None:
    drawings = load_split(packed, "val", CPU)
    index_B = np.arange(len(drawings))[::-1].copy()
    longest = int(drawings.length_N.max()) + 3
    (sent, *others), (found, *same) = (drawings.gather(one, longest) for one in (index_B, torch.from_numpy(index_B)))
    assert all(map(torch.equal, (*sent, *others), (*found, *same)))


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(1, 5))
def test_the_lengths_to_pad_to_are_few_hold_all_and_two_are_the_best_two(longest: list[int], most: int) -> None:
    longest_N = np.array(longest, np.int32)
    lengths = choose_lengths(longest_N, most)
    assert len(lengths) <= most
    assert lengths[-1] == max(longest)
    pairs = [np.array(sorted({length, max(longest)})) for length in longest]
    best = min(pair[np.searchsorted(pair, longest_N)].sum() for pair in pairs)
    two = choose_lengths(longest_N, 2)
    assert two[np.searchsorted(two, longest_N)].sum() == best


# ------------------------------------------------------------------ bad input, other machines


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match="labels beyond its 2 classes"):
        load_split(made_up([3, 4], labels=[1, 2]), "train", CPU)
    with pytest.raises(UserError, match="no split 'dev', only train"):
        load_split(made_up([3]), "dev", CPU)
    with pytest.raises(UserError, match="split train of made-up is empty"):
        load_split(made_up([]), "train", CPU)


def test_it_runs_where_only_torch_and_numpy_are() -> None:
    others = "{'hydra', 'omegaconf', 'ujson', 'numba', 'tensorboard', 'matplotlib'}"
    check = f"import sys, inkseq.data.batches; assert not {others} & set(sys.modules), {others} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)


@needs_gpu
@pytest.mark.parametrize("in_host_memory", [False, True])
def test_a_gpu_makes_the_same_batches_and_is_never_waited_for(
    packed: PackedStrokes, in_host_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Batches(load_split(packed, "train", CPU), 64, 0).step(1)
    if in_host_memory:
        monkeypatch.setattr(resident, "choose_place", lambda *_: (CPU, "in host memory"))
    drawings = load_split(packed, "train", torch.device("cuda"))
    batches, augmented = Batches(drawings, 64, 0), Batches(drawings, 64, 0, augment=EVERYTHING)
    augmented.step(0)
    with nothing_waits():
        steps = batches.step(1)
        augmented.step(1)
    for (batch, _), (on_cpu, _) in zip(steps, expected, strict=True):
        torch.testing.assert_close(of_strokes(batch.drawings).xy_BT2.cpu(), of_strokes(on_cpu.drawings).xy_BT2)
        assert batch.index_B.tolist() == on_cpu.index_B.tolist()
