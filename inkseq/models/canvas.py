"""What a drawing looks like: its ink on a grid, convolutions over the grid, and what they see where each point lies.

A line that is read point by point does not tell what lies beside it: the far side of a circle, the wheel under the
cart. On the grid that is near, in whatever order it was drawn.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu
from torch.nn.utils import convert_conv2d_weight_memory_format

from inkseq.models.features import before, centred

MARGIN = 1  # cells around the drawing
DABS = 256  # of ink along a drawing: a cell of 48 apart where the line is 5 times as long as the drawing is large
DOT = 0.01  # ink where a stroke begins, in larger sides, so that a dot leaves some
SHRUNK = 4  # times fewer cells a side, each of them centred on the first of its four, where points look
BREADTH = 1.2  # of the line to each side, in cells
PLANES = 5  # of a picture: see `draw`


class Canvas(nn.Module):
    """(dx, dy, pen) rows -> what is seen at each point (`seen` numbers), and of the whole (`width` numbers)."""

    def __init__(self, size: int, channels: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.size = size
        edges = nn.Sequential(nn.Conv2d(PLANES, channels[0], 3, stride=2, padding=1), nn.ReLU())
        first, *others = (Stage(a, b, dropout) for a, b in pairwise(channels))
        self.near = nn.Sequential(edges, first)  # a cell, one of 12 x 12 of 48, has seen a wheel, a window, an ear
        self.far = nn.Sequential(*others)
        self.seen, self.width = channels[1], 2 * channels[-1]
        convert_conv2d_weight_memory_format(self, torch.channels_last)

    def show(self, rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
        """picture_BKYX"""
        return draw(places(rows_BT3), rows_BT3[:, :, 2], mask_BT1, self.size)

    def look_at(self, picture_BKYX: Tensor, rows_BT3: Tensor, mask_BT1: Tensor) -> tuple[Tensor, Tensor]:
        """seen_BTC where the points of `rows_BT3` lie on the picture, and whole_BC."""
        near_BCYX = self.near(picture_BKYX.to(memory_format=torch.channels_last))
        seen_BTC = look(near_BCYX, cells(places(rows_BT3), self.size) / SHRUNK) * mask_BT1
        h_BCYX = self.far(near_BCYX).float()
        return seen_BTC, torch.cat([h_BCYX.mean((2, 3)), h_BCYX.amax((2, 3))], dim=-1)


class Stage(nn.Module):
    """To half the cells a side, and a residual block: each channel by itself, then each cell by itself."""

    def __init__(self, channels_in: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.halve = nn.Conv2d(channels_in, channels, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(1, channels)
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
            nn.GroupNorm(1, channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.ReLU(),
            nn.Conv2d(2 * channels, channels, 1),
            nn.Dropout2d(dropout),
        )

    def forward(self, x_BCYX: Tensor) -> Tensor:
        x_BCYX = relu(self.norm(self.halve(x_BCYX)))
        block_BCYX: Tensor = self.block(x_BCYX)
        return x_BCYX + block_BCYX


def places(rows_BT3: Tensor) -> Tensor:
    """place_BT2: where each point lies; 0 is the middle of the drawing, 1 its larger side."""
    return torch.stack([centred(rows_BT3[:, :, 0]), centred(rows_BT3[:, :, 1])], dim=-1)


@torch.no_grad()
def draw(place_BT2: Tensor, pen_BT: Tensor, mask_BT1: Tensor, size: int) -> Tensor:
    """Pictures of `PLANES` planes: ink, much ink, the line's direction (two, the same both ways), and when it came."""
    dab_BD2, way_BD2, length_B1 = spread_ink(place_BT2, pen_BT, mask_BT1[:, :, 0])
    x_BDX, y_BDY = (nearness(cell_BD, size, BREADTH) for cell_BD in cells(dab_BD2, size).unbind(-1))
    cos_BD, sin_BD = way_BD2.unbind(-1)
    time_BD = torch.linspace(-1, 1, DABS, device=cos_BD.device).expand_as(cos_BD)
    kinds = [torch.ones_like(cos_BD), cos_BD.square() - sin_BD.square(), 2 * cos_BD * sin_BD, time_BD]
    sum_BKYX = (torch.stack(kinds, dim=1)[:, :, None] * y_BDY.mT[:, None]) @ x_BDX[:, None]
    sum_BKYX = sum_BKYX.float()
    ink_B1YX, others_BKYX = sum_BKYX[:, :1], sum_BKYX[:, 1:]
    ink_in_cells_B1YX = ink_B1YX * (length_B1 * (size / DABS))[:, :, None, None]
    planes = [ink_in_cells_B1YX.clamp(max=1), (ink_in_cells_B1YX / 4).clamp(max=1), others_BKYX / (ink_B1YX + 1e-3)]
    return torch.cat(planes, dim=1)


def spread_ink(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Dabs at equal distances along all the ink of a drawing, the direction at each, and how much ink there is."""
    from_BT2, step_BT = measure_steps(place_BT2, pen_BT, mask_BT)
    point_BD, share_BD, length_B1 = find_dabs(step_BT)
    point_BD2 = point_BD[:, :, None].expand(-1, -1, 2)
    from_BD2 = from_BT2.gather(1, point_BD2)
    way_BD2 = place_BT2.gather(1, point_BD2) - from_BD2
    distance_BD1 = way_BD2.norm(dim=-1, keepdim=True).clamp(min=1e-4)
    return from_BD2 + share_BD[:, :, None] * way_BD2, way_BD2 / distance_BD1, length_B1


def measure_steps(place_BT2: Tensor, pen_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
    """Where the line to each point comes from, and how much ink is on it."""
    start_BT1 = before(pen_BT, first=1.0)[:, :, None] > 0
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
def share_out(cell_BYX: Tensor, rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """share_BT: the number of each cell with ink, divided among the points as the ink in it is; the way back of `draw`.

    A dab belongs to the point whose line it is on; what lies in cells without ink is nobody's.
    """
    place_BT2, pen_BT, mask_BT = places(rows_BT3), rows_BT3[:, :, 2], mask_BT1[:, :, 0]
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


def look(h_BCYX: Tensor, cell_BT2: Tensor) -> Tensor:
    """seen_BTC: the grid's features where each point lies, between the four cells around it."""
    num_drawings, channels, size, _ = h_BCYX.shape
    cell_BT2 = cell_BT2.clamp(max=size - 1)  # nothing lies behind the last cell to look between
    x_BTX, y_BTY = (nearness(cell_BT, size, 1.0) for cell_BT in cell_BT2.unbind(-1))
    weight_BTG = (y_BTY[:, :, :, None] * x_BTX[:, :, None]).flatten(2)
    seen_BTC: Tensor = weight_BTG @ h_BCYX.permute(0, 2, 3, 1).reshape(num_drawings, size * size, channels)
    return seen_BTC
