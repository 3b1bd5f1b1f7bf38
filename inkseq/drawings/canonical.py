"""What counts as a drawing, and any strokes made canonical: as `convert` does it, so does everybody who asks."""

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from inkseq.config import Simplify
from inkseq.drawings.simplify import simplify
from inkseq.drawings.strokes import CANVAS, MAX_MARGIN, MIN_SIDE, Flat, flatten

AnyStrokes = Iterable[Iterable[ArrayLike]]  # each [xs, ys] or [xs, ys, times], be it lists, tuples or arrays

MAX_COORDINATE = 1e9  # beyond it no device draws, and differences lose whole pixels
MAX_STROKES = 10_000
MAX_WRONG = 50_000  # lines or elements one after another that are no drawings: a few bytes may be millions of those
MAX_POINTS = 10_000  # of a canonical drawing: twenty times what people draw, and memory grows with them


class Rejected(Exception):  # noqa: N818 - not an error of the program
    """A line that is no drawing, and why."""


class Damaged(Rejected):
    """The rest of a file that breaks off or makes no sense, and why."""


def refusal(error: Exception) -> Rejected:
    """Why a document is none, which reading it raised. Anything but Rejected is our fault, which stops nobody: others
    are read on, and where it was is said on the side. What the system or the memory refuses goes on up.
    """
    if isinstance(error, Rejected):
        return error
    if isinstance(error, OSError | MemoryError):
        raise error
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    print(f"inkseq: a drawing could not be read: {where} raised {repr(error)[:200]}", file=sys.stderr)
    return Damaged(f"cannot be read ({type(error).__name__})")


def canonical(strokes: AnyStrokes) -> Flat:
    """Points and pen of any strokes, simplified unless they are already: as `convert` does it."""
    try:
        # Lists, tuples and arrays alike become lists of Python's own numbers.
        return read_drawing([[np.asarray(column).tolist() for column in stroke] for stroke in strokes])
    except (Rejected, TypeError, ValueError) as reason:
        raise ValueError(f"this is no drawing: {reason}") from None


def read_drawing(drawing: Any, mode: Simplify = Simplify.auto) -> Flat:
    """The same of strokes as JSON gives them, in lists; raises Rejected."""
    if isinstance(drawing, list) and len(drawing) > MAX_STROKES:
        raise Rejected(f"more than {MAX_STROKES:,} strokes")
    return check_size(*make_canonical(drawing, mode))


def check_size(points: NDArray[np.uint8], pen: NDArray[np.uint8]) -> Flat:
    """A canonical drawing, if it is not too long to be named."""
    if len(points) > MAX_POINTS:
        raise Rejected(f"more than {MAX_POINTS:,} points, simplified")
    return points, pen


def make_canonical(drawing: Any, mode: Simplify) -> Flat:
    """A drawing simplified as told, of any size: a list of `[xs, ys]` or `[xs, ys, ts]`. Raises Rejected."""
    if drawing is None:
        raise Rejected("no drawing")
    if not isinstance(drawing, list):
        raise Rejected("drawing is not a list of strokes")
    if not drawing:
        raise Rejected("empty drawing")
    for stroke in drawing:
        _check_stroke(stroke)
    try:
        points, pen = flatten(drawing)
    except OverflowError:
        raise Rejected("coordinate too large") from None
    return canonical_points(points, pen, mode, any(len(stroke) == 3 for stroke in drawing))


def canonical_points(
    points: NDArray[np.float64], pen: NDArray[np.uint8], mode: Simplify, has_times: bool = False
) -> Flat:
    """The same of points and pen; `auto` leaves alone what is canonical already."""
    largest = _largest(points)
    if not largest < np.inf:
        raise Rejected("coordinate is not finite")
    if largest > MAX_COORDINATE:
        raise Rejected("coordinate too large")
    if mode is Simplify.always or (mode is Simplify.auto and (has_times or not is_canonical(points))):
        try:
            return simplify(points, pen)
        except ValueError as error:
            raise Rejected(str(error)) from None
    whole = points.astype(np.uint8) if points.min() >= 0 and points.max() <= CANVAS else None
    if whole is None or (whole != points).any():
        raise Rejected("coordinates are not whole numbers in 0..255 (and simplify=never)")
    return whole, pen


@njit(cache=True)
def _largest(points: Any) -> Any:
    """The largest magnitude of a coordinate, infinite where one is none. (Small arrays cost NumPy microseconds.)"""
    largest = 0.0
    for x, y in points:
        if not (abs(x) < np.inf and abs(y) < np.inf):
            return np.inf
        largest = max(largest, abs(x), abs(y))
    return largest


def _check_stroke(stroke: Any) -> None:
    if not isinstance(stroke, list) or len(stroke) not in (2, 3) or {type(column) for column in stroke} != {list}:
        raise Rejected("stroke is not [xs, ys] or [xs, ys, times]")
    if len({len(column) for column in stroke}) != 1:
        raise Rejected("x and y of different length")
    if not stroke[0]:
        raise Rejected("empty stroke")
    if not {type(value) for column in stroke[:2] for value in column} <= {int, float}:
        raise Rejected("coordinate is not a number")


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
