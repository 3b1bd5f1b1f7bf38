"""What a drawing looks like: its ink on a grid, convolutions over the grid, and what they see where each point lies.

A line that is read point by point does not tell what lies beside it: the far side of a circle, the wheel under the
cart. On the grid that is near, in whatever order it was drawn.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu
from torch.nn.utils import convert_conv2d_weight_memory_format

from inkseq.models.dabs import PLANES, cells, draw, nearness, share_out
from inkseq.models.features import centred

SHRUNK = 4  # times fewer cells a side, each of them centred on the first of its four, where points look


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
        return draw(locate(rows_BT3), rows_BT3[:, :, 2], mask_BT1[:, :, 0], self.size)

    def share_out(self, cell_BYX: Tensor, rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
        """share_BT: what each cell is worth, divided among the points whose ink is in it."""
        return share_out(cell_BYX, locate(rows_BT3), rows_BT3[:, :, 2], mask_BT1[:, :, 0])

    def see(self, picture_BKYX: Tensor) -> tuple[Tensor, Tensor]:
        """near_BCYX, for points to look at, and whole_BC."""
        near_BCYX = self.near(picture_BKYX.to(memory_format=torch.channels_last))
        h_BCYX = self.far(near_BCYX).float()
        return near_BCYX, torch.cat([h_BCYX.mean((2, 3)), h_BCYX.amax((2, 3))], dim=-1)

    def look(self, near_BCYX: Tensor, rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
        """seen_BTC where the points of `rows_BT3` lie on the picture."""
        return look(near_BCYX, cells(locate(rows_BT3), self.size) / SHRUNK) * mask_BT1


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


def locate(rows_BT3: Tensor) -> Tensor:
    """place_BT2: where each point lies; 0 is the middle of the drawing, 1 its larger side."""
    return centred(rows_BT3[:, :, :2])


def look(h_BCYX: Tensor, cell_BT2: Tensor) -> Tensor:
    """seen_BTC: the grid's features where each point lies, between the four cells around it."""
    num_drawings, channels, size, _ = h_BCYX.shape
    cell_BT2 = cell_BT2.clamp(max=size - 1)  # nothing lies behind the last cell to look between
    x_BTX, y_BTY = (nearness(cell_BT, size, 1.0) for cell_BT in cell_BT2.unbind(-1))
    weight_BTG = (y_BTY[:, :, :, None] * x_BTX[:, :, None]).flatten(2)
    seen_BTC: Tensor = weight_BTG @ h_BCYX.permute(0, 2, 3, 1).reshape(num_drawings, size * size, channels)
    return seen_BTC
