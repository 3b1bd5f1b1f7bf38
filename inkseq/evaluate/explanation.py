"""Why a recogniser says what it says of a drawing: its points' credit, what each stroke does, and where it looked.

An image has pixels instead of points, and no strokes.
"""

from itertools import islice
from math import isqrt
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.images import ImagesOfSplit
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.drawings.padded import Strokes, pick_points, places
from inkseq.drawings.pixels import Images, Input
from inkseq.evaluate.attribution import grad_cam, integrated_gradients
from inkseq.inference.ask import answer, differentiable, together
from inkseq.inference.runs import Run
from inkseq.models.contract import Explainable, Model, Sight, explainable
from inkseq.models.pictured import Pictured

AT_A_TIME = 16  # drawings of similar length that are explained
IMAGES_AT_A_TIME = 4  # which have more pixels than drawings have points
MOST_POINTS = 16_384  # with padding, of drawings that lack a stroke


class Heat(NamedTuple):
    """Where a model looked."""

    cell_YX: NDArray[np.float32]  # 0..1
    low: float  # where the grid begins and ends, see `Sight`; an image's larger side is its own
    high: float


Told = tuple[NDArray[np.float32] | None, float, Heat | None]  # credit, gap, heat


class Explained(NamedTuple):
    """What speaks for a class in one drawing."""

    probability: float  # of the class
    without: list[float]  # the class's probability without each stroke; empty where there is but one
    credit: NDArray[np.float32] | None  # credit_P of each point, or credit_YX; None: the model cannot be explained
    gap: float  # the share of the rise that credits explain too much or too little of
    heat: Heat | None  # None for a model that sees no grid


def explain(
    run: Run, drawings: Drawings, position_N: Indices, target_N: Indices, at_a_time: int = AT_A_TIME
) -> list[Explained]:
    """What speaks for class `target_N[n]` in the drawing at place `position_N[n]` of the split, in float32."""
    at_a_time = IMAGES_AT_A_TIME if isinstance(drawings, ImagesOfSplit) else at_a_time
    found: dict[int, Explained] = {}
    for some in together(drawings.length_N[position_N], np.asarray, at_a_time * MOST_POINTS, at_a_time):
        gathered, *_ = drawings.gather(position_N[some], int(drawings.length_N[position_N[some[0]]]))
        target_B = torch.from_numpy(target_N[some]).to(drawings.device).long()  # labels are stored as int16
        found |= zip(some.tolist(), explain_batch(run.model, gathered, target_B), strict=True)
    return [found[n] for n in range(len(position_N))]


def explain_batch(model: Model, drawings: Input, target_B: Tensor) -> list[Explained]:
    """The same of a batch."""
    without: list[list[float]] = [[]] * len(target_B)
    if isinstance(drawings, Strokes):
        without = without_each_stroke(model, drawings, target_B)
    sure, told = probability(model, drawings, target_B), tell_points(model, drawings, target_B)
    return [Explained(*one) for one in zip(sure, without, *zip(*told, strict=True), strict=True)]


def tell_points(model: Model, drawings: Input, target_B: Tensor) -> list[Told]:
    """Each point's credit, the gap, and where the model looked; nothing of a model that cannot be explained."""
    if (telling := explainable(model)) is None:
        return [(None, 0.0, None)] * len(target_B)
    with differentiable(model):
        credit_BT, gap_B = integrated_gradients(telling, drawings, target_B)
        heats: list[Heat | None] = [None] * len(target_B)
        if sight := find_sight(telling, drawings):
            heat_BYX = grad_cam(telling, sight, drawings, target_B).cpu().numpy()
            heats = [Heat(cell_YX, sight.low, sight.high) for cell_YX in heat_BYX]
    return list(zip(own_credit(drawings, credit_BT.cpu().numpy()), gap_B.tolist(), heats, strict=True))


def find_sight(model: Explainable, drawings: Input) -> Sight | None:
    """Where to look. An image fills the whole picture, a drawing only from its outermost points to the margin."""
    sight = model.sight()
    if sight is None or isinstance(drawings, Strokes):
        return sight
    assert isinstance(model, Pictured)
    picture = model.picture
    share = (picture.size - 1 - 2 * picture.margin) / picture.size
    return Sight(sight.layer, share * sight.low, share * sight.high)


def own_credit(drawings: Input, credit_BT: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Of each drawing's own points, or pixel by pixel."""
    if isinstance(drawings, Images):
        size = isqrt(credit_BT.shape[1])
        return list(credit_BT.reshape(-1, size, size))
    return [credit_T[:length] for credit_T, length in zip(credit_BT, drawings.length_B.tolist(), strict=True)]


def without_each_stroke(
    model: Model, strokes: Strokes, target_B: Tensor, most_points: int = MOST_POINTS
) -> list[list[float]]:
    """For each drawing, the probability of class `target_B` without each of its strokes; [] where there is but one.

    What is left becomes a drawing of its own, as in training: it fills its box and begins with its own first point.
    """
    counts = [count if count > 1 else 0 for count in strokes.pen_BT.sum(1).tolist()]
    left_out = torch.tensor([(b, stroke) for b, count in enumerate(counts) for stroke in range(count)]).view(-1, 2)
    found: list[float] = []
    for some in together(np.full(len(left_out), strokes.pen_BT.shape[1]), np.asarray, most_points):
        drawing_V, stroke_V = left_out[torch.from_numpy(some)].to(target_B.device).unbind(1)
        found += probability(model, leave_out(strokes, drawing_V, stroke_V), target_B[drawing_V])
    rest = iter(found)
    return [list(islice(rest, count)) for count in counts]


def leave_out(strokes: Strokes, drawing_V: Tensor, stroke_V: Tensor) -> Strokes:
    """These drawings, each without one of its strokes."""
    xy_VT2, pen_VT, length_V, country_V = (part[drawing_V] for part in strokes)
    place_VT = places(pen_VT)
    own_VT = pen_VT.cumsum(1) - pen_VT.long()  # which stroke a point belongs to
    kept_VT = (own_VT != stroke_V[:, None]) & (place_VT < length_V[:, None])
    length_V = kept_VT.sum(1)
    point_VT = (~kept_VT).long().argsort(dim=1, stable=True)  # first those that are kept, in their order
    point_VT = point_VT.gather(1, torch.minimum(place_VT, length_V[:, None] - 1))
    pen_VT = pen_VT.gather(1, point_VT) & (place_VT < length_V[:, None])
    return Strokes(pick_points(xy_VT2, point_VT), pen_VT, length_V, country_V)


def probability(model: Model, drawings: Input, target_B: Tensor) -> list[float]:
    """How sure the model is of class `target_B`."""
    sure: list[float] = answer(model, drawings).softmax(1).gather(1, target_B[:, None])[:, 0].tolist()
    return sure
