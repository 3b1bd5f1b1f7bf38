"""The stroke format, stated once: drawing <-> flat points. What a model makes of them is its own (models/rows.py).

A *drawing* is a list of strokes, a stroke `[xs, ys]`, x to the right and y down, as in Quick, Draw! ndjson.
*Flat* is the same as arrays: `points` (P, 2) and `pen` (P,), which is 1 on the last point of each stroke.

Shape suffixes, here and everywhere: B batch, T points, C features, H hidden, K classes, P points of many drawings.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

CANVAS = 255  # the larger side of a canonical drawing
MIN_SIDE, MAX_MARGIN = 200, 55  # what `is_canonical` still takes for one

Drawing = Sequence[Sequence[Sequence[float]]]
Flat = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # points and pen of a canonical drawing
Ink = NDArray[np.uint8]  # (S, S): an image, 255 where there is most ink, 0 on paper
Drawn = Flat | Ink


def flatten(drawing: Drawing) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Strokes `[xs, ys]` (times, if any, are dropped) as one array of points and the pen beside it."""
    xs, ys = (list(chain.from_iterable([stroke[axis] for stroke in drawing])) for axis in (0, 1))
    pen = np.zeros(len(xs), np.uint8)
    for end in accumulate(len(stroke[0]) for stroke in drawing):
        pen[end - 1] = 1
    return np.ascontiguousarray(np.array([xs, ys], np.float64).T), pen


def unflatten(points: NDArray[Any], pen: NDArray[Any]) -> list[list[list[Any]]]:
    """The drawing `flatten` came from: a list of `[xs, ys]`."""
    ends = np.flatnonzero(pen) + 1
    return [stroke.T.tolist() for stroke in np.split(points, ends[:-1])]
