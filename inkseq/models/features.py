"""What a model can be shown of each point, computed on the device from the batch's (dx, dy, pen).

An input is a function of `Points` that gives one number a point. What it gives on padding is wiped afterwards; what
it gives on a drawing's points does not depend on how much follows.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.errors import UserError

NO_STEP = 1e-4  # of the larger side; canonical points are 4e-3 apart, or not at all
SHORT_STEP = 0.01


class once:  # noqa: N801
    """`functools.cached_property` without its lock, which torch.compile cannot enter; Python 3.12 has none either."""

    def __init__(self, compute: Callable[[Any], Tensor]) -> None:
        self.compute = compute

    def __get__(self, owner: Any, kind: type) -> Tensor:
        value = self.compute(owner)
        setattr(owner, self.compute.__name__, value)
        return value


class Points:
    """Rows (zero on padding), and what several inputs need of them: computed once, for whoever asks first."""

    def __init__(self, rows_BT3: Tensor, mask_BT1: Tensor) -> None:
        self.mask_BT1 = mask_BT1
        self.step_BT2, self.pen_BT = rows_BT3[:, :, :2], rows_BT3[:, :, 2]

    @once
    def length_BT(self) -> Tensor:
        return torch.hypot(self.step_BT2[:, :, 0], self.step_BT2[:, :, 1])

    @once
    def way_BT2(self) -> Tensor:
        return self.step_BT2 / self.length_BT.clamp(min=NO_STEP)[:, :, None]

    @once
    def place_BT2(self) -> Tensor:
        return centred(self.step_BT2)


Input = Callable[[Points], Tensor]


def choose_inputs(names: Sequence[str]) -> list[Input]:
    """The inputs called `names`, in that order."""
    if not names or not set(names) <= set(INPUTS):
        raise UserError(f"model.inputs={list(names)}: choose from {', '.join(INPUTS)}")
    return [INPUTS[name] for name in names]


def compute_inputs(rows_BT3: Tensor, mask_BT1: Tensor, inputs: Sequence[Input]) -> Tensor:
    """x_BTC: one column an input, zero on padding."""
    points = Points(rows_BT3, mask_BT1)
    return torch.stack([see(points) for see in inputs], dim=-1) * mask_BT1


def dx(points: Points) -> Tensor:
    """The step to the right from the point before."""
    return points.step_BT2[:, :, 0]


def dy(points: Points) -> Tensor:
    """The step down from the point before."""
    return points.step_BT2[:, :, 1]


def pen(points: Points) -> Tensor:
    """1 on the last point of each stroke."""
    return points.pen_BT


def start(points: Points) -> Tensor:
    """1 on the first point of each stroke: the first row, and every row behind a lifted pen."""
    return pad(points.pen_BT, (1, -1), value=1.0)


def x(points: Points) -> Tensor:
    """Where the point lies in the drawing's box, from left to right; 0 is the middle."""
    return points.place_BT2[:, :, 0]


def y(points: Points) -> Tensor:
    """Where the point lies in the drawing's box, from top to bottom; 0 is the middle."""
    return points.place_BT2[:, :, 1]


def length(points: Points) -> Tensor:
    """How long the step from the point before is."""
    return points.length_BT


def right(points: Points) -> Tensor:
    """Of the direction of the step from the point before, the part to the right: its cosine."""
    return points.way_BT2[:, :, 0]


def down(points: Points) -> Tensor:
    """Of the direction of the step from the point before, the part down: its sine."""
    return points.way_BT2[:, :, 1]


def reach(points: Points) -> Tensor:
    """How long the step from the point before is, as a logarithm: 1 across the drawing, -1.3 at least."""
    return 1 + points.length_BT.clamp(min=SHORT_STEP).log() / 2


def turn(points: Points) -> Tensor:
    """The angle from the last step to this one, in half turns: 0 straight on, 0.5 clockwise, 1 right back."""
    step_BT2, last_BT2 = points.step_BT2, pad(points.step_BT2, (0, 0, 1, -1))
    sin_BT = last_BT2[:, :, 0] * step_BT2[:, :, 1] - last_BT2[:, :, 1] * step_BT2[:, :, 0]
    along_BT2 = last_BT2 * step_BT2
    cos_BT = along_BT2[:, :, 0] + along_BT2[:, :, 1]
    # A step of length zero has no direction; to atan2, the 0 and -0 it leaves would be a full half turn.
    standing_BT = torch.hypot(sin_BT, cos_BT) == 0
    return torch.atan2(sin_BT, cos_BT).masked_fill(standing_BT, 0) / math.pi


def stroke(points: Points) -> Tensor:
    """How many strokes are finished before the point's own, in tens."""
    return pad(points.pen_BT, (1, -1)).cumsum(1) / 10


def time(points: Points) -> Tensor:
    """How far into the drawing the point comes, counted in rows: 0 on the first, 1 on the last."""
    time_T = torch.arange(points.pen_BT.shape[1], dtype=points.pen_BT.dtype, device=points.pen_BT.device)
    return time_T / (points.mask_BT1[:, :, 0].sum(1, keepdim=True) - 1).clamp(min=1)


def centred(step_BT2: Tensor) -> Tensor:
    """Positions from steps, moved so that the box over all points has its middle at 0.

    The box holds the place the first step starts from, for the layout that leaves this point's row out. On
    padding steps are zero and positions stay at the last point, so that they cannot widen the box.
    """
    place_BT2 = pad(step_BT2, (0, 0, 1, 0)).cumsum(1)  # that place, then the points
    low_B12, high_B12 = torch.aminmax(place_BT2, dim=1, keepdim=True)
    return place_BT2[:, 1:] - (low_B12 + high_B12) / 2


INPUTS: dict[str, Input] = {
    see.__name__: see for see in (dx, dy, pen, start, x, y, length, right, down, reach, turn, stroke, time)
}
