"""Some drawings of a split, whole or only their first points, given to a recogniser in batches of similar length."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from inkseq.data.batches import cut_by_length, to_rows
from inkseq.data.resident import Drawings
from inkseq.devices import choose_precision, send
from inkseq.drawings.padded import Strokes, places, stay_at_end
from inkseq.evaluate.matching import Matching
from inkseq.inference.runs import Run

Indices = NDArray[np.int64]

SEED = 0
# A canvas takes memory by drawings, however short they are; larger batches are no faster on a CPU.
MOST_TOGETHER, POINTS_TOGETHER = 128, 8_192


def sample(drawings: Drawings, matching: Matching, most: int) -> tuple[Indices, Indices]:
    """Positions in the split of drawings with a word that the run knows, the same every time and rising; its labels."""
    known = matching.known(drawings.label_N)
    position_N = np.sort(np.random.default_rng(SEED).permutation(known)[:most])
    return position_N, matching.translate(drawings.label_N[position_N])


@torch.inference_mode()
def score_parts(
    run: Run, drawings: Drawings, position_N: Indices, length_N: Indices, doing: str
) -> Iterator[tuple[Indices, Tensor]]:
    """(which_B of the parts, their logits_BK) of drawings by position in the split, broken off behind so many points.

    `doing` is what a bar says meanwhile.
    """
    dtype, _ = choose_precision(run.config.precision, drawings.device)
    with tqdm(total=len(length_N), desc=doing, unit="drawing", unit_scale=True, disable=None) as bar:
        for which_B in batches_by_length(length_N):
            strokes = gather_parts(drawings, position_N[which_B], length_N[which_B])
            x_BTC, rows_B = to_rows(strokes, run.config.layout)
            with torch.autocast(drawings.device.type, dtype, enabled=dtype is not torch.float32):
                logits_BK = run.model(x_BTC, rows_B)
            yield which_B, logits_BK.float()
            bar.update(len(which_B))


def gather_parts(drawings: Drawings, position_B: Indices, length_B: Indices) -> Strokes:
    """The first points of drawings, as `augment.prefix` leaves them: the last of them ends a stroke."""
    # The tutorial's layout drops a row; a lone point has to leave one.
    strokes, _, _ = drawings.gather(position_B, max(int(length_B.max()), 2))
    shorter_B = send(torch.from_numpy(length_B), drawings.device)
    place_BT, last_B1 = places(strokes.pen_BT), shorter_B[:, None] - 1
    pen_BT = (strokes.pen_BT & (place_BT < last_B1)) | (place_BT == last_B1)
    return Strokes(stay_at_end(strokes.xy_BT2, shorter_B), pen_BT, shorter_B)


def batches_by_length(length_N: Indices) -> Iterator[Indices]:
    """All of them once, the longest first, of which each batch has few enough for its points to fit in memory."""
    remaining = np.argsort(-length_N, kind="stable")
    while len(remaining):
        count = min(max(POINTS_TOGETHER // int(length_N[remaining[0]]), 1), MOST_TOGETHER)
        batch, remaining = np.split(remaining, [count])
        yield from cut_by_length(batch, length_N[batch].astype(np.int32))
