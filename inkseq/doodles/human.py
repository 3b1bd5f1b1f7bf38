"""What hands do to a drawing: hurry, tremble, tilt, forget, join, overshoot, start over, give up."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inkseq.doodles.pen import Floats, Mask, Pen

STEP = 0.045  # between the points of the drawn line, where a drawing is about 2 across
# How far one stroke is off its place for a person with a mess of 1: shift x and y, growth, turn, and how far
# its beginning and end miss where they should be.
PLACING = np.array([0.042, 0.042, 0.13, 0.06, 0.05, 0.05])
NOISE = 4096  # normal numbers that all the strokes of a block share, each from its own place


class Ink(NamedTuple):
    """N drawings as flat points (see strokes.py): drawing i is `points[offsets[i]:offsets[i + 1]]`."""

    points: Floats
    pen: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    recognized: Mask


class PenStrokes(NamedTuple):
    """A table of strokes, one row each: which drawing, which place in it, which points."""

    drawing: NDArray[np.int64]
    order: Floats
    first: NDArray[np.int64]
    length: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64] | Mask) -> "PenStrokes":
        return PenStrokes(self.drawing[rows], self.order[rows], self.first[rows], self.length[rows])


def by_hand(pen: Pen) -> Ink:
    """What `pen.count` people make of the strokes that the pen was told to draw."""
    rng, count = pen.rng, pen.count

    # ---- who is drawing: the more strokes a drawing wants, the more people fail at it -------------------
    wanted = np.bincount(np.concatenate([stroke.rows for stroke in pen.strokes]), minlength=count)
    scrawled = rng.random(count) < np.clip(0.035 + 0.009 * wanted, 0, 0.2)
    haste = rng.beta(2, 3, count)
    mess = (0.35 + 1.1 * haste) * np.exp(rng.normal(0, 0.35, count)) * np.where(scrawled, 2.2, 1)

    # ---- which strokes, in which order, which way, with the pen lifted or not ---------------------------
    _stray_marks(pen, scrawled, mess)
    points, strokes = _table(pen)
    strokes = strokes.take(_not_left_out(strokes, rng, haste, scrawled))
    strokes = strokes.take(_drawn_again(strokes, rng))
    strokes = strokes.take(_in_own_order(strokes, rng, count))
    num_strokes = len(strokes.drawing)
    contrary = np.where(rng.random(count) < 0.15, 0.5, 0.07)
    backwards = rng.random(num_strokes) < contrary[strokes.drawing]
    lifted = _lifted(points, strokes, backwards, rng, count)

    # ---- the line itself --------------------------------------------------------------------------------
    stroke_mess = mess[strokes.drawing]
    placed = rng.normal(0, 1, (num_strokes, 6)) * stroke_mess[:, None] * PLACING
    rounding = np.minimum(9 * haste**1.5 * rng.uniform(0.3, 1.3, count), 9).astype(np.int64)
    drawn, ends = _redraw(
        points, strokes.first, strokes.length, backwards, placed, stroke_mess, rounding[strokes.drawing],
        rng.normal(0, 1, NOISE), rng.integers(0, NOISE, num_strokes),
    )  # fmt: skip
    drawing_of_point = np.repeat(strokes.drawing, np.diff(ends, prepend=0))
    _lean(drawn, drawing_of_point, pen, mess)
    pens = np.zeros(len(drawn), np.uint8)
    pens[ends[lifted] - 1] = 1
    offsets = np.searchsorted(drawing_of_point, np.arange(count + 1))
    return Ink(drawn, pens, offsets, ~scrawled)


def _stray_marks(pen: Pen, scrawled: Mask, mess: Floats) -> None:
    """Strokes that no program asked for: the ground, a slip of the pen, a crossing out."""
    ground = pen.maybe(0.015)
    ground.line(pen.between(-1.3, -0.9), pen.around(1, 0.05), pen.between(0.9, 1.3), pen.around(1, 0.05))
    slip = pen.only(pen.rng.random(pen.count) < 0.025 * mess)
    x, y = pen.around(0, 0.6), pen.around(0, 0.6)
    slip.line(x, y, x + pen.around(0, 0.12), y + pen.around(0, 0.12))
    spoilt = pen.only(scrawled).maybe(0.3)
    spoilt.scribble(pen.around(0, 0.4), pen.around(0, 0.4), pen.between(0.2, 0.9), pen.between(0.1, 0.5))


def _table(pen: Pen) -> tuple[Floats, PenStrokes]:
    """All the points of the block end to end, and where each stroke's are."""
    length = np.concatenate([np.full(len(rows), points.shape[1]) for points, rows in pen.strokes])
    return np.concatenate([points.reshape(-1, 2) for points, _ in pen.strokes]), PenStrokes(
        drawing=np.concatenate([rows for _, rows in pen.strokes]),
        order=np.concatenate([np.full(len(s.rows), place, np.float64) for place, s in enumerate(pen.strokes)]),
        first=np.cumsum(length) - length,
        length=length,
    )


def _place(strokes: PenStrokes) -> NDArray[np.int64]:
    """0, 1, 2, ... within each drawing, by the strokes' order."""
    by_drawing = np.lexsort((strokes.order, strokes.drawing))
    sorted_drawing = strokes.drawing[by_drawing]
    place = np.empty(len(by_drawing), np.int64)
    place[by_drawing] = np.arange(len(by_drawing)) - np.searchsorted(sorted_drawing, sorted_drawing)
    return place


def _not_left_out(strokes: PenStrokes, rng: np.random.Generator, haste: Floats, scrawled: Mask) -> Mask:
    """Some strokes are forgotten; others never come, as the clock ran out or the guess was right."""
    count = len(haste)
    forgotten = np.where(scrawled, 0.2, 0.045 * haste)[strokes.drawing]
    stops_early = rng.random(count) < np.where(scrawled, 0.5, 0.1)
    part = np.where(stops_early, rng.uniform(0.15, 0.95, count), 1.0)
    enough = np.ceil(part * np.bincount(strokes.drawing, minlength=count))[strokes.drawing]
    place = _place(strokes)
    left_out: Mask = (place > 0) & ((place >= enough) | (rng.random(len(place)) < forgotten))
    return ~left_out


def _drawn_again(strokes: PenStrokes, rng: np.random.Generator) -> NDArray[np.int64]:
    """Some strokes twice: the line was not good enough the first time."""
    again = rng.random(len(strokes.drawing)) < 0.012
    return np.repeat(np.arange(len(again)), 1 + again)


def _in_own_order(strokes: PenStrokes, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Drawing by drawing, each in nearly the usual order; one in twelve follows an order of their own."""
    disorder = np.where(rng.random(count) < 0.08, 5.0, rng.exponential(0.35, count))
    order = strokes.order + disorder[strokes.drawing] * rng.normal(0, 1, len(strokes.order))
    return np.lexsort((order, strokes.drawing))


def _lifted(points: Floats, strokes: PenStrokes, backwards: Mask, rng: np.random.Generator, count: int) -> Mask:
    """Whether the pen goes up after each stroke: it stays down on a short way for some, on any for a few."""
    first, last = points[strokes.first], points[strokes.first + strokes.length - 1]
    start = np.where(backwards[:, None], last, first)
    stop = np.where(backwards[:, None], first, last)
    way = np.hypot(*(start[1:] - stop[:-1]).T)
    fluent = rng.beta(1, 2.5, count)[strokes.drawing[1:]]
    never_lifts = (rng.random(count) < 0.02)[strokes.drawing[1:]]
    joined = rng.random(len(way)) < np.where(never_lifts, 0.6, fluent * np.exp(-way / 0.12) + 0.004)
    return np.append(~joined | (strokes.drawing[1:] != strokes.drawing[:-1]), True)


def _lean(points: Floats, drawing: NDArray[np.int64], pen: Pen, mess: Floats) -> None:
    """In place: turn, slant, stretch and bend each whole drawing; mirror those that face the other way."""
    rng, count = pen.rng, pen.count
    turn = np.radians(pen.turned + rng.normal(0, 4 + 4 * mess))
    slant, stretch = rng.normal(0, 0.1, count), np.exp(rng.normal(0, 0.14, count))
    bend = np.clip(rng.normal(0, 0.1, (count, 4)), -0.25, 0.25)
    _transform(points, drawing, pen.facing, turn, slant, stretch, bend)


@njit(cache=True)
def _transform(
    points: Floats,
    drawing: NDArray[np.int64],
    facing: Floats,
    turn: Floats,
    slant: Floats,
    stretch: Floats,
    bend: Floats,
) -> None:
    for p in range(len(points)):
        d = drawing[p]
        x, y = points[p, 0], points[p, 1]
        x, y = x + bend[d, 0] * x * y + bend[d, 1] * y * y, y + bend[d, 2] * x * y + bend[d, 3] * x * x
        x, y = (x + slant[d] * y) * stretch[d], y / stretch[d]
        cos, sin = np.cos(turn[d]), np.sin(turn[d])
        points[p, 0] = (x * cos - y * sin) * facing[d]
        points[p, 1] = x * sin + y * cos


@njit(cache=True)
def _redraw(
    points: Floats,
    first: NDArray[np.int64],
    length: NDArray[np.int64],
    backwards: Mask,
    placed: Floats,
    mess: Floats,
    rounding: NDArray[np.int64],
    noise: Floats,
    phase: NDArray[np.int64],
) -> tuple[Floats, NDArray[np.int64]]:
    """Every stroke once more, in even steps, by an unsteady hand: the new points and each stroke's end."""
    count = len(first)
    ways = np.empty(count)
    steps = np.empty(count, np.int64)
    for s in range(count):
        way = 0.0
        for p in range(first[s] + 1, first[s] + length[s]):
            way += np.hypot(points[p, 0] - points[p - 1, 0], points[p, 1] - points[p - 1, 1])
        ways[s] = way
        steps[s] = min(max(int(way / STEP), 5), 200)
    ends = np.cumsum(steps + 1)
    out = np.empty((ends[-1], 2))
    for s in range(count):
        line = out[ends[s] - steps[s] - 1 : ends[s]]
        _trace(points[first[s] : first[s] + length[s]], line, ways[s], backwards[s], placed[s, 4], placed[s, 5])
        _round_corners(line, rounding[s])
        _place_stroke(line, placed[s])
        _tremble(line, ways[s], mess[s], noise, phase[s])
    return out, ends


@njit(cache=True)
def _trace(path: Floats, line: Floats, way: float, backwards: bool, early: float, late: float) -> None:
    """`line` in even steps along the path, beginning and ending a little off; a closed path goes on round."""
    last = len(path) - 1
    closed = last > 2 and np.hypot(path[0, 0] - path[last, 0], path[0, 1] - path[last, 1]) < 0.02 * way
    begin = min(max(early, -0.15 * way), 0.15 * way)
    end = way + min(max(late, -0.15 * way), 0.15 * way)
    if closed:
        begin, end = 0.0, way + min(max(2.5 * late, -0.06 * way), 0.18 * way)
    steps = len(line) - 1
    corner, before = 0, 0.0  # the last corner passed, and the way up to it
    span = np.hypot(path[1, 0] - path[0, 0], path[1, 1] - path[0, 1])
    for k in range(steps + 1):
        at = begin + (end - begin) * k / steps
        while at > before + span and (closed or corner < last - 1):
            before += span
            corner = (corner + 1) % last
            span = np.hypot(path[corner + 1, 0] - path[corner, 0], path[corner + 1, 1] - path[corner, 1])
        part = (at - before) / max(span, 1e-9)  # below 0 or above 1 goes straight on past the ends
        to = steps - k if backwards else k
        for axis in range(2):
            line[to, axis] = path[corner, axis] + part * (path[corner + 1, axis] - path[corner, axis])


@njit(cache=True)
def _round_corners(line: Floats, passes: int) -> None:
    """Each pass averages every point with its neighbours: a hasty hand cuts the corners."""
    for _ in range(passes):
        px, py = line[0, 0], line[0, 1]
        for k in range(1, len(line) - 1):
            x, y = line[k, 0], line[k, 1]
            line[k, 0] = 0.25 * px + 0.5 * x + 0.25 * line[k + 1, 0]
            line[k, 1] = 0.25 * py + 0.5 * y + 0.25 * line[k + 1, 1]
            px, py = x, y


@njit(cache=True)
def _place_stroke(line: Floats, placed: Floats) -> None:
    """Shift, grow and turn one stroke about its middle."""
    middle_x, middle_y = line[:, 0].mean(), line[:, 1].mean()
    growth = np.exp(placed[2])
    cos, sin = growth * np.cos(placed[3]), growth * np.sin(placed[3])
    for k in range(len(line)):
        x, y = line[k, 0] - middle_x, line[k, 1] - middle_y
        line[k, 0] = x * cos - y * sin + middle_x + placed[0]
        line[k, 1] = x * sin + y * cos + middle_y + placed[1]


@njit(cache=True)
def _tremble(line: Floats, way: float, mess: float, noise: Floats, phase: int) -> None:
    """Add a slow drift and a fast tremor, each a smooth curve through random numbers."""
    small = min(1.0, way)  # small strokes are drawn with the fingers, and better
    for octave in range(2):
        apart = 0.4 if octave == 0 else 0.11  # of the way between two random numbers
        height = mess * small * (0.032 if octave == 0 else 0.007)
        for k in range(len(line)):
            at = way * k / (len(line) - 1) / (apart * max(small, 0.4))
            knot = int(at)
            part = at - knot
            part = part * part * (3 - 2 * part)
            for axis in range(2):
                n = phase + 2 * knot + axis + octave * 1000
                line[k, axis] += height * (noise[n % NOISE] * (1 - part) + noise[(n + 2) % NOISE] * part)
