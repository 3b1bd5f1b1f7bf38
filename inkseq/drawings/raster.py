"""Drawings rasterised: their lines as pictures, anti-aliased, drawn in the batch on its device, and never kept.

A line covers a pixel by how near the pixel's middle lies to it, between half a pixel within its edge (all) and half a
pixel beyond (nothing). That is one sum of distances for any number of lines, and the same number however it is
computed: `paint_together` says it in tensors (a GPU, an exported graph), `brush.py` line by line (a CPU), and
`supersampled.py` plainly.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.drawings import brush
from inkseq.drawings.padded import Strokes, begins, is_real
from inkseq.drawings.pixels import Images, Input, resize

OUTSIDE = -1e4  # where lines are that leave no ink
AT_A_TIME = 1 << 25  # pixels of single lines
LEAST = 1e-9


class Lines(NamedTuple):
    """The line that leads to each point, in pixels, of which the first has its middle at 0; round at both ends.

    A point that begins a stroke has one of no length, and padding has one that is out of sight.
    """

    from_BT2: Tensor
    to_BT2: Tensor


def trace(strokes: Strokes, size: int, margin: float) -> Lines:
    """Drawings in the middle of `size` pixels a side, their larger side as long as the margin allows."""
    low_B12, high_B12 = torch.aminmax(strokes.xy_BT2, dim=1, keepdim=True)
    side_B11 = (high_B12 - low_B12).amax(2, keepdim=True).clamp(min=1)
    scale_B11 = (size - 1 - 2 * margin) / side_B11
    to_BT2 = (strokes.xy_BT2 - (low_B12 + high_B12) / 2) * scale_B11 + (size - 1) / 2
    from_BT2 = torch.where(begins(strokes.pen_BT)[:, :, None], to_BT2, pad(to_BT2, (0, 0, 1, -1)))
    return keep(Lines(from_BT2, to_BT2), is_real(strokes))


def keep(lines: Lines, kept_BT: Tensor) -> Lines:
    """The others out of sight."""
    return Lines(*(part.where(kept_BT[:, :, None], OUTSIDE) for part in lines))


@torch.no_grad()
def paint(lines: Lines, value_BTA: Tensor, width: float, size: int) -> Tensor:
    """picture_BCYX: the ink, 0 to 1, and of each value of the lines the mean of what lies there, as strong as the ink.

    A graph that is exported takes all lines at once; other programs have no brush.
    """
    if lines.to_BT2.device.type == "cpu" and not torch.compiler.is_compiling():
        return paint_by_brush(lines, value_BTA, width, size)
    return paint_together(lines, value_BTA, width, size)


def paint_by_brush(lines: Lines, value_BTA: Tensor, width: float, size: int) -> Tensor:
    """The same line by line."""
    picture_BCYX = torch.empty(len(value_BTA), 1 + value_BTA.shape[2], size, size)
    arrays = (part.contiguous().numpy() for part in (*lines, value_BTA))
    brush.paint(*arrays, (width + 1) / 2, picture_BCYX.numpy())
    return picture_BCYX


def paint_together(lines: Lines, value_BTA: Tensor, width: float, size: int) -> Tensor:
    """The same, all lines and pixels at once: B x T x S x S numbers, of as many drawings at a time as fit."""
    if torch.compiler.is_compiling():
        return _paint_some(lines, value_BTA, width, size)
    some = at_a_time(lines, size)
    parts = zip(*(torch.split(part, some) for part in (*lines, value_BTA)), strict=True)
    return torch.cat([_paint_some(Lines(a, b), value, width, size) for a, b, value in parts])


def at_a_time(lines: Lines, size: int) -> int:
    """How many drawings are computed at a time."""
    return max(AT_A_TIME // (lines.to_BT2.shape[1] * size * size), 1)


def _paint_some(lines: Lines, value_BTA: Tensor, width: float, size: int) -> Tensor:
    cover_BTYX = cover(lines, width, size)
    ink_B1YX = cover_BTYX.amax(1, keepdim=True)
    if not value_BTA.shape[2]:
        return ink_B1YX
    sum_BAQ = value_BTA.mT @ cover_BTYX.flatten(2)
    sum_BAYX = sum_BAQ.view(*sum_BAQ.shape[:2], size, size)
    weight_B1YX = cover_BTYX.sum(1, keepdim=True).clamp(min=LEAST)
    return torch.cat([ink_B1YX, sum_BAYX * (ink_B1YX / weight_B1YX)], dim=1)


def cover(lines: Lines, width: float, size: int) -> Tensor:
    """cover_BTYX: how much of each pixel each line covers."""
    way_BT2 = lines.to_BT2 - lines.from_BT2
    square_BT1 = way_BT2.square().sum(2, keepdim=True).clamp(min=LEAST)
    at_S = torch.arange(size, device=way_BT2.device, dtype=way_BT2.dtype)
    off_BTS2 = at_S[:, None] - lines.from_BT2[:, :, None]  # from where the line begins, along each axis
    off_x_BTS, off_y_BTS = off_BTS2.unbind(-1)
    part_x_BTS, part_y_BTS = (off_BTS2 * (way_BT2 / square_BT1)[:, :, None]).unbind(-1)
    along_BTYX = (part_y_BTS[:, :, :, None] + part_x_BTS[:, :, None]).clamp(0, 1)
    way_x_BT11, way_y_BT11 = way_BT2[:, :, :, None, None].unbind(2)
    away_BTYX = torch.addcmul(off_x_BTS[:, :, None], along_BTYX, way_x_BT11, value=-1).square()
    away_BTYX = away_BTYX + torch.addcmul(off_y_BTS[:, :, :, None], along_BTYX, way_y_BT11, value=-1).square()
    return ((width + 1) / 2 - away_BTYX.sqrt()).clamp(0, 1)


@torch.no_grad()
def share_out(cell_BYX: Tensor, lines: Lines, width: float) -> Tensor:
    """share_BT: the number of each pixel, divided among the lines as far as each covers it; the way back of `paint`.

    What lies in pixels without ink is nobody's.
    """
    some = at_a_time(lines, cell_BYX.shape[-1])
    parts = zip(*(torch.split(part, some) for part in (cell_BYX, *lines)), strict=True)
    return torch.cat([_share_some(cell, Lines(a, b), width) for cell, a, b in parts])


def _share_some(cell_BYX: Tensor, lines: Lines, width: float) -> Tensor:
    cover_BTQ = cover(lines, width, cell_BYX.shape[-1]).flatten(2)
    a_whole_BQ = cell_BYX.flatten(1) / cover_BTQ.sum(1).clamp(min=LEAST)
    return (cover_BTQ @ a_whole_BQ[:, :, None])[:, :, 0]


def thumbnails(drawings: Input, size: int) -> Tensor:
    """ink_BYX of drawings, 0 to 1."""
    if isinstance(drawings, Images):
        return resize(drawings.ink_BYX, size)
    lines = trace(drawings, size, margin=1)
    return paint(lines, lines.to_BT2[:, :, :0], 1.0, size)[:, 0]
