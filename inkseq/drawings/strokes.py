"""The stroke format, stated once: drawing <-> flat points. What a model makes of them is its own (models/rows.py).

A *drawing* is a list of strokes, a stroke `[xs, ys]`, x to the right and y down, as in Quick, Draw! ndjson.
*Flat* is the same as arrays: `points` (P, 2) and `pen` (P,), which is 1 on the last point of each stroke.

Shape suffixes, here and everywhere: B batch, T points, C features, H hidden, K classes, P points of many drawings.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CANVAS = 255  # the larger side of a canonical drawing
MIN_SIDE, MAX_MARGIN = 200, 55  # what `is_canonical` still takes for one

Drawing = Sequence[Sequence[Sequence[float]]]
Flat = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # points and pen of a canonical drawing


def flatten(drawing: Drawing) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Strokes `[xs, ys]` (times, if any, are dropped) as one array of points and the pen beside it."""
    points = np.concatenate([np.array(stroke[:2], np.float64).T for stroke in drawing])
    pen = np.zeros(len(points), np.uint8)
    pen[np.cumsum([len(stroke[0]) for stroke in drawing]) - 1] = 1
    return points, pen


def unflatten(points: NDArray[Any], pen: NDArray[Any]) -> list[list[list[Any]]]:
    """The drawing `flatten` came from: a list of `[xs, ys]`."""
    ends = np.flatnonzero(pen) + 1
    return [stroke.T.tolist() for stroke in np.split(points, ends[:-1])]


def is_canonical(points: NDArray[np.floating[Any]]) -> bool:
    """Whole numbers in 0..255 that fill the canvas: what simplification gives and need not be given again.

    Other devices draw in 0..255 too (a fifth of the UCI pen digits do), only smaller or elsewhere; hence the
    two margins. Ramer-Douglas-Peucker may cut a tip: of 13,300 simplified Quick, Draw! drawings the smallest
    spans 232, the farthest from the origin begins at 46.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    if low.min() < 0 or high.max() > CANVAS or (points != np.floor(points)).any():
        return False
    side = (high - low).max()
    return bool((low.max() <= MAX_MARGIN and side >= MIN_SIDE) or high.max() == 0)  # or a dot at the origin
