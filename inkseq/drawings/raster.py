"""Drawings rasterised: their ink spread over a grid, and what is found on the grid given back to the points.

A place is a point's, 0 being the middle of its drawing and 1 its larger side; pen_BT is 1 at the end of a stroke.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.drawings.padded import Strokes, is_real

MARGIN = 1  # cells around the drawing
DABS = 256  # ink samples along a drawing: a cell of 48 apart where the line is 5 times as long as the drawing is large
DOT = 0.01  # ink where a stroke begins, in larger sides, so that a dot leaves some
BREADTH = 1.2  # of the line to each side, in cells
PLANES = 5  # of a picture: see `draw`


def thumbnails(strokes: Strokes, size: int) -> Tensor:
    """ink_BYX of drawings, 0 to 1."""
    low_B12, high_B12 = torch.aminmax(strokes.xy_BT2, dim=1, keepdim=True)
    side_B11 = (high_B12 - low_B12).amax(2, keepdim=True).clamp(min=1)
    place_BT2 = (strokes.xy_BT2 - (low_B12 + high_B12) / 2) / side_B11
    return draw(place_BT2, strokes.pen_BT.float(), is_real(strokes), size)[:, 0]


@torch.no_grad()
def draw(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor, size: int) -> Tensor:
    """Pictures of `PLANES` planes: ink, much ink, the line's direction (two, the same both ways), and when it came."""
    dab_BD2, way_BD2, length_B1 = spread_ink(place_BT2, pen_BT, mask_BT)
    x_BDX, y_BDY = (nearness(cell_BD, size, BREADTH) for cell_BD in cells(dab_BD2, size).unbind(-1))
    cos_BD, sin_BD = way_BD2.unbind(-1)
    time_BD = torch.linspace(-1, 1, DABS, device=cos_BD.device).expand_as(cos_BD)
    kinds = [torch.ones_like(cos_BD), cos_BD.square() - sin_BD.square(), 2 * cos_BD * sin_BD, time_BD]
    sum_BKYX = ((torch.stack(kinds, dim=1)[:, :, None] * y_BDY.mT[:, None]) @ x_BDX[:, None]).float()
    ink_B1YX, others_BKYX = sum_BKYX[:, :1], sum_BKYX[:, 1:]
    ink_in_cells_B1YX = ink_B1YX * (length_B1 * (size / DABS))[:, :, None, None]
    planes = [ink_in_cells_B1YX.clamp(max=1), (ink_in_cells_B1YX / 4).clamp(max=1), others_BKYX / (ink_B1YX + 1e-3)]
    return torch.cat(planes, dim=1)


def spread_ink(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Ink samples (dabs) at equal distances along a drawing's ink, the direction at each, and how much ink there is."""
    from_BT2, step_BT = measure_steps(place_BT2, pen_BT, mask_BT)
    point_BD, share_BD, length_B1 = find_dabs(step_BT)
    point_BD2 = point_BD[:, :, None].expand(-1, -1, 2)
    from_BD2 = from_BT2.gather(1, point_BD2)
    way_BD2 = place_BT2.gather(1, point_BD2) - from_BD2
    distance_BD1 = way_BD2.norm(dim=-1, keepdim=True).clamp(min=1e-4)
    return from_BD2 + share_BD[:, :, None] * way_BD2, way_BD2 / distance_BD1, length_B1


def measure_steps(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
    """Where the line to each point comes from, and how much ink is on it."""
    start_BT1 = pad(pen_BT, (1, -1), value=1.0)[:, :, None] > 0
    from_BT2 = torch.where(start_BT1, place_BT2, pad(place_BT2, (0, 0, 1, -1)))
    return from_BT2, ((place_BT2 - from_BT2).norm(dim=-1) + DOT * start_BT1[:, :, 0]) * mask_BT


def find_dabs(step_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The point on the way to which each dab lies, the share of that way behind it, and the length of all steps."""
    ink_BT = step_BT.cumsum(1)
    length_B1 = ink_BT[:, -1:]
    middle_D = (torch.arange(DABS, device=ink_BT.device) + 0.5) / DABS
    at_BD = middle_D * length_B1
    point_BD = torch.searchsorted(ink_BT, at_BD)
    share_BD = 1 - (ink_BT.gather(1, point_BD) - at_BD) / step_BT.gather(1, point_BD).clamp(min=1e-6)
    return point_BD, share_BD, length_B1


@torch.no_grad()
def share_out(cell_BYX: Tensor, place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """share_BT: the number of each cell with ink, divided among the points as the ink in it is; the way back of `draw`.

    A dab belongs to the point whose line it is on; what lies in cells without ink is nobody's.
    """
    dab_BD2, *_ = spread_ink(place_BT2, pen_BT, mask_BT)
    point_BD, *_ = find_dabs(measure_steps(place_BT2, pen_BT, mask_BT)[1])
    x_BDX, y_BDY = (
        nearness(cell_BD, cell_BYX.shape[-1], BREADTH) for cell_BD in cells(dab_BD2, cell_BYX.shape[-1]).unbind(-1)
    )
    a_dab_BYX = cell_BYX / (y_BDY.mT @ x_BDX).clamp(min=1e-9)
    share_BD = ((y_BDY @ a_dab_BYX) * x_BDX).sum(-1)
    return torch.zeros_like(pen_BT).scatter_add(1, point_BD, share_BD)


def cells(place_BN2: Tensor, size: int) -> Tensor:
    """Places, of which 0 is the middle of a drawing and 1 its larger side, counted in cells."""
    return (place_BN2 + 0.5) * (size - 1 - 2 * MARGIN) + MARGIN


def nearness(cell_BN: Tensor, size: int, breadth: float) -> Tensor:
    """near_BNS: how near each place along an axis is to each of its cells; nothing from `breadth` cells on."""
    cells_S = torch.arange(size, device=cell_BN.device)
    return (breadth - (cell_BN[:, :, None] - cells_S).abs()).clamp(min=0)
