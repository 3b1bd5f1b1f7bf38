"""Each augmentation against what pencil and paper say, and all of them together against what must never break."""

import math
from dataclasses import fields
from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inkseq.bench.operators import launched
from inkseq.cli import compose_config
from inkseq.config import AugmentConfig, TrainConfig
from inkseq.data.augment import augment_strokes, check_augment
from inkseq.drawings.padded import Strokes
from inkseq.errors import UserError

CORNER = [[(0, 0), (100, 0)], [(100, 0), (100, 50)]]  # to the right, then down
LONG = [[(i, i % 7) for i in range(20)], [(50, 60)], [(70 + i, 2 * i) for i in range(9)]]


Drawn = list[list[tuple[int, int]]]

points = st.tuples(st.integers(0, 255), st.integers(0, 255))
some_strokes = st.lists(st.lists(points, min_size=1, max_size=6), min_size=1, max_size=4)
some_drawings = st.lists(some_strokes, min_size=1, max_size=5)


def padded(drawings: list[Drawn], extra: int = 3) -> Strokes:
    """What `Drawings.gather` gives, the slow and obvious way."""
    lengths = [sum(map(len, drawing)) for drawing in drawings]
    xy_BT2 = torch.zeros(len(drawings), max(lengths) + extra, 2)
    pen_BT = torch.zeros(xy_BT2.shape[:2], dtype=torch.bool)
    for b, drawing in enumerate(drawings):
        points = [point for stroke in drawing for point in stroke]
        xy_BT2[b] = torch.tensor(points + points[-1:] * (xy_BT2.shape[1] - len(points)))
        pen_BT[b, np.cumsum([len(stroke) for stroke in drawing]) - 1] = True
    return Strokes(xy_BT2, pen_BT, torch.tensor(lengths), torch.zeros(len(lengths), dtype=torch.int64))


def drawings_of(strokes: Strokes) -> list[Drawn]:
    """The inverse of `padded`."""
    drawings = []
    for xy_T2, pen_T, length, _ in zip(*strokes, strict=True):
        points = [(int(x), int(y)) for x, y in xy_T2[:length].tolist()]
        ends = [0, *(pen_T[:length].nonzero()[:, 0] + 1).tolist()]
        drawings.append([points[begin:end] for begin, end in pairwise(ends)])
    return drawings


def changed(strokes: Strokes, seed: int = 0, **how: float) -> Strokes:
    return augment_strokes(strokes, AugmentConfig(**how), torch.Generator().manual_seed(seed))


def spread(x: Tensor) -> float:
    assert abs(float(x.mean())) < 0.1 * float(x.std())
    return float(x.std())


def test_off_returns_the_very_same_tensors() -> None:
    strokes = padded([CORNER, LONG])
    assert all(a is b for a, b in zip(changed(strokes), strokes, strict=True))


def test_what_is_off_launches_nothing_and_all_together_little() -> None:
    strokes = padded([CORNER, LONG])
    assert launched(lambda: changed(strokes)).total() == 0
    assert launched(lambda: changed(strokes, jitter=0.01)).total() <= 12
    strong = compose_config(TrainConfig, ["data=any"]).augment
    assert launched(lambda: augment_strokes(strokes, strong, torch.Generator())).total() <= 101


def test_rotate_turns_by_degrees_and_keeps_every_distance() -> None:
    xy_BT2 = changed(padded([CORNER] * 4096), rotate=20).xy_BT2
    right_B2, down_B2 = (xy_BT2[:, 1] - xy_BT2[:, 0]) / 100, (xy_BT2[:, 3] - xy_BT2[:, 2]) / 50
    torch.testing.assert_close(right_B2.norm(dim=1), torch.ones(4096))
    torch.testing.assert_close(down_B2, torch.stack([-right_B2[:, 1], right_B2[:, 0]], dim=1))
    assert spread(torch.atan2(right_B2[:, 1], right_B2[:, 0])) == pytest.approx(math.radians(20), rel=0.05)


def test_shear_moves_x_in_proportion_to_y() -> None:
    xy_BT2 = changed(padded([CORNER] * 4096), shear=0.2).xy_BT2
    assert torch.equal(xy_BT2[:, :, 1], padded([CORNER] * 4096).xy_BT2[:, :, 1])
    assert torch.equal(xy_BT2[:, 1], torch.tensor([100.0, 0.0]).expand(4096, 2))
    assert spread((xy_BT2[:, 3, 0] - 100) / 50) == pytest.approx(0.2, rel=0.05)


def test_stretch_changes_the_aspect_and_not_the_area() -> None:
    xy_BT2 = changed(padded([CORNER] * 4096), stretch=0.3).xy_BT2
    wider_B, higher_B = xy_BT2[:, 3, 0] / 100, xy_BT2[:, 3, 1] / 50
    torch.testing.assert_close(wider_B * higher_B, torch.ones(4096))
    assert spread((wider_B / higher_B).log()) == pytest.approx(0.3, rel=0.05)


def test_mirror_swaps_left_and_right_of_its_share() -> None:
    mirrored = [[(-x, y) for x, y in stroke] for stroke in CORNER]
    assert drawings_of(changed(padded([CORNER]), mirror=1)) == [mirrored]
    some = drawings_of(changed(padded([CORNER] * 4096), mirror=0.25))
    assert all(drawing in (CORNER, mirrored) for drawing in some)
    assert some.count(mirrored) / 4096 == pytest.approx(0.25, abs=0.03)


def test_jitter_is_measured_in_larger_sides() -> None:
    before = padded([CORNER] * 2048)
    after = changed(before, jitter=0.01)
    assert spread((after.xy_BT2 - before.xy_BT2)[:, :4]) == pytest.approx(0.01 * 100, rel=0.05)
    assert torch.equal(after.xy_BT2[:, 4:], after.xy_BT2[:, 3:4].expand(2048, 3, 2))  # padding stays at the last point


def test_warp_moves_neighbours_alike_and_by_its_spread() -> None:
    before = padded([[[(0, 0), (1, 0), (100, 0), (0, 100)]]] * 4096)
    moved_BT2 = changed(before, warp=0.05).xy_BT2 - before.xy_BT2
    assert spread(moved_BT2[:, 0]) == pytest.approx(0.05 * 100, rel=0.05)
    assert spread(moved_BT2[:, 3]) == pytest.approx(0.05 * 100, rel=0.05)
    assert float((moved_BT2[:, 1] - moved_BT2[:, 0]).std()) < 0.1 * 0.05 * 100  # 1 of 100 away
    far = torch.corrcoef(torch.stack([moved_BT2[:, 2, 0], moved_BT2[:, 3, 0]]))[0, 1]
    assert abs(float(far)) < 0.15


def test_stroke_shift_moves_strokes_as_a_whole() -> None:
    before = padded([CORNER] * 4096)
    moved_BT2 = changed(before, stroke_shift=0.1).xy_BT2 - before.xy_BT2
    torch.testing.assert_close(moved_BT2[:, 0], moved_BT2[:, 1])
    torch.testing.assert_close(moved_BT2[:, 2], moved_BT2[:, 3])
    assert spread(moved_BT2[:, 0]) == pytest.approx(0.1 * 100, rel=0.05)
    assert abs(float(torch.corrcoef(torch.stack([moved_BT2[:, 0, 0], moved_BT2[:, 2, 0]]))[0, 1])) < 0.1


@pytest.mark.parametrize("how", ["stroke_shift", "stroke_turn", "stroke_size", "warp", "rotate", "jitter"])
def test_padding_stays_at_the_last_point_however_points_move(how: str) -> None:
    after = changed(padded([CORNER, LONG]), 0, **{how: 0.3})
    assert torch.equal(after.xy_BT2[0, 4:], after.xy_BT2[0, 3:4].expand(len(after.xy_BT2[0]) - 4, 2))


@pytest.mark.parametrize("how", ["stroke_shift", "jitter", "warp"])
def test_a_dot_stays_a_dot(how: str) -> None:
    dots = padded([[[(7, 7), (7, 7)], [(7, 7)]]])
    assert (changed(dots, 0, **{how: 0.3}).xy_BT2 == 7).all()


def test_stroke_turn_and_size_keep_the_middle_of_a_stroke() -> None:
    before = padded([CORNER] * 4096)
    turned_BT2, sized_BT2 = changed(before, stroke_turn=20).xy_BT2, changed(before, stroke_size=0.2).xy_BT2
    for after_BT2 in (turned_BT2, sized_BT2):
        torch.testing.assert_close(after_BT2[:, :2].mean(1), before.xy_BT2[:, :2].mean(1), atol=1e-3, rtol=0)
    first_B2 = turned_BT2[:, 1] - turned_BT2[:, 0]
    torch.testing.assert_close(first_B2.norm(dim=1), torch.full((4096,), 100.0))
    assert spread(torch.atan2(first_B2[:, 1], first_B2[:, 0])) == pytest.approx(math.radians(20), rel=0.05)
    assert spread(((sized_BT2[:, 3, 1] - sized_BT2[:, 2, 1]) / 50).log()) == pytest.approx(0.2, rel=0.05)


def test_swap_gives_any_order_of_the_strokes_alike() -> None:
    some = drawings_of(changed(padded([LONG] * 6000 + [CORNER]), swap=0.5))[:6000]
    assert all(sorted(drawing) == sorted(LONG) for drawing in some)
    counts = [some.count([LONG[i] for i in order]) / 6000 for order in permutations(range(3))]
    assert counts == pytest.approx([0.5 + 0.5 / 6, *[0.5 / 6] * 5], abs=0.025)


def test_reverse_draws_strokes_from_their_end() -> None:
    backwards = [stroke[::-1] for stroke in LONG]
    assert drawings_of(changed(padded([LONG, CORNER]), reverse=1)) == [backwards, [stroke[::-1] for stroke in CORNER]]
    for drawing in drawings_of(changed(padded([LONG] * 64), reverse=0.5)):
        assert all(stroke in (there, there[::-1]) for stroke, there in zip(drawing, LONG, strict=True))
    first_turned = [drawing[0] != LONG[0] for drawing in drawings_of(changed(padded([LONG] * 2048), reverse=0.2))]
    assert np.mean(first_turned) == pytest.approx(0.2, abs=0.04)


def test_join_draws_on_to_the_next_stroke() -> None:
    assert drawings_of(changed(padded([CORNER, LONG]), join=1)) == [
        [[*CORNER[0], *CORNER[1]]],
        [[point for stroke in LONG for point in stroke]],
    ]
    num_strokes = changed(padded([LONG] * 512), join=0.3).pen_BT.sum(1)
    assert float(num_strokes.float().mean()) == pytest.approx(1 + 0.7 * 2, rel=0.05)


def test_lift_breaks_strokes_where_a_line_is_short() -> None:
    broken = drawings_of(changed(padded([CORNER, LONG]), lift=1))
    assert broken == [CORNER, [[point] for stroke in LONG for point in stroke]]
    num_strokes = changed(padded([LONG] * 512), lift=0.1).pen_BT.sum(1)
    assert float(num_strokes.float().mean()) == pytest.approx(3 + 0.1 * (19 + 8), rel=0.05)


def test_drop_points_leaves_the_ends_of_strokes() -> None:
    ends = [[LONG[0][0], LONG[0][-1]], LONG[1], [LONG[2][0], LONG[2][-1]]]
    assert drawings_of(changed(padded([LONG, CORNER]), drop_points=1)) == [ends, CORNER]
    inner_left = changed(padded([LONG] * 512), drop_points=0.3).length_B - 5
    assert float(inner_left.float().mean()) == pytest.approx(0.7 * 25, rel=0.03)


def test_drop_strokes_leaves_one_whole_stroke_at_least() -> None:
    rays = [[(10 * i, 0), (10 * i, 50)] for i in range(5)]
    alone = drawings_of(changed(padded([rays] * 600), drop_strokes=1))
    for stroke in rays:
        assert alone.count([stroke]) == pytest.approx(120, abs=50)
    assert all(len(drawing) == 1 for drawing in alone)
    some = drawings_of(changed(padded([rays] * 2048), drop_strokes=0.3))
    assert all(drawing == [stroke for stroke in rays if stroke in drawing] for drawing in some)
    assert np.mean([rays[0] in drawing for drawing in some]) == pytest.approx(0.7, abs=0.03)


@settings(deadline=None)
@given(st.lists(some_strokes, min_size=1, max_size=5), st.booleans(), st.integers(0, 10**6))
def test_only_strokes_with_little_of_the_ink_are_dropped(drawings: list[Drawn], swap: bool, seed: int) -> None:
    after = drawings_of(changed(padded(drawings), seed, drop_strokes=1, swap=float(swap), reverse=float(swap)))
    for before, left in zip(drawings, after, strict=True):
        ink = [sum(math.dist(a, b) for a, b in pairwise(stroke)) for stroke in before]
        large = [sorted(stroke) for stroke, own in zip(before, ink, strict=True) if own > 0.2501 * sum(ink)]
        small = [sorted(stroke) for stroke, own in zip(before, ink, strict=True) if own < 0.2499 * sum(ink)]
        stayed = [sorted(stroke) for stroke in left]
        assert all(stayed.count(stroke) >= large.count(stroke) for stroke in large)
        assert sum(stroke in small and stroke not in large for stroke in stayed) <= 1


def test_prefix_breaks_off_behind_any_point_alike() -> None:
    before, after = padded([CORNER] * 4000), changed(padded([CORNER] * 4000), prefix=1)
    assert torch.bincount(after.length_B, minlength=5).tolist() == pytest.approx([0, 1000, 1000, 1000, 1000], abs=150)
    place_T = torch.arange(after.pen_BT.shape[1])
    assert torch.equal(
        after.pen_BT, (place_T == after.length_B[:, None] - 1) | ((place_T == 1) & (after.length_B > 1)[:, None])
    )
    assert all((after.xy_BT2[i, :n] == before.xy_BT2[i, :n]).all() for i, n in enumerate(after.length_B))
    some = changed(padded([LONG] * 4000), prefix=0.25).length_B
    assert float((some == 30).float().mean()) == pytest.approx(0.75 + 0.25 / 30, abs=0.03)


chance = st.sampled_from([0.0, 0.3, 1.0])
droppings = st.fixed_dictionaries(dict.fromkeys(("drop_points", "drop_strokes", "prefix"), chance))
everything = st.fixed_dictionaries({field.name: chance for field in fields(AugmentConfig)})


@settings(deadline=None)
@given(some_drawings, everything, st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_what_comes_out_is_a_drawing_again(drawings: list[Drawn], how: dict[str, float], extra: int, seed: int) -> None:
    before = padded(drawings, extra)
    after = changed(before, seed, **how)
    assert [t.shape for t in after] == [t.shape for t in before]
    assert [t.dtype for t in after] == [t.dtype for t in before]
    assert after.xy_BT2.isfinite().all()
    assert (after.length_B >= 1).all()
    assert (after.length_B <= before.length_B).all()
    behind_BT = torch.arange(after.pen_BT.shape[1]) >= after.length_B[:, None]
    assert not after.pen_BT[behind_BT].any()
    assert after.pen_BT.gather(1, after.length_B[:, None] - 1).all()
    last_BT2 = after.xy_BT2.gather(1, (after.length_B - 1)[:, None, None].expand(-1, behind_BT.shape[1], 2))
    assert torch.equal(after.xy_BT2[behind_BT], last_BT2[behind_BT]), "behind its end it stays at its last point"
    again = changed(before, seed, **how)
    assert all(torch.equal(a, b) for a, b in zip(after, again, strict=True))


@settings(deadline=None)
@given(some_drawings, droppings, st.integers(0, 2**32 - 1))
def test_dropping_leaves_points_and_strokes_in_order(drawings: list[Drawn], how: dict[str, float], seed: int) -> None:
    # Points made unique, to see which ones stayed.
    number = iter(range(10**6))
    drawings = [[[(next(number), s) for _ in stroke] for s, stroke in enumerate(drawing)] for drawing in drawings]
    for left, drawing in zip(drawings_of(changed(padded(drawings), seed, **how)), drawings, strict=True):
        assert len({stroke[0][1] for stroke in left}) == len(left)  # no stroke falls in two, no two become one
        numbers = [x for stroke in left for x, _ in stroke]
        assert numbers == sorted(set(numbers))
        assert {point for stroke in left for point in stroke} <= {point for stroke in drawing for point in stroke}
        assert all(len({s for _, s in stroke}) == 1 for stroke in left)


def test_another_seed_gives_another_drawing() -> None:
    for name in {field.name for field in fields(AugmentConfig)} - {"shift", "thickness", "bleed", "erase"}:
        first, second = (changed(padded([LONG] * 8), seed, **{name: 0.5}) for seed in (1, 2))
        assert not all(torch.equal(a, b) for a, b in zip(first, second, strict=True)), name


@pytest.mark.parametrize(("name", "value"), [("mirror", 1.5), ("prefix", -0.1), ("rotate", -1.0), ("jitter", math.nan)])
def test_what_is_no_probability_is_refused(name: str, value: float) -> None:
    with pytest.raises(UserError, match=f"augment.{name}={value}: expected"):
        check_augment(AugmentConfig(**{name: value}))
    check_augment(AugmentConfig(rotate=400, mirror=1, prefix=1))
