"""Why a recogniser says what it says of a drawing: its points' credit, what each stroke does, and where it looked."""

from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.drawings.padded import Strokes, pick_points, places
from inkseq.drawings.pixels import of_strokes
from inkseq.evaluate.attribution import grad_cam, integrated_gradients
from inkseq.inference.ask import answer, differentiable, together
from inkseq.inference.runs import Run
from inkseq.models.contract import Model, explainable

AT_A_TIME = 16  # drawings of similar length that are explained
MOST_POINTS = 16_384  # with padding, of drawings that lack a stroke


class Heat(NamedTuple):
    """Where a model looked."""

    cell_YX: NDArray[np.float32]  # 0..1
    low: float  # where the grid begins and ends, see `Sight`
    high: float


Told = tuple[NDArray[np.float32] | None, float, Heat | None]  # credit_P, gap, heat


class Explained(NamedTuple):
    """What speaks for a class in one drawing."""

    probability: float  # of the class
    without: list[float]  # the class's probability without each stroke; empty where there is but one
    credit: NDArray[np.float32] | None  # of each point, see `attribution`; None for a model that cannot be explained
    gap: float  # the share of the rise that credits explain too much or too little of
    heat: Heat | None  # None for a model that sees no grid


def explain(
    run: Run, drawings: Drawings, position_N: Indices, target_N: Indices, at_a_time: int = AT_A_TIME
) -> list[Explained]:
    """What speaks for class `target_N[n]` in the drawing at place `position_N[n]` of the split, in float32."""
    found: dict[int, Explained] = {}
    for some in together(drawings.length_N[position_N], np.asarray, at_a_time * MOST_POINTS, at_a_time):
        gathered, *_ = drawings.gather(position_N[some], int(drawings.length_N[position_N[some[0]]]))
        target_B = torch.from_numpy(target_N[some]).to(drawings.device).long()  # labels are stored as int16
        found |= zip(some.tolist(), explain_batch(run.model, of_strokes(gathered), target_B), strict=True)
    return [found[n] for n in range(len(position_N))]


def explain_batch(model: Model, strokes: Strokes, target_B: Tensor) -> list[Explained]:
    """The same of a batch."""
    sure, without = probability(model, strokes, target_B), without_each_stroke(model, strokes, target_B)
    told = tell_points(model, strokes, target_B)
    return [Explained(*one) for one in zip(sure, without, *zip(*told, strict=True), strict=True)]


def tell_points(model: Model, strokes: Strokes, target_B: Tensor) -> list[Told]:
    """Each point's credit, the gap, and where the model looked; nothing of a model that cannot be explained."""
    if (telling := explainable(model)) is None:
        return [(None, 0.0, None)] * len(target_B)
    with differentiable(model):
        credit_BT, gap_B = integrated_gradients(telling, strokes, target_B)
        heats: list[Heat | None] = [None] * len(target_B)
        if sight := telling.sight():
            heat_BYX = grad_cam(telling, sight, strokes, target_B).cpu().numpy()
            heats = [Heat(cell_YX, sight.low, sight.high) for cell_YX in heat_BYX]
    lengths = strokes.length_B.tolist()
    own = [credit_T[:length] for credit_T, length in zip(credit_BT.cpu().numpy(), lengths, strict=True)]
    return list(zip(own, gap_B.tolist(), heats, strict=True))


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


def probability(model: Model, strokes: Strokes, target_B: Tensor) -> list[float]:
    """How sure the model is of class `target_B`."""
    sure: list[float] = answer(model, strokes).softmax(1).gather(1, target_B[:, None])[:, 0].tolist()
    return sure
