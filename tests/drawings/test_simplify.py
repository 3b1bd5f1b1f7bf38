"""The compiled simplification against a slow one, against Google's own, and against hostile drawings."""

import json
import math
import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inkseq.drawings.simplify import simplify, simplify_many
from inkseq.drawings.strokes import Drawing, flatten, unflatten
from tests.samples import SHARED, needs_shared

QUICKDRAW_RAW = SHARED / "quickdraw_raw"

Point = tuple[float, float]


def fast(drawing: Drawing) -> list[list[list[Any]]]:
    return unflatten(*simplify(*flatten(drawing)))


def slow(drawing: Drawing) -> list[list[list[Any]]]:
    """The four steps as they are told."""
    left, top = (min(v for stroke in drawing for v in stroke[axis]) for axis in (0, 1))
    right, bottom = (max(v for stroke in drawing for v in stroke[axis]) for axis in (0, 1))
    side = max(right - left, bottom - top) or 1
    simple = []
    for xs, ys in drawing:
        scaled = [((x - left) * 255 / side, (y - top) * 255 / side) for x, y in zip(xs, ys, strict=True)]
        kept = ramer_douglas_peucker(resample(scaled))
        simple.append([[round(x) for x, _ in kept], [round(y) for _, y in kept]])
    return simple


def distance(a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    return math.sqrt(dx * dx + dy * dy)


def resample(stroke: list[Point]) -> list[Point]:
    points, travelled = [stroke[0]], 0.0
    for a, b in pairwise(stroke):
        length = distance(a, b)
        while len(points) <= travelled + length:
            t = (len(points) - travelled) / length
            points.append((a[0] * (1 - t) + b[0] * t, a[1] * (1 - t) + b[1] * t))
        travelled += length
    return [*points, stroke[-1]]


def ramer_douglas_peucker(points: list[Point]) -> list[Point]:
    a, b = points[0], points[-1]
    chord = distance(a, b)

    def off_the_line(p: Point) -> float:
        if chord == 0:
            return distance(a, p)
        return abs((p[0] - a[0]) * (b[1] - a[1]) - (p[1] - a[1]) * (b[0] - a[0])) / chord

    farthest = max(range(len(points)), key=lambda i: off_the_line(points[i]))
    if off_the_line(points[farthest]) <= 2:
        return [a, b]
    return [
        *ramer_douglas_peucker(points[: farthest + 1])[:-1],
        *ramer_douglas_peucker(points[farthest:]),
    ]


# Small integers make ties, closed strokes and repeated points likely; floats make them rare.
coordinates = st.one_of(st.integers(0, 9), st.integers(-300, 300), st.floats(-1e6, 1e6))


def drawings(coordinate: st.SearchStrategy[float]) -> st.SearchStrategy[list[list[list[float]]]]:
    point = st.tuples(coordinate, coordinate)
    stroke = st.lists(point, min_size=1, max_size=8).map(lambda points: np.array(points, float).T.tolist())
    return st.lists(stroke, min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(drawings(coordinates))
def test_fast_is_slow(drawing: list[list[list[float]]]) -> None:
    assert fast(drawing) == slow(drawing)


@pytest.mark.parametrize("seed", range(8))
def test_lines_drawn_again_and_again_are_as_the_slow_way_has_them(seed: int) -> None:
    """Places of long segments are as far from the line as others, but for their last bits."""
    rng = np.random.default_rng(seed)
    for size in (2, 3, 10):
        ends = rng.integers(0, size, (40, 2)) * rng.choice([1, 7, 1 / 3], 2)
        off = rng.choice([0, 1e-13, 1e-9, 1e-5], (40, 1)) * rng.normal(size=(40, 2))
        drawing = [(ends + off).T.tolist(), ends.T.tolist()]
        assert fast(drawing) == slow(drawing)


@settings(max_examples=50, deadline=None)
@given(st.lists(drawings(coordinates), max_size=4))
def test_many_are_each(batch: list[list[list[list[float]]]]) -> None:
    flat = [flatten(drawing) for drawing in batch]
    points = np.concatenate([np.empty((0, 2)), *(points for points, _ in flat)])
    pen = np.concatenate([np.empty(0, np.uint8), *(pen for _, pen in flat)])
    offsets = np.cumsum([0, *(len(pen) for _, pen in flat)])
    points, pen, offsets, ok = simplify_many(points, pen, offsets)
    assert ok.all()
    assert len(offsets) == len(batch) + 1
    assert offsets[-1] == len(points) == len(pen)
    for drawing, start, end in zip(batch, offsets[:-1], offsets[1:], strict=True):
        assert unflatten(points[start:end], pen[start:end]) == fast(drawing)


@settings(max_examples=100, deadline=None)
@given(drawings(coordinates))
def test_strokes_stay_and_keep_their_ends(drawing: list[list[list[float]]]) -> None:
    raw, raw_pen = flatten(drawing)
    points, pen = simplify(raw, raw_pen)
    assert points.dtype == pen.dtype == np.uint8
    assert pen[-1] == 1
    assert pen.sum() == len(drawing)
    side = np.ptp(raw, axis=0).max() or 1
    ends = np.flatnonzero(raw_pen)
    starts = np.append(0, ends[:-1] + 1)
    canvas = np.rint((raw - raw.min(axis=0)) * 255 / side)
    assert np.array_equal(points[pen == 1], canvas[ends])
    assert np.array_equal(points[np.append(1, pen[:-1]) == 1], canvas[starts])


@settings(max_examples=100, deadline=None)
@given(drawings(st.integers(-300, 300)), st.integers(1, 1000), st.integers(-(10**6), 10**6))
def test_place_and_size_do_not_matter(drawing: list[list[list[float]]], scale: int, shift: int) -> None:
    """To the bit for integers. For floats the shift itself rounds."""
    points, pen = flatten(drawing)
    expected, _ = simplify(points, pen)
    assert np.array_equal(simplify(points * scale + [shift, -shift], pen)[0], expected)


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        ([[[7], [-3]]], [[[0, 0], [0, 0]]]),
        ([[[5, 5, 5], [5, 5, 5]], [[5], [5]]], [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]),
        ([[[0, 5e-324], [0, 0]]], [[[0, 255], [0, 0]]]),
        ([[[0, 4], [0, 2]], [[2], [1]]], [[[0, 255], [0, 128]], [[128, 128], [64, 64]]]),
        ([[[0, 2, 2, 0, 0], [0, 0, 1, 1, 0]]], [[[0, 255, 255, 0, 0], [0, 0, 127, 128, 0]]]),
    ],
    ids=["one point", "all points equal", "barely apart", "a dot beside a line", "closed"],
)
def test_by_hand(drawing: Drawing, expected: Drawing) -> None:
    assert fast(drawing) == expected


def test_a_dot_that_is_nowhere_is_refused() -> None:
    """It adds nothing to the path, so the path's length cannot tell."""
    for nowhere in (math.nan, math.inf):
        with pytest.raises(ValueError, match="not finite"):
            fast([[[0, 1], [0, 0]], [[nowhere], [0]]])
        with pytest.raises(ValueError, match="not finite"):
            fast([[[nowhere], [0]]])


def test_a_drawing_of_dots_outgrows_its_input() -> None:
    points = np.stack([np.arange(1000.0), np.zeros(1000)], axis=1)
    simple, pen, offsets, ok = simplify_many(points, np.ones(1000, np.uint8), np.array([0, 400, 1000]))
    assert ok.all()
    assert offsets.tolist() == [0, 800, 2000]
    assert np.array_equal(simple[::2], simple[1::2])
    assert pen.tolist() == [0, 1] * 1000


def zigzag(num_points: int) -> NDArray[np.float64]:
    i = np.arange(num_points)
    return np.stack([i % 2 * 255.0, i * 255 / num_points], axis=1)


def seconds(side: float) -> float:
    """Of the processor, to simplify a hundred zigzags as wide as that and a dot in the far corner."""
    points = np.tile(np.concatenate([zigzag(300) * side / 255, [[255.0, 255.0]]]), (100, 1))
    pen = np.tile(np.repeat([0, 1], [299, 2]).astype(np.uint8), 100)
    started = time.process_time()
    assert simplify_many(points, pen, np.arange(101) * 301)[3].all()
    return time.process_time() - started


def test_a_zigzag_costs_what_its_corners_cost() -> None:
    """Not what the pixels between two of them would."""
    seconds(255)
    small, large = (min(seconds(side) for _ in range(3)) for side in (10, 255))
    assert large < 8 * max(small, 0.001)  # it is one; of pixels there are 25 times as many


@pytest.mark.parametrize(
    "points",
    [
        zigzag(100_000),
        zigzag(3_900),
        [[0, 0], [np.nan, 1], [1, 1]],
        [[0, 0], [np.inf, 1]],
        [[-1e308, 0], [1e308, 1]],
    ],
    ids=["too long", "too tangled", "nan", "infinite", "overflow"],
)
def test_a_hostile_drawing_is_refused_alone(points: NDArray[np.float64]) -> None:
    points = np.asarray(points, np.float64)
    pen = np.zeros(len(points), np.uint8)
    pen[-1] = 1
    with pytest.raises(ValueError, match="cannot simplify a drawing of"):
        simplify(points, pen)

    line, line_pen = flatten([[[0, 1], [0, 0]]])
    offsets = np.cumsum([0, 2, len(points), 2])
    batch = np.concatenate([line, points, line]), np.concatenate([line_pen, pen, line_pen])
    simple, _, offsets, ok = simplify_many(*batch, offsets)
    assert ok.tolist() == [True, False, True]
    assert offsets.tolist() == [0, 2, 2, 4]
    assert simple.tolist() == [[0, 0], [255, 0]] * 2


@needs_shared
def test_every_drawing_is_as_google_published_it() -> None:
    raw, google = (
        [json.loads(line)["drawing"] for line in (QUICKDRAW_RAW / name).read_text().splitlines()]
        for name in ("raw.ndjson", "simplified.ndjson")
    )
    assert len(raw) == len(google) == 400
    different = [i for i in range(len(raw)) if fast(raw[i]) != google[i]]
    assert different == []
