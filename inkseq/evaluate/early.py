"""How early a recogniser knows: what it says of drawings while they are drawn."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.data.batches import gather_first
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.drawings.pixels import of_strokes
from inkseq.evaluate.matching import Matching, sample
from inkseq.evaluate.metrics import place_of_truth
from inkseq.inference.ask import answer_parts, together
from inkseq.inference.runs import Run

MOST = 1_000  # drawings: shares are off by 3 points at most, 95 times in 100
TENTHS = np.arange(1, 11)
MOST_STROKES = 20

Shares = NDArray[np.float64]


class Early(NamedTuple):
    """Of a sample of drawings, by tenths of their points (S) and after each of their first strokes (X)."""

    index_N: Indices  # in the dataset
    share_S: Shares  # 0.1, 0.2 ... 1
    top1_S: Shares
    top3_S: Shares
    top1_X: Shares  # after one stroke, two ...; a drawing with fewer is finished and stays what it is
    top3_X: Shares
    known_S: Shares  # drawings of which the first guess is right and stays so until the end
    median: float | None  # the share of its points at which half of the drawings are so known; None: at none


class Frame(NamedTuple):
    """What was said of the first points of a drawing."""

    num_points: int
    said: str  # the first guess
    sure: float


def early(run: Run, drawings: Drawings, matching: Matching, most: int = MOST) -> Early:
    """Score what was drawn so far, each part as a drawing of its own."""
    position_N, label_N = sample(drawings, matching, most)
    tenth_NS = points_at_shares(drawings, position_N)
    stroke_NX = points_at_strokes(drawings, position_N)
    place_NM = _places(run, drawings, position_N, label_N, np.hstack([tenth_NS, stroke_NX]))
    place_NS, place_NX = np.split(place_NM, [len(TENTHS)], axis=1)

    stays_NS = np.logical_and.accumulate(place_NS[:, ::-1] == 0, axis=1)[:, ::-1]
    known_S = stays_NS.mean(axis=0)
    return Early(
        index_N=drawings.first + position_N,
        share_S=TENTHS / 10,
        top1_S=(place_NS < 1).mean(axis=0),
        top3_S=(place_NS < 3).mean(axis=0),
        top1_X=(place_NX < 1).mean(axis=0),
        top3_X=(place_NX < 3).mean(axis=0),
        known_S=known_S,
        median=next((tenth / 10 for tenth, known in zip(TENTHS.tolist(), known_S, strict=True) if known >= 0.5), None),
    )


def film(
    run: Run, drawings: Drawings, index_N: Indices, shares: Sequence[float] = (0.2, 0.4, 0.6, 0.8, 1)
) -> list[list[Frame]]:
    """The frames of some drawings, by index in the dataset: what was said when such shares of the points were there."""
    position_N = np.asarray(index_N, np.int64) - drawings.first
    part_P = np.ceil(drawings.length_N[position_N, None] * np.array(shares) - 1e-9).astype(np.int64).ravel()
    logits_PK = answer_parts(run, drawings, np.repeat(position_N, len(shares)), part_P, "a film")
    said_P = logits_PK.argmax(dim=1)
    sure_P = logits_PK.softmax(dim=1).gather(1, said_P[:, None])[:, 0]
    frames = list(map(Frame, part_P.tolist(), [run.classes[k] for k in said_P.tolist()], sure_P.tolist()))
    return [frames[begin : begin + len(shares)] for begin in range(0, len(frames), len(shares))]


def points_at_shares(drawings: Drawings, position_N: Indices) -> Indices:
    """How many points each tenth of a drawing is, rounded up."""
    tenth_NS: Indices = -(-drawings.length_N[position_N, None].astype(np.int64) * TENTHS // 10)
    return tenth_NS


def points_at_strokes(drawings: Drawings, position_N: Indices) -> Indices:
    """How many points there are after each of the first strokes; all of them after the last.

    As many columns as any of the drawings has strokes, 20 at most.
    """
    length_N = drawings.length_N[position_N].astype(np.int64)
    end_NX = np.repeat(length_N[:, None], MOST_STROKES, axis=1)
    most = 1
    for which_B in together(length_N):
        pen_BT = of_strokes(gather_first(drawings, position_N[which_B], length_N[which_B])).pen_BT.cpu().numpy()
        drawing, place = np.nonzero(pen_BT)
        most = max(most, int(pen_BT.sum(axis=1).max()))
        stroke = (pen_BT.cumsum(axis=1) - 1)[drawing, place]
        early = stroke < MOST_STROKES
        end_NX[which_B[drawing[early]], stroke[early]] = place[early] + 1
    return end_NX[:, :most]


def _places(run: Run, drawings: Drawings, position_N: Indices, label_N: Indices, part_NM: Indices) -> Indices:
    """The place of the truth for M parts of each drawing; equal parts are scored once."""
    drawing_NM = np.broadcast_to(np.arange(len(part_NM))[:, None], part_NM.shape)
    pairs = np.stack([drawing_NM.ravel(), part_NM.ravel()], axis=1)
    different_P2, of_pair = np.unique(pairs, axis=0, return_inverse=True)
    drawing_P, length_P = different_P2.T
    logits_PK = answer_parts(run, drawings, position_N[drawing_P], length_P, "drawings in part")
    place_P = place_of_truth(logits_PK, torch.from_numpy(label_N[drawing_P])).numpy()
    return place_P[of_pair].reshape(part_NM.shape)
