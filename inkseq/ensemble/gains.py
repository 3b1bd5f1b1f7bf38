"""What it buys to ask several: each member, all of them, stacked, and of several views, on drawings held out."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.resident import Drawings
from inkseq.ensemble.stacking import stack
from inkseq.ensemble.weights import Said, ask_each
from inkseq.evaluate.matching import Matching
from inkseq.evaluate.paired import count, interval, verdict
from inkseq.inference.runs import Run
from inkseq.tables import table


class Row(NamedTuple):
    """A way to answer, and which drawings of the split it gets right."""

    name: str
    right_N: NDArray[np.bool_]
    on_val: float | None = None  # the share of val, of members alone


def right(logits_NK: Tensor, label_N: Tensor) -> NDArray[np.bool_]:
    right_N: NDArray[np.bool_] = (logits_NK.argmax(1) == label_N).numpy()
    return right_N


def ways(
    run: Run,
    names: list[str],
    weight_M: Tensor,
    val: Said | None,
    held_out: Drawings,
    matching: Matching,
    views: int,
    stacked: bool,
) -> Iterator[Row]:
    """Each way to answer: the members first."""
    said = ask_each(run, held_out, matching)
    for member, name in enumerate(names):
        on_val = None if val is None else float(right(val.logits_MNK[member], val.label_N).mean())
        yield Row(name, right(said.logits_MNK[member], said.label_N), on_val)
    yield Row("all, alike", right(said.by(torch.full_like(weight_M, 1 / len(names))), said.label_N))
    if val is not None:
        yield Row("all, by weight", right(said.by(weight_M), said.label_N))
    if val is not None and stacked:
        for name, place_N in stack(val, said, weight_M):
            yield Row(name, place_N == said.label_N.numpy())
    if views > 1:
        seen_NK = sum_of_views(run, held_out, matching, said, weight_M, views)
        yield Row(f"by weight, {views} views", right(seen_NK, said.label_N))


def sum_of_views(run: Run, drawings: Drawings, matching: Matching, said: Said, weight_M: Tensor, views: int) -> Tensor:
    """Test-time augmentation: logits_NK, added up over a drawing as it is and other views of it."""
    others = (ask_each(run, drawings, matching, view).by(weight_M) for view in range(1, views))
    return sum(others, start=said.by(weight_M))


def gains_table(rows: list[Row]) -> str:
    """Against the member that is best on val; where there is no val, the first."""
    members = [row for row in rows if row.on_val is not None]
    best = max(members, key=lambda row: row.on_val or 0.0) if members else rows[0]
    lines = []
    for row in rows:
        counts = count(best.right_N, row.right_N)
        low, high = interval(counts)
        more = ["", "", "the best on val" if members else "the reference"]
        if row is not best:
            more = [f"{100 * counts.difference:+.2f}", f"{100 * low:+.2f} to {100 * high:+.2f}", verdict(low, high)]
        on_val = "-" if row.on_val is None else f"{row.on_val:.4f}"
        lines.append([row.name, on_val, f"{row.right_N.mean():.4f}", *more])
    return table(["", "val top-1", "top-1", "points more", "95 % interval", "verdict"], lines)
