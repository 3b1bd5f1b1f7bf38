"""The stroke format against pencil and paper, and there and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkseq.config import Layout
from inkseq.drawings.strokes import flatten, from_sequence, is_canonical, to_sequence, unflatten

numbers = st.integers(0, 255)
strokes = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20).map(
    lambda ps: [list(p) for p in zip(*ps, strict=True)]
)
drawings = st.lists(strokes, min_size=1, max_size=6)


@given(drawings)
def test_flat_and_back(drawing: list[list[list[int]]]) -> None:
    assert unflatten(*flatten(drawing)) == drawing


@given(drawings)
def test_sequence_and_back_is_the_drawing_at_the_origin_filling_the_canvas(drawing: list[list[list[int]]]) -> None:
    points, pen = flatten(drawing)
    rows = to_sequence(points, pen)
    assert rows.shape == (len(points), 3)
    assert rows[0, :2].tolist() == [0, 0]
    again, pen_again = from_sequence(rows)
    moved = points - points.min(axis=0)
    np.testing.assert_allclose(again, moved * 255 / max(moved.max(), 1), atol=0.02)
    assert pen_again.tolist() == pen.tolist()


def test_sequence_by_hand() -> None:
    points, pen = flatten([[[0, 200], [0, 100]], [[100], [100]]])
    rows = to_sequence(points, pen)
    assert rows.tolist() == [[0, 0, 0], [1, 0.5, 1], [-0.5, 0, 1]]


def test_tutorial_sequence_by_hand() -> None:
    """x and y are scaled apart: 0..200 and 0..100 both become 0..1; and there is one row less than points."""
    points, pen = flatten([[[10, 210], [50, 150]], [[110], [100]]])
    rows = to_sequence(points, pen, Layout.tutorial)
    assert rows.tolist() == [[1, 1, 1], [-0.5, -0.5, 1]]


def test_a_dot_divides_by_nothing() -> None:
    points, pen = flatten([[[7], [7]]])
    assert to_sequence(points, pen).tolist() == [[0, 0, 1]]
    assert to_sequence(points, pen, Layout.tutorial).shape == (0, 3)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[0, 0], [255, 10]], True),
        ([[0, 0]], True),  # a dot at the origin
        ([[0, 0], [255.5, 10]], False),
        ([[0, 0], [256, 10]], False),
        ([[-1, 0], [255, 10]], False),
        ([[0, 0], [100, 100]], False),  # another device, drawn small
        ([[0, 90], [255, 100]], False),  # not at the origin
    ],
)
def test_canonical_by_hand(points: list[list[float]], expected: bool) -> None:
    assert is_canonical(np.array(points, float)) is expected
