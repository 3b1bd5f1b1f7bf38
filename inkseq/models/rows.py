"""Rows (dx, dy, pen), the tutorial's way to show a drawing to a network: of one in numpy, of many on their device.

The layout `inkseq` keeps the aspect, in units of the larger side, and starts with (0, 0, pen): n points are n rows.
`tutorial` is the TensorFlow tutorial's: x and y are scaled apart to the unit box and the first row is dropped, so
that n points are n - 1 rows.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.functional import pad

from inkseq.drawings.padded import Strokes
from inkseq.families import Layout


def to_sequence(points: ArrayLike, pen: ArrayLike, layout: Layout = Layout.inkseq) -> NDArray[np.float32]:
    """rows_T3 of one drawing, the plain way."""
    xy = np.asarray(points, np.float32)
    side = np.ptp(xy, axis=0)
    if layout is Layout.inkseq:
        side = side.max(keepdims=True)
    xy = (xy - xy.min(axis=0)) / np.where(side > 0, side, 1)
    rows = np.empty((len(xy), 3), np.float32)
    rows[:, :2] = np.diff(xy, axis=0, prepend=xy[:1])
    rows[:, 2] = pen
    return rows if layout is Layout.inkseq else rows[1:]


def to_rows(strokes: Strokes, layout: Layout) -> tuple[Tensor, Tensor]:
    """`to_sequence` of many drawings at once: x_BTC and length_B.

    Of a single point the tutorial's layout, which drops the first row, leaves one row of zeros.
    """
    xy_BT2, pen_BT, length_B, _ = strokes
    if layout is Layout.tutorial and xy_BT2.shape[1] == 1:
        xy_BT2, pen_BT = xy_BT2.expand(-1, 2, -1), pad(pen_BT, (0, 1))
    low_B12, high_B12 = torch.aminmax(xy_BT2, dim=1, keepdim=True)
    side_B12 = high_B12 - low_B12
    if layout is Layout.inkseq:
        side_B12 = side_B12.amax(2, keepdim=True)
    step_BT2 = (xy_BT2[:, 1:] - xy_BT2[:, :-1]) / side_B12.masked_fill(side_B12 == 0, 1)
    x_BTC = pad(step_BT2, (0, 1, 1, 0))
    x_BTC[:, :, 2] = pen_BT
    if layout is Layout.inkseq:
        return x_BTC, length_B
    return x_BTC[:, 1:].contiguous(), (length_B - 1).clamp(min=1)
