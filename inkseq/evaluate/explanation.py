"""Why a recogniser says what it says of a drawing: its points' credit, what each stroke does, and where it looked."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkseq.config import Layout
from inkseq.data.batches import to_rows
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.drawings.padded import Strokes, pick_points, places
from inkseq.evaluate.attribution import at_rest, grad_cam, has_eyes, integrated_gradients
from inkseq.inference.runs import Run
from inkseq.models.hybrid import BiLSTM

AT_A_TIME = 16  # drawings of similar length that are explained
MOST_POINTS = 16_384  # with padding, of drawings that lack a stroke


@dataclass(frozen=True)
class Explained:
    """What speaks for a class in one drawing."""

    probability: float  # of the class
    credit: NDArray[np.float32]  # of each point, see `attribution`
    gap: float  # the share of the rise that credits explain too much or too little of
    without: list[float]  # the class's probability without each stroke; empty where there is but one
    heat: NDArray[np.float32] | None  # 0..1 on the canvas's grid, see `heat_reach`; None for a model without one


def explain(run: Run, drawings: Drawings, index_N: Indices, target_N: Indices) -> list[Explained]:
    """What speaks for class `target_N[n]` in the drawing at place `index_N[n]` of the split, in float32."""
    assert isinstance(run.model, BiLSTM)
    found: dict[int, Explained] = {}
    by_length = np.argsort(-drawings.length_N[index_N], kind="stable")
    for first in range(0, len(by_length), AT_A_TIME):
        some = by_length[first : first + AT_A_TIME]
        explained = explain_batch(run.model, run.config.layout, drawings, index_N[some], target_N[some])
        found |= zip(some.tolist(), explained, strict=True)
    return [found[n] for n in range(len(index_N))]


def explain_batch(
    model: BiLSTM, layout: Layout, drawings: Drawings, index_B: Indices, target_B: Indices
) -> list[Explained]:
    """The same of a batch, the longest drawing first."""
    # The tutorial's layout drops a row; a lone point has to leave one.
    strokes, *_ = drawings.gather(index_B, max(int(drawings.length_N[index_B[0]]), 2))
    class_B = torch.from_numpy(target_B).to(drawings.device).long()  # labels are stored as int16
    x_BTC, length_B = to_rows(strokes, layout)
    credit_BT, gap_B = integrated_gradients(model, x_BTC, length_B, class_B)
    heat_BYX = grad_cam(model, x_BTC, length_B, class_B).cpu().numpy() if has_eyes(model) else [None] * len(index_B)
    parts = zip(
        probability(model, x_BTC, length_B, class_B),
        map(credit_of_points, credit_BT.cpu().numpy(), length_B.tolist(), drawings.length_N[index_B].tolist()),
        gap_B.tolist(),
        without_each_stroke(model, strokes, layout, class_B),
        heat_BYX,
        strict=True,
    )
    return [Explained(*part) for part in parts]


def credit_of_points(credit_T: NDArray[np.float32], rows: int, points: int) -> NDArray[np.float32]:
    """One a point: the tutorial's layout has no row, and so no credit, for the first of several."""
    return np.pad(credit_T[:rows], (points - rows, 0))


def without_each_stroke(model: nn.Module, strokes: Strokes, layout: Layout, target_B: Tensor) -> list[list[float]]:
    """For each drawing, the probability of class `target_B` without each of its strokes; [] where there is but one.

    What is left becomes a drawing of its own, as in training: it fills its box and begins with its own first point.
    """
    counts = [count if count > 1 else 0 for count in strokes.pen_BT.sum(1).tolist()]
    some = max(MOST_POINTS // strokes.pen_BT.shape[1], 1)
    left_out = torch.tensor([(b, stroke) for b, count in enumerate(counts) for stroke in range(count)])
    found: list[float] = []
    for first in range(0, len(left_out), some):
        drawing_V, stroke_V = left_out[first : first + some].to(target_B.device).unbind(1)
        found += probability(model, *to_rows(leave_out(strokes, drawing_V, stroke_V), layout), target_B[drawing_V])
    rest = iter(found)
    return [list(islice(rest, count)) for count in counts]


def leave_out(strokes: Strokes, drawing_V: Tensor, stroke_V: Tensor) -> Strokes:
    """These drawings, each without one of its strokes."""
    xy_VT2, pen_VT, length_V = (part[drawing_V] for part in strokes)
    place_VT = places(pen_VT)
    own_VT = pen_VT.cumsum(1) - pen_VT.long()  # which stroke a point belongs to
    kept_VT = (own_VT != stroke_V[:, None]) & (place_VT < length_V[:, None])
    length_V = kept_VT.sum(1)
    point_VT = (~kept_VT).long().argsort(dim=1, stable=True)  # first those that are kept, in their order
    point_VT = point_VT.gather(1, torch.minimum(place_VT, length_V[:, None] - 1))
    pen_VT = pen_VT.gather(1, point_VT) & (place_VT < length_V[:, None])
    return Strokes(pick_points(xy_VT2, point_VT), pen_VT, length_V)


@torch.inference_mode()
def probability(model: nn.Module, x_BTC: Tensor, length_B: Tensor, target_B: Tensor) -> list[float]:
    """How sure the model is of class `target_B`."""
    with at_rest(model):
        chance_BK: Tensor = model(x_BTC, length_B).softmax(1)
    sure: list[float] = chance_BK.gather(1, target_B[:, None])[:, 0].tolist()
    return sure
