"""What a model can be shown of each point, computed on the device from the batch's (dx, dy, pen).

An input is a function of `rows_BT3` (zero on padding) and `mask_BT1` that gives one number a point. What it
gives on padding is wiped afterwards; what it gives on a drawing's points does not depend on how much follows.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.errors import UserError

NO_STEP = 1e-4  # of the larger side; canonical points are 4e-3 apart, or not at all
SHORT_STEP = 0.01

Input = Callable[[Tensor, Tensor], Tensor]


def choose_inputs(names: Sequence[str]) -> list[Input]:
    """The inputs called `names`, in that order."""
    if not names or not set(names) <= set(INPUTS):
        raise UserError(f"model.inputs={list(names)}: choose from {', '.join(INPUTS)}")
    return [INPUTS[name] for name in names]


def compute_inputs(rows_BT3: Tensor, mask_BT1: Tensor, inputs: Sequence[Input]) -> Tensor:
    """x_BTC: one column an input, zero on padding."""
    return torch.stack([see(rows_BT3, mask_BT1) for see in inputs], dim=-1) * mask_BT1


def dx(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """The step to the right from the point before."""
    return rows_BT3[:, :, 0]


def dy(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """The step down from the point before."""
    return rows_BT3[:, :, 1]


def pen(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """1 on the last point of each stroke."""
    return rows_BT3[:, :, 2]


def start(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """1 on the first point of each stroke: the first row, and every row behind a lifted pen."""
    return before(rows_BT3[:, :, 2], first=1.0)


def x(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """Where the point lies in the drawing's box, from left to right; 0 is the middle."""
    return centred(rows_BT3[:, :, 0])


def y(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """Where the point lies in the drawing's box, from top to bottom; 0 is the middle."""
    return centred(rows_BT3[:, :, 1])


def length(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """How long the step from the point before is."""
    return torch.hypot(rows_BT3[:, :, 0], rows_BT3[:, :, 1])


def right(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """Of the direction of the step from the point before, the part to the right: its cosine."""
    return rows_BT3[:, :, 0] / length(rows_BT3, mask_BT1).clamp(min=NO_STEP)


def down(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """Of the direction of the step from the point before, the part down: its sine."""
    return rows_BT3[:, :, 1] / length(rows_BT3, mask_BT1).clamp(min=NO_STEP)


def reach(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """How long the step from the point before is, as a logarithm: 1 across the drawing, -1.3 at least."""
    return 1 + length(rows_BT3, mask_BT1).clamp(min=SHORT_STEP).log() / 2


def turn(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """The angle from the last step to this one, in half turns: 0 straight on, 0.5 clockwise, 1 right back."""
    dx_BT, dy_BT, _ = rows_BT3.unbind(-1)
    last_dx_BT, last_dy_BT = before(dx_BT, first=0.0), before(dy_BT, first=0.0)
    sin_BT = last_dx_BT * dy_BT - last_dy_BT * dx_BT
    cos_BT = last_dx_BT * dx_BT + last_dy_BT * dy_BT
    # A step of length zero has no direction; to atan2, the 0 and -0 it leaves would be a full half turn.
    standing_BT = (sin_BT == 0) & (cos_BT == 0)
    return torch.atan2(sin_BT, cos_BT).masked_fill(standing_BT, 0) / math.pi


def stroke(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """How many strokes are finished before the point's own, in tens."""
    return before(rows_BT3[:, :, 2], first=0.0).cumsum(1) / 10


def time(rows_BT3: Tensor, mask_BT1: Tensor) -> Tensor:
    """How far into the drawing the point comes, counted in rows: 0 on the first, 1 on the last."""
    time_T = torch.arange(rows_BT3.shape[1], dtype=rows_BT3.dtype, device=rows_BT3.device)
    return time_T / (mask_BT1[:, :, 0].sum(1, keepdim=True) - 1).clamp(min=1)


def before(column_BT: Tensor, first: float) -> Tensor:
    """Each point's number from the point before it."""
    return pad(column_BT, (1, -1), value=first)


def centred(step_BT: Tensor) -> Tensor:
    """Positions from steps, moved so that the box over all points has its middle at 0.

    The box holds the place the first step starts from, for the layout that leaves this point's row out. On
    padding steps are zero and positions stay at the last point, so that they cannot widen the box.
    """
    place_BT = step_BT.cumsum(1)
    low_B1 = place_BT.amin(1, keepdim=True).clamp(max=0)
    high_B1 = place_BT.amax(1, keepdim=True).clamp(min=0)
    return place_BT - (low_B1 + high_B1) / 2


INPUTS: dict[str, Input] = {
    see.__name__: see for see in (dx, dy, pen, start, x, y, length, right, down, reach, turn, stroke, time)
}
