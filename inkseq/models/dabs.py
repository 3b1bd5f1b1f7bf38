"""The canvas's own pictures: ink spread over a grid in dabs, and what is found on the grid given back to the points.

A place is a point's, 0 being the middle of its drawing and 1 its larger side; pen_BT is 1 at the end of a stroke.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

MARGIN = 1  # cells around the drawing
DABS = 256  # ink samples along a drawing: a cell of 48 apart where the line is 5 times as long as the drawing is large
DOT = 0.01  # ink where a stroke begins, in larger sides, so that a dot leaves some
BREADTH = 1.2  # of the line to each side, in cells
PLANES = 5  # of a picture: see `draw`


@torch.no_grad()
def draw(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor, size: int) -> Tensor:
    """Pictures of `PLANES` planes: ink, much ink, the line's direction (two, the same both ways), and when it came."""
    dab_B2D, way_B2D, length_B1, _ = spread_ink(place_BT2, pen_BT, mask_BT)
    x_BDX, y_BDY = nearness(cells(dab_B2D, size), size, BREADTH).unbind(1)
    cos_BD, sin_BD = way_B2D.unbind(1)
    square_B2D = way_B2D.square()
    time_BD = torch.linspace(-1, 1, DABS, device=cos_BD.device).expand_as(cos_BD)
    kinds = [torch.ones_like(cos_BD), square_B2D[:, 0] - square_B2D[:, 1], 2 * cos_BD * sin_BD, time_BD]
    # One product a drawing, with the kinds one above the other.
    kinds_BDKY = torch.stack(kinds, dim=2)[:, :, :, None] * y_BDY[:, :, None]
    sum_BKYX = (kinds_BDKY.flatten(2).mT @ x_BDX).float().view(-1, len(kinds), size, size)
    ink_B1YX, others_BKYX = sum_BKYX[:, :1], sum_BKYX[:, 1:]
    ink_in_cells_B1YX = ink_B1YX * (length_B1 * (size / DABS))[:, :, None, None]
    planes = [ink_in_cells_B1YX, ink_in_cells_B1YX / 4, others_BKYX / (ink_B1YX + 1e-3)]  # the others are below 1
    return torch.cat(planes, dim=1).clamp(max=1)


def spread_ink(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Ink samples (dabs) at equal distances along a drawing's ink, the direction at each, how much ink there is, and
    the point on the way to which each dab lies."""
    from_BT2, step_BT = measure_steps(place_BT2, pen_BT, mask_BT)
    ink_BT = step_BT.cumsum(1)
    length_B1 = ink_BT[:, -1:]
    at_BD = torch.linspace(0.5 / DABS, 1 - 0.5 / DABS, DABS, device=ink_BT.device) * length_B1
    point_BD = torch.searchsorted(ink_BT, at_BD)
    facts = [*from_BT2.unbind(2), *(place_BT2 - from_BT2).unbind(2), ink_BT, step_BT]
    facts_B6D = torch.stack(facts, dim=1).gather(2, point_BD[:, None].expand(-1, len(facts), -1))
    from_B2D, way_B2D, ink_B1D, step_B1D = torch.split(facts_B6D, [2, 2, 1, 1], dim=1)
    step_B1D = step_B1D.clamp(min=1e-4)
    share_B1D = 1 - (ink_B1D - at_BD[:, None]) / step_B1D
    return from_B2D + share_B1D * way_B2D, way_B2D / step_B1D, length_B1, point_BD


def measure_steps(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
    """Where the line to each point comes from, and how much ink is on it."""
    start_BT = pad(pen_BT, (1, -1), value=1.0)
    from_BT2 = torch.lerp(pad(place_BT2, (0, 0, 1, -1)), place_BT2, start_BT[:, :, None])
    return from_BT2, torch.addcmul((place_BT2 - from_BT2).norm(dim=-1), start_BT, mask_BT, value=DOT)


@torch.no_grad()
def share_out(cell_BYX: Tensor, place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """share_BT: the number of each cell with ink, divided among the points as the ink in it is; the way back of `draw`.

    A dab belongs to the point whose line it is on; what lies in cells without ink is nobody's.
    """
    size = cell_BYX.shape[-1]
    dab_B2D, _, _, point_BD = spread_ink(place_BT2, pen_BT, mask_BT)
    x_BDX, y_BDY = nearness(cells(dab_B2D, size), size, BREADTH).unbind(1)
    a_dab_BYX = cell_BYX / (y_BDY.mT @ x_BDX).clamp(min=1e-9)
    share_BD = ((y_BDY @ a_dab_BYX) * x_BDX).sum(-1)
    return torch.zeros_like(pen_BT).scatter_add(1, point_BD, share_BD)


def cells(place: Tensor, size: int) -> Tensor:
    """Places, of which 0 is the middle of a drawing and 1 its larger side, counted in cells."""
    return (place + 0.5) * (size - 1 - 2 * MARGIN) + MARGIN


def nearness(cell: Tensor, size: int, breadth: float) -> Tensor:
    """near_S: how near each place along an axis is to each of its cells; nothing from `breadth` cells on."""
    cells_S = torch.arange(size, device=cell.device)
    return (breadth - (cell[..., None] - cells_S).abs()).clamp(min=0)
