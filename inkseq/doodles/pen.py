"""A pen that draws N drawings of one class at a time.

A class is a short program for a `Pen`. Coordinates are about -1..1, x to the right and y down, angles are
degrees clockwise from the right. Every number may be a float or an (N,) array, one value a drawing.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Value = float | Floats
Point = tuple[Value, Value]

ROUND = 24  # points of a full turn: enough, as a hand adds more error than the polygon


class Stroke(NamedTuple):
    """The same stroke in the drawings that have it: points (n, T, 2) and the n drawings' rows."""

    points: Floats
    rows: NDArray[np.int64]


class Pen:
    """Strokes for the drawings in `rows`; `maybe`, `styles` and `each` give pens for some of these rows."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        self.rng = rng
        self.count = count
        self.rows = np.arange(count)
        self.strokes: list[Stroke] = []
        self.facing = np.ones(count)  # -1 mirrors the whole drawing
        self.turned = np.zeros(count)  # degrees the whole drawing is turned by

    # ---- choices: each returns one value a drawing, whichever rows this pen draws -----------------------

    def between(self, low: float, high: float) -> Floats:
        return self.rng.uniform(low, high, self.count)

    def around(self, middle: float, spread: float) -> Floats:
        return self.rng.normal(middle, spread, self.count)

    def pick(self, *values: float) -> Floats:
        return self.rng.choice(np.array(values, np.float64), self.count)

    # ---- pens for some of the drawings ------------------------------------------------------------------

    def only(self, mask: Mask) -> "Pen":
        """For those of this pen's drawings where the mask, one value a drawing, is true."""
        pen = Pen.__new__(Pen)
        pen.__dict__.update(self.__dict__)  # the same sheets of paper, fewer of them
        pen.rows = self.rows[mask[self.rows]]
        return pen

    def maybe(self, probability: float) -> "Pen":
        return self.only(self.rng.random(self.count) < probability)

    def styles(self, *weights: float) -> "list[Pen]":
        """Each drawing in exactly one style."""
        shares = np.cumsum(weights) / np.sum(weights)
        style = np.searchsorted(shares, self.rng.random(self.count), side="right")
        return [self.only(style == number) for number in range(len(weights))]

    def each(self, count: Value) -> "Iterator[tuple[int, Pen]]":
        """(k, pen) for k = 0, 1, ...: the pen for the drawings that have more than k of something."""
        counts = np.broadcast_to(count, self.count)
        for number in range(int(counts.max())):
            yield number, self.only(counts > number)

    def both(self, other: "Pen") -> "Pen":
        """For the drawings that this pen and the other one draw."""
        return self.only(np.isin(np.arange(self.count), other.rows))

    def without(self, other: "Pen") -> "Pen":
        """For the drawings of this pen that the other one does not draw."""
        return self.only(np.isin(np.arange(self.count), other.rows, invert=True))

    # ---- the whole drawing ------------------------------------------------------------------------------

    def face_either_way(self, mirrored: float = 0.5) -> None:
        self.facing[self.rows] = np.where(self.rng.random(len(self.rows)) < mirrored, -1.0, 1.0)

    def turn(self, spread: float, middle: float = 0) -> None:
        """Turn the whole drawing by about this many degrees: for things that lie any way up."""
        self.turned[self.rows] = self.rng.normal(middle, spread, len(self.rows))

    # ---- strokes ----------------------------------------------------------------------------------------

    def stroke(self, points: Floats) -> None:
        """Points (n, T, 2) for the n rows of this pen."""
        if len(self.rows):
            self.strokes.append(Stroke(points, self.rows))

    def path(self, *corners: Point) -> None:
        """Straight lines from corner to corner."""
        self.stroke(self._controls(corners))

    def loop(self, *corners: Point) -> None:
        """A path back to where it began."""
        self.path(*corners, corners[0])

    def line(self, x0: Value, y0: Value, x1: Value, y1: Value) -> None:
        self.path((x0, y0), (x1, y1))

    def box(self, x0: Value, y0: Value, x1: Value, y1: Value) -> None:
        """A rectangle, drawn down the left side first, as most hands do."""
        self.loop((x0, y0), (x0, y1), (x1, y1), (x1, y0))

    def curve(self, *through: Point) -> None:
        """A smooth line through the points."""
        self.stroke(_smooth(len(through), False) @ self._controls(through))

    def blob(self, *through: Point) -> None:
        """A smooth closed line through the points."""
        self.stroke(_smooth(len(through), True) @ self._controls(through))

    def arc(self, x: Value, y: Value, rx: Value, ry: Value, start: Value, stop: Value) -> None:
        """Part of an oval, from angle to angle: 0 is right, 90 is down, 180 is left, 270 is up."""
        begin, end = self._column(start), self._column(stop)
        angle = np.radians(begin + (end - begin) * np.linspace(0, 1, ROUND + 1))
        self._plot(x, y, self._column(rx) * np.cos(angle), self._column(ry) * np.sin(angle))

    def oval(self, x: Value, y: Value, rx: Value, ry: Value) -> None:
        """A whole oval from about the top, against the clock, as most hands do."""
        top = self.around(-80, 25)
        self.arc(x, y, rx, ry, top, top - 360)

    def circle(self, x: Value, y: Value, radius: Value) -> None:
        self.oval(x, y, radius, radius)

    def polar(self, x: Value, y: Value, rx: Value, ry: Value, radius: Callable[[Floats], Floats]) -> None:
        """Once around, `radius(angle)` times the oval, for angles in radians from the top."""
        angle = np.linspace(-np.pi / 2, 1.5 * np.pi, 4 * ROUND + 1)[None]
        far = radius(angle)
        self._plot(x, y, self._column(rx) * far * np.cos(angle), self._column(ry) * far * np.sin(angle))

    def bumpy(self, x: Value, y: Value, rx: Value, ry: Value, bumps: Value, depth: Value = 0.35) -> None:
        """An outline of round bumps: a cloud when they are shallow, petals when they are deep."""
        waves, depth = np.round(self._column(bumps)), self._column(depth)
        turned = self._column(self.between(0, np.pi))
        self.polar(x, y, rx, ry, lambda angle: 1 - depth + depth * np.abs(np.sin(waves * angle / 2 + turned)))

    def spiky(self, x: Value, y: Value, inner: Value, outer: Value, spikes: int) -> None:
        """An outline of spikes: a star."""
        corner = np.arange(2 * spikes + 1)
        far = np.where(corner % 2 == 0, self._column(outer), self._column(inner))
        angle = np.pi * (corner / spikes - 0.5)
        self._plot(x, y, far * np.cos(angle), far * np.sin(angle))

    def spiral(self, x: Value, y: Value, radius: Value, turns: Value, start: Value = 0.0) -> None:
        """From the middle outwards."""
        part = np.linspace(0.04, 1, 72)
        angle = np.radians(self._column(start)) + 2 * np.pi * self._column(turns) * (part - 1)
        far = self._column(radius) * part
        self._plot(x, y, far * np.cos(angle), far * np.sin(angle))

    def zigzag(self, x0: Value, y0: Value, x1: Value, y1: Value, height: Value, teeth: int) -> None:
        """From one point to another in straight teeth."""
        self._along(x0, y0, x1, y1, height, np.tile([1.0, -1.0], teeth), np.linspace(0, 1, 2 * teeth))

    def wave(self, x0: Value, y0: Value, x1: Value, y1: Value, height: Value, waves: Value) -> None:
        """From one point to another in round waves."""
        part = np.linspace(0, 1, 64)
        self._along(x0, y0, x1, y1, height, np.sin(2 * np.pi * self._column(waves) * part), part)

    def dot(self, x: Value, y: Value, size: Value = 0.03) -> None:
        """A dot, a tick or a tiny ring: whatever this person does for a small eye."""
        dotted, ringed = self.styles(0.5, 0.5)
        angle, size = self.between(0, 2 * np.pi), self._all(size).ravel()
        dotted.line(x, y, x + size * np.cos(angle), y + size * np.sin(angle))
        ringed.circle(x, y, size)

    def rays(self, x: Value, y: Value, near: Value, far: Value, count: Value) -> None:
        """Lines outwards, evenly around a point."""
        for number, pen in self.each(count):
            angle = 2 * np.pi * number / count
            cos, sin = np.cos(angle), np.sin(angle)
            pen.line(x + near * cos, y + near * sin, x + far * cos, y + far * sin)

    def scribble(self, x: Value, y: Value, rx: Value, ry: Value, teeth: int = 4) -> None:
        """Filled in by going to and fro."""
        self.zigzag(x - rx, y, x + rx, y, ry, teeth)

    # ---- the rows of this pen ---------------------------------------------------------------------------

    def _all(self, value: Value) -> Floats:
        """One value for each of the N drawings, as a column."""
        return np.broadcast_to(np.asarray(value, np.float64), self.count)[:, None]

    def _column(self, value: Value) -> Floats:
        """One value for each of this pen's rows, as a column."""
        return self._all(value)[self.rows]

    def _controls(self, corners: tuple[Point, ...]) -> Floats:
        points = np.empty((len(self.rows), len(corners), 2))
        for number, corner in enumerate(corners):
            for axis, value in enumerate(corner):
                points[:, number, axis] = value[self.rows] if isinstance(value, np.ndarray) else value
        return points

    def _plot(self, x: Value, y: Value, across: Floats, down: Floats) -> None:
        self.stroke(np.stack([self._column(x) + across, self._column(y) + down], axis=-1))

    def _along(self, x0: Value, y0: Value, x1: Value, y1: Value, height: Value, side: Floats, part: Floats) -> None:
        """Points `part` of the way from one end to the other, `side` times the height off the straight."""
        dx, dy = self._column(x1) - self._column(x0), self._column(y1) - self._column(y0)
        off = self._column(height) * side / np.maximum(np.hypot(dx, dy), 1e-9)
        self._plot(x0, y0, dx * part - dy * off, dy * part + dx * off)


def both_sides(*half: Point) -> tuple[Point, ...]:
    """An outline that is the same left and right: the points of one half, then their mirror images back again."""
    return (*half, *((-x, y) for x, y in reversed(half)))


@lru_cache
def _smooth(controls: int, closed: bool, steps: int = 6) -> Floats:
    """The matrix from control points to a Catmull-Rom curve through them, `steps` points a segment."""
    part = np.arange(steps) / steps
    # How much the controls before, at, after and after next weigh at each part of a segment.
    basis = np.stack(
        [
            -0.5 * part + part**2 - 0.5 * part**3,
            1 - 2.5 * part**2 + 1.5 * part**3,
            0.5 * part + 2 * part**2 - 1.5 * part**3,
            -0.5 * part**2 + 0.5 * part**3,
        ],
        axis=1,
    )
    segments = controls if closed else controls - 1
    matrix = np.zeros((segments * steps + 1, controls))
    for segment in range(segments):
        for neighbour in range(4):
            control = segment + neighbour - 1
            control = control % controls if closed else min(max(control, 0), controls - 1)
            matrix[segment * steps : (segment + 1) * steps, control] += basis[:, neighbour]
    matrix[-1, 0 if closed else -1] = 1
    return matrix
