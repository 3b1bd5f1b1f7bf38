"""Rows against pencil and paper, there and back again, and of many drawings as of one."""

import numpy as np
import torch
from hypothesis import given

from inkseq.drawings.padded import pad_together
from inkseq.drawings.strokes import flatten
from inkseq.families import Layout
from inkseq.models.rows import to_rows, to_sequence
from tests.drawings.test_strokes import drawings
from tests.models.scribbles import pad


@given(drawings)
def test_sequence_and_back_is_the_drawing_at_the_origin_filling_the_canvas(drawing: list[list[list[int]]]) -> None:
    points, pen = flatten(drawing)
    rows = to_sequence(points, pen)
    assert rows.shape == (len(points), 3)
    assert rows[0, :2].tolist() == [0, 0]
    again = rows[:, :2].cumsum(axis=0)
    moved = points - points.min(axis=0)
    np.testing.assert_allclose(again - again.min(axis=0), moved / max(moved.max(), 1), atol=1e-4)
    assert rows[:, 2].tolist() == pen.tolist()


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


def test_a_lone_dot_is_one_row() -> None:
    for layout, pen in ((Layout.inkseq, 1.0), (Layout.tutorial, 0.0)):
        x_BTC, length_B = to_rows(pad([torch.tensor([[0.0, 0.0, 1.0]])]), layout)
        assert x_BTC.tolist() == [[[0.0, 0.0, pen]]]
        assert length_B.tolist() == [1]


def test_rows_of_many_are_those_of_one() -> None:
    points = np.random.default_rng(0).integers(0, 256, (9, 2)).astype(np.uint8)
    drawings = [(points[:n], (np.arange(n) % 3 == (n - 1) % 3).astype(np.uint8)) for n in (9, 1, 4, 2)]
    for layout in Layout:
        x_BTC, length_B = to_rows(pad_together(drawings), layout)
        for x_TC, length, drawing in zip(x_BTC, length_B.tolist(), drawings, strict=True):
            expected = to_sequence(*drawing, layout)
            if not len(expected):  # of one point, the tutorial's layout would leave nothing at all
                expected = np.zeros((1, 3), np.float32)
            assert length == len(expected)
            np.testing.assert_allclose(x_TC[:length], expected, rtol=1e-6, atol=1e-6)
            assert (x_TC[length:] == 0).all()
