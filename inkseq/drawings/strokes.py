"""The stroke format, stated once: drawing <-> flat points. What a model makes of them is its own (models/rows.py).

A *drawing* is a list of strokes, a stroke `[xs, ys]`, x to the right and y down, as in Quick, Draw! ndjson.
*Flat* is the same as arrays: `points` (P, 2) and `pen` (P,), which is 1 on the last point of each stroke.

Shape suffixes, here and everywhere: B batch, T points, C features, H hidden, K classes, P points of many drawings.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

CANVAS = 255  # the larger side of a canonical drawing
MIN_SIDE, MAX_MARGIN = 200, 55  # what `is_canonical` still takes for one

Drawing = Sequence[Sequence[Sequence[float]]]
Flat = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # points and pen of a canonical drawing


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


@njit(cache=True)
def is_canonical(points: Any) -> Any:
    """Whole numbers in 0..255 that fill the canvas: what simplification gives and need not be given again.

    Other devices draw in 0..255 too (a fifth of the UCI pen digits do), only smaller or elsewhere; hence the
    two margins. Ramer-Douglas-Peucker may cut a tip: of 13,300 simplified Quick, Draw! drawings the smallest
    spans 232, the farthest from the origin begins at 46.
    """
    left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
    for x, y in points:
        if x != np.floor(x) or y != np.floor(y):
            return False
        left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    if min(left, top) < 0 or max(right, bottom) > CANVAS:
        return False
    fills = max(left, top) <= MAX_MARGIN and max(right - left, bottom - top) >= MIN_SIDE
    return fills or max(right, bottom) == 0  # or a dot at the origin
