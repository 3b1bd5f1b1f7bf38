"""The canvas against drawings whose picture is plain: where ink lies, which way it runs, when it came."""

import math

import pytest
import torch
from torch import Tensor

from inkseq.bench.operators import launched
from inkseq.models.canvas import SHRUNK, Canvas, look
from inkseq.models.dabs import BREADTH, DABS, DOT, MARGIN, cells, draw, nearness, spread_ink
from inkseq.models.features import centred

SIZE = 21


def rows(*strokes: list[tuple[float, float]]) -> Tensor:
    """One drawing as (dx, dy, pen) rows."""
    points = torch.tensor([point for stroke in strokes for point in stroke])
    pen = [float(i == len(stroke) - 1) for stroke in strokes for i in range(len(stroke))]
    steps = torch.diff(points, dim=0, prepend=points[:1])
    return torch.cat([steps, torch.tensor(pen)[:, None]], dim=1)


def places(rows_T3: Tensor) -> Tensor:
    return centred(rows_T3[None, :, :2])


def picture(rows_T3: Tensor) -> Tensor:
    return draw(places(rows_T3), rows_T3[None, :, 2], torch.ones(1, len(rows_T3), dtype=torch.bool), SIZE)[0]


def test_ink_lies_where_the_pen_was_and_nowhere_else() -> None:
    ink_YX = picture(rows([(0, 0), (1, 0)], [(0, 1), (1, 1)]))[0]  # two lines across, at the top and at the bottom
    assert (ink_YX[MARGIN, 2:-2] > 0.5).all()
    assert (ink_YX[-1 - MARGIN, 2:-2] > 0.5).all()
    assert (ink_YX[3:-3] == 0).all()


def test_a_picture_is_the_sum_of_its_dabs() -> None:
    rows_T3 = rows([(0, 0), (0.7, 0.4)], [(1, 1)], [(0.9, 0.1), (0.2, 0.8), (0.3, 0.7)])
    dab_B2D, way_B2D, length_B1, _ = spread_ink(places(rows_T3), rows_T3[None, :, 2], torch.ones(1, len(rows_T3)))
    ink_YX, others_KYX = torch.zeros(SIZE, SIZE), torch.zeros(3, SIZE, SIZE)
    for number, ((x, y), (cos, sin)) in enumerate(zip(cells(dab_B2D[0], SIZE).mT, way_B2D[0].mT, strict=True)):
        near_YX = nearness(y, SIZE, BREADTH)[:, None] * nearness(x, SIZE, BREADTH)
        ink_YX += near_YX
        time = 2 * number / (DABS - 1) - 1
        others_KYX += torch.tensor([cos * cos - sin * sin, 2 * cos * sin, time])[:, None, None] * near_YX
    in_cells_YX = ink_YX * float(length_B1) * SIZE / DABS
    expected = [in_cells_YX.clamp(max=1), (in_cells_YX / 4).clamp(max=1), *(others_KYX / (ink_YX + 1e-3))]
    torch.testing.assert_close(picture(rows_T3), torch.stack(expected), rtol=0, atol=1e-5)


def test_the_way_from_stroke_to_stroke_leaves_no_ink_and_a_dot_leaves_some() -> None:
    ink_YX = picture(rows([(0, 0), (0, 1)], [(1, 0.5)]))[0]
    assert (ink_YX[:, 4:-4] == 0).all()
    assert ink_YX[SIZE // 2, -1 - MARGIN] > 0.1


def test_planes_tell_the_direction_whichever_way_it_was_drawn_and_the_time() -> None:
    there, back = picture(rows([(0, 0), (1, 1)])), picture(rows([(1, 1), (0, 0)]))
    there, back = there[:, 3:-3, 3:-3], back[:, 3:-3, 3:-3]  # where a stroke begins there is also a dot
    torch.testing.assert_close(there[:4], back[:4], atol=2e-2, rtol=0)
    torch.testing.assert_close(there[4], -back[4], atol=5e-2, rtol=0)
    on_YX = there[0] > 0.5
    torch.testing.assert_close(there[2][on_YX], torch.zeros(int(on_YX.sum())), atol=1e-3, rtol=0)  # cos 90 degrees
    torch.testing.assert_close(there[3][on_YX], torch.ones(int(on_YX.sum())), atol=2e-2, rtol=0)  # sin 90 degrees
    assert there[4, 1, 1] < -0.5 < 0.5 < there[4, -2, -2]


def test_dabs_are_as_far_apart_on_every_step_as_its_length_says() -> None:
    rows_T3 = rows([(0, 0), (0.75, 0), (0.75, 0.25)])
    dab_B2D, way_B2D, length_B1, _ = spread_ink(places(rows_T3), rows_T3[None, :, 2], torch.ones(1, 3))
    assert float(length_B1) == pytest.approx(1, abs=0.05)
    across_D = way_B2D[0, 0] > 0.5
    assert int(across_D.sum()) == pytest.approx(0.75 * DABS, abs=0.02 * DABS)
    assert dab_B2D[0, 0, across_D].diff().std() < 1e-3


def test_drawing_launches_little() -> None:
    rows_T3 = rows([(0, 0), (0.7, 0.4)], [(1, 1)])
    assert launched(lambda: picture(rows_T3)).total() <= 52


def test_a_point_sees_what_lies_there() -> None:
    place_B12 = torch.tensor([[[-0.5, -0.5]], [[0.5, 0.5]], [[0.0, 0.25]]])
    cell_B12 = cells(place_B12, SIZE)
    assert cell_B12[:2].tolist() == [[[MARGIN] * 2], [[SIZE - 1 - MARGIN] * 2]]
    y_YX, x_YX = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    h_BCYX = torch.stack([x_YX, y_YX]).float().expand(3, -1, -1, -1)  # at each cell, where it is
    torch.testing.assert_close(look(h_BCYX, cell_B12), cell_B12)
    assert nearness(torch.tensor([[3.25]]), 6, 1.0).tolist() == [[[0, 0, 0, 0.75, 0.25, 0]]]


@pytest.mark.parametrize("size", [16, 48, 64])
def test_points_on_the_edges_see_as_much_as_those_within(size: int) -> None:
    place_B12 = torch.tensor([[[-0.5, -0.5]], [[0.5, 0.5]], [[0.5, 0.0]], [[0.1, -0.3]]])
    seen_B1C = look(torch.ones(4, 1, size // SHRUNK, size // SHRUNK), cells(place_B12, size) / SHRUNK)
    torch.testing.assert_close(seen_B1C, torch.ones(4, 1, 1))


def test_a_shrunken_cell_lies_over_the_first_of_its_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.GroupNorm, "forward", lambda self, x: x)  # which looks at all cells
    torch.manual_seed(0)
    canvas = Canvas(48, [3, 4, 5], dropout=0.0).eval()
    seen = torch.zeros(1, 5, 48, 48, requires_grad=True)
    canvas.near(seen)[0, :, 6, 3].sum().backward()
    assert seen.grad is not None
    y_N, x_N = seen.grad[0].abs().sum(0).nonzero(as_tuple=True)
    assert [int(at_N.min() + at_N.max()) / 2 for at_N in (y_N, x_N)] == [6 * SHRUNK, 3 * SHRUNK]
    assert len(y_N) == 15 * 15  # and as much of the picture to each side: 4 + 4 * (1 + 2 / 4 + 1 / 4)


@pytest.mark.parametrize("points", [2, 11, 101])
def test_ink_is_the_lines_however_many_points_it_is_cut_into(points: int) -> None:
    rows_T3 = rows([(i / (points - 1), 0) for i in range(points)])
    _, _, length_B1, _ = spread_ink(places(rows_T3), rows_T3[None, :, 2], torch.ones(1, points))
    assert float(length_B1) == pytest.approx(1 + DOT)


@pytest.mark.parametrize("count", [1, 2, 400])
def test_a_dot_however_many_points_it_has_is_a_dot(count: int) -> None:
    planes = picture(rows([(0, 0)] * count))
    assert planes.isfinite().all()
    assert (planes[0] > 0).sum() == 9  # the cell in the middle, and those beside it


def test_a_canvas_is_as_wide_as_it_says_and_learns() -> None:
    torch.manual_seed(0)
    canvas = Canvas(SIZE, [4, 6, 8], dropout=0.0)
    rows_T3 = rows([(0, 0), (1, math.sqrt(0.5)), (0, 1)], [(0.5, 0.5)])
    rows_BT3, mask_BT1 = rows_T3[None], torch.ones(1, len(rows_T3), 1, dtype=torch.bool)
    near_BCYX, whole_BC = canvas.see(canvas.show(rows_BT3, mask_BT1))
    seen_BTC = canvas.look(near_BCYX, rows_BT3, mask_BT1)
    assert (seen_BTC.shape, whole_BC.shape) == ((1, 4, canvas.seen), (1, canvas.width)) == ((1, 4, 6), (1, 16))
    (seen_BTC.sum() + whole_BC.square().sum()).backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in canvas.parameters() if p.ndim > 1)
