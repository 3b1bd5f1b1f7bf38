"""The rasteriser of a CPU: one drawing after the other, and of each line only the pixels that it can reach.

Loops that Numba makes machine code of; the inner ones have no branches, so that they do many pixels at once (SIMD).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FAST = {"nnan", "ninf", "nsz", "contract", "reassoc", "arcp"}
LEVEL = np.float32(1e-3)  # pixels; a line that climbs less is level
LEAST = np.float32(1e-9)


@njit(cache=True, nogil=True, fastmath=FAST)
def paint(from_BT2: Floats, to_BT2: Floats, value_BTA: Floats, reach: float, picture_BCYX: Floats) -> None:
    """As `raster.paint`, into `picture_BCYX`; `reach` is how far from its middle a line is seen."""
    num_values, size = value_BTA.shape[2], picture_BCYX.shape[3]
    weight_YX, cover_X = np.empty((size, size), np.float32), np.empty(size, np.float32)
    for b in range(len(picture_BCYX)):
        picture_CYX = picture_BCYX[b]
        picture_CYX[:] = 0
        weight_YX[:] = LEAST
        for t in range(from_BT2.shape[1]):
            line = from_BT2[b, t, 0], from_BT2[b, t, 1], to_BT2[b, t, 0], to_BT2[b, t, 1]
            _paint_line(line, value_BTA[b, t], np.float32(reach), picture_CYX, weight_YX, cover_X)
        for y in range(size if num_values else 0):
            for x in range(size):
                cover_X[x] = picture_CYX[0, y, x] / weight_YX[y, x]
            for a in range(num_values):
                for x in range(size):
                    picture_CYX[1 + a, y, x] *= cover_X[x]


@njit(cache=True, nogil=True, fastmath=FAST)
def _paint_line(
    line: tuple[np.float32, np.float32, np.float32, np.float32],
    value_A: Floats,
    reach: np.float32,
    picture_CYX: Floats,
    weight_YX: Floats,
    cover_X: Floats,
) -> None:
    """One line, row by row from where its round ends begin to where they end."""
    from_x, from_y, to_x, to_y = line
    way_x, way_y = to_x - from_x, to_y - from_y
    zero, one, last = np.float32(0), np.float32(1), np.float32(len(cover_X) - 1)
    square = way_x * way_x + way_y * way_y
    inverse = one / max(square, LEAST)
    # What a row has of the line lies within `half` of where its middle crosses the row: all of it, where it is level.
    level = abs(way_y) < LEVEL
    slope = zero if level else way_x / way_y
    half = last if level else reach * math.sqrt(square) / abs(way_y)
    left, right = max(min(from_x, to_x) - reach, zero), min(max(from_x, to_x) + reach, last)
    top, bottom = max(min(from_y, to_y) - reach, zero), min(max(from_y, to_y) + reach, last)
    middle = max(min(from_x, last), zero) if level else zero
    for y in range(int(top), int(bottom) + 1):
        off_y = np.float32(y) - from_y
        if not level:
            middle = from_x + off_y * slope
        first, end = int(max(left, middle - half)), int(min(right, middle + half)) + 1
        part_y = off_y * way_y
        for x in range(first, end):
            off_x = np.float32(x) - from_x
            along = min(max((off_x * way_x + part_y) * inverse, zero), one)
            away_x, away_y = off_x - along * way_x, off_y - along * way_y
            cover = max(min(reach - math.sqrt(away_x * away_x + away_y * away_y), one), zero)
            cover_X[x] = cover
            picture_CYX[0, y, x] = max(picture_CYX[0, y, x], cover)
        for x in range(first, end if len(value_A) else first):
            weight_YX[y, x] += cover_X[x]
        for a in range(len(value_A)):
            for x in range(first, end):
                picture_CYX[1 + a, y, x] += cover_X[x] * value_A[a]
