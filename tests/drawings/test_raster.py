"""Pictures of drawings: line by line against all lines at once, and both against samples of every pixel."""

import numpy as np
import pytest
import torch
from torch import Tensor

from inkseq.drawings import raster
from inkseq.drawings.canonical import canonical
from inkseq.drawings.padded import Strokes, pad_together
from inkseq.drawings.raster import cover, keep, paint, paint_together, share_out, thumbnails, trace
from inkseq.drawings.strokes import Flat
from inkseq.drawings.supersampled import paint_plainly
from tests.samples import random_strokes

KINDS = [(32, 1.0, 0.0), (64, 2.0, 2.0), (65, 1.5, 7.0), (128, 9.0, 1.0)]  # size, width, margin
each_kind = pytest.mark.parametrize(("size", "width", "margin"), KINDS)


def flat(*strokes: list[tuple[int, int]]) -> Flat:
    pen = [i == len(stroke) - 1 for stroke in strokes for i in range(len(stroke))]
    return np.array([point for stroke in strokes for point in stroke], np.uint8), np.array(pen, np.uint8)


DOT, LEVEL, UPRIGHT = flat([(7, 9), (7, 9)]), flat([(0, 3), (255, 3)]), flat([(9, 255), (9, 0)])
CROSS = flat([(0, 0), (255, 255)], [(255, 0), (0, 255)])
SOME = [DOT, LEVEL, UPRIGHT, CROSS, flat([(0, 0)], [(200, 255)]), flat([(0, 1), (90, 255), (91, 255), (255, 0)])]


def samples(count: int) -> list[Flat]:
    rng = np.random.default_rng(0)
    return [canonical(random_strokes(rng)) for _ in range(count)]


def drawn(size: int, width: float, margin: float, drawings: list[Flat]) -> tuple[raster.Lines, Tensor]:
    strokes = pad_together(drawings)
    lines = trace(strokes, size, margin)
    return lines, torch.rand(*strokes.pen_BT.shape, 3, generator=torch.Generator().manual_seed(0))


@each_kind
def test_line_by_line_is_all_lines_at_once(size: int, width: float, margin: float) -> None:
    lines, value_BTA = drawn(size, width, margin, [*SOME, *samples(20)])
    for values in (value_BTA, value_BTA[:, :, :0]):
        together_BCYX = paint_together(lines, values, width, size)
        torch.testing.assert_close(paint(lines, values, width, size), together_BCYX, rtol=0, atol=2e-5)


def test_a_few_drawings_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, value_BTA = drawn(32, 2, 2, SOME)
    expected, shares = paint_together(lines, value_BTA, 2, 32), share_out(torch.ones(len(SOME), 32, 32), lines, 2)
    monkeypatch.setattr(raster, "AT_A_TIME", 2 * value_BTA.shape[1] * 32 * 32)
    torch.testing.assert_close(paint_together(lines, value_BTA, 2, 32), expected)
    torch.testing.assert_close(share_out(torch.ones(len(SOME), 32, 32), lines, 2), shares)


@each_kind
def test_ink_is_the_share_of_a_pixel_within_the_line(size: int, width: float, margin: float) -> None:
    drawings = [*SOME, *samples(8)]
    lines, value_BTA = drawn(size, width, margin, drawings)
    ink_BYX = paint(lines, value_BTA[:, :, :0], width, size)[:, 0].numpy()
    plain_BYX = np.stack([paint_plainly(drawing, size, width, margin) for drawing in drawings])
    assert np.abs(ink_BYX - plain_BYX).mean() < (0.01 if width > 1 else 0.02)  # scribbles cross more than drawings
    if width >= 2:
        assert np.abs(ink_BYX - plain_BYX)[plain_BYX > 0].mean() < 0.03


def test_a_value_is_the_mean_of_what_lies_there_as_strong_as_the_ink() -> None:
    lines, _ = drawn(64, 3, 2, [CROSS])
    value_1T1 = torch.tensor([1.0, 1.0, 0.0, 0.0]).repeat(4)[None, : lines.to_BT2.shape[1], None]
    ink_YX, value_YX = paint(lines, value_1T1, 3, 64)[0]
    torch.testing.assert_close(value_YX[10, 10], ink_YX[10, 10])
    assert ink_YX[10, 53] > 0.5
    assert value_YX[10, 53] == 0
    torch.testing.assert_close(value_YX[31:33, 31:33], torch.full((2, 2), 0.5), rtol=0, atol=0.01)


def test_padding_and_neighbours_change_no_picture() -> None:
    alone = paint(*(lines_and := drawn(64, 2, 2, [CROSS])), 2, 64)
    lines, value_BTA = drawn(64, 2, 2, [CROSS, *samples(3)])
    num_points = lines_and[1].shape[1]
    value_BTA[0, :num_points] = lines_and[1][0]
    torch.testing.assert_close(paint(lines, value_BTA, 2, 64)[:1], alone)


def test_what_is_not_kept_leaves_no_ink() -> None:
    lines, value_BTA = drawn(32, 2, 2, samples(3))
    assert not paint(keep(lines, torch.zeros(value_BTA.shape[:2], dtype=torch.bool)), value_BTA, 2, 32).any()


def test_each_pixel_is_shared_out_as_far_as_each_line_covers_it() -> None:
    lines, _ = drawn(32, 2, 2, [CROSS])
    cell_YX = torch.rand(32, 32, generator=torch.Generator().manual_seed(1))
    share_T = torch.zeros(lines.to_BT2.shape[1])
    for cover_T, cell in zip(cover(lines, 2, 32)[0].flatten(1).T, cell_YX.flatten(), strict=True):
        share_T += cell * cover_T / cover_T.sum() if cover_T.any() else 0
    torch.testing.assert_close(share_out(cell_YX[None], lines, 2)[0], share_T)


def test_a_drawing_of_ten_thousand_points_and_small_pictures() -> None:
    points = np.random.default_rng(0).integers(0, 256, (10_000, 2)).astype(np.uint8)
    strokes: Strokes = pad_together([(points, np.eye(1, 10_000, 9_999, dtype=np.uint8)[0])])
    assert thumbnails(strokes, 32).shape == (1, 32, 32)
    assert thumbnails(strokes, 32).mean() > 0.8
