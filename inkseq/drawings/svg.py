"""SVG: what a document draws, as strokes, one a subpath.

Read are path, line, polyline, polygon, rect, circle and ellipse in groups, with transforms and `use`. A fill is its
outline. Left out are text, images, what is hidden, and the paper: a rectangle without a stroke that holds everything
else. Not read are style sheets, clips, lengths in per cent, and viewBoxes: the outer one says nothing about a drawing,
which is brought to the same size anyway.
"""

import math
import re
from functools import cache, partial
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from inkseq.drawings.canonical import MAX_STROKES, Rejected
from inkseq.drawings.svg_path import Complexes, numbers_in, subpaths
from inkseq.drawings.svg_shapes import length, path_data

MAX_VISITED = 10_000  # elements, those that `use` repeats counted again
MAX_POINTS = 1_000_000
CONTAINERS = ("svg", "g", "a", "switch")
TRANSFORM = re.compile(r"(matrix|translate|scale|rotate|skewX|skewY)\s*+\(([^()]*+)\)")

Matrix = NDArray[np.float64]  # 3 x 3
Polyline = NDArray[np.float64]  # (P, 2)


class Own(NamedTuple):
    """What an element says by itself, wherever it is drawn."""

    is_hidden: bool
    paint: str  # of strokes, '' where it says none
    place: Matrix
    inside: list[Element]  # or what it uses


class Shape(NamedTuple):
    lines: list[Polyline]
    may_be_paper: bool


def strokes(root: Element) -> list[list[list[float]]]:
    """Strokes `[xs, ys]` in the order they are drawn; raises Rejected."""
    with np.errstate(all="ignore"):  # what is not finite is refused with its reason later
        shapes = _without_paper(_shapes(root))
    return [points.T.tolist() for shape in shapes for points in shape.lines]


def _shapes(root: Element) -> list[Shape]:
    """All that is drawn. Without recursion: `use` may go in circles."""
    by_id = {element.get("id"): element for element in root.iter()}
    own, lines = cache(partial(_own, by_id=by_id)), cache(_lines)  # read once, however often `use` repeats them
    pending = [(root, np.eye(3), "none")]  # elements, their place and the paint of strokes; the next one last
    shapes: list[Shape] = []
    visited = num_strokes = num_points = 0
    while pending:
        element, place, paint = pending.pop()
        inherited = own(element)
        if inherited.is_hidden:
            continue
        place, paint = place @ inherited.place, inherited.paint or paint
        visited += len(inherited.inside)
        is_bare = element.tag == "rect" and paint == "none"
        if not (is_bare and "%" in element.get("width", "")):  # as wide as the page: paper
            drawn = lines(element)
            num_strokes += len(drawn)
            num_points += sum(map(len, drawn))
            shapes.append(Shape([_placed(points, place) for points in drawn], is_bare))
        if visited > MAX_VISITED or num_strokes > MAX_STROKES or num_points > MAX_POINTS:
            most = f"{MAX_VISITED:,} elements, {MAX_STROKES:,} strokes or {MAX_POINTS:,} points"
            raise Rejected(f"more than {most} are drawn")
        pending += [(child, place, paint) for child in reversed(inherited.inside)]
    return [shape for shape in shapes if shape.lines]


def _own(element: Element, by_id: dict[str | None, Element]) -> Own:
    style = _style(element)
    place = _transform(style["transform"]) if "transform" in style else np.eye(3)
    inside = list(element) if element.tag in CONTAINERS else []
    if element.tag == "use":
        place = place @ _translation(length(element, "x"), length(element, "y"))
        target = by_id.get(element.get("href", "").removeprefix("#"))
        inside = [] if target is None else list(target) if target.tag == "symbol" else [target]
    is_hidden = style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse")
    return Own(is_hidden, style.get("stroke", ""), place, inside)


def _lines(element: Element) -> list[Complexes]:
    return subpaths(path_data(element))


def _without_paper(shapes: list[Shape]) -> list[Shape]:
    """All but the rectangles that only show where the drawing ends; all, if there is nothing else."""
    ink = [shape for shape in shapes if not shape.may_be_paper]
    if not ink:
        return shapes
    points = np.concatenate([points for shape in ink for points in shape.lines])
    low, high = points.min(axis=0), points.max(axis=0)

    def holds_all(shape: Shape) -> bool:
        corners = shape.lines[0]
        return bool((corners.min(axis=0) <= low).all() and (corners.max(axis=0) >= high).all())

    return [shape for shape in shapes if not (shape.may_be_paper and holds_all(shape))]


def _style(element: Element) -> dict[str, str]:
    """Attributes, and over them what is in `style`."""
    pairs = [item.partition(":") for item in element.get("style", "").split(";")]
    return dict(element.attrib) | {name.strip(): value.strip() for name, _, value in pairs}


def _placed(points: Complexes, place: Matrix) -> Polyline:
    placed: Polyline = np.stack([points.real, points.imag], axis=1) @ place[:2, :2].T + place[:2, 2]
    return placed


def _transform(text: str) -> Matrix:
    """A list of transforms as one matrix, the last applied first."""
    matrix = np.eye(3)
    for name, arguments in TRANSFORM.findall(text):
        matrix = matrix @ _one_transform(name, numbers_in(arguments))
    return matrix


def _one_transform(name: str, numbers: list[float]) -> Matrix:
    matrix = np.eye(3)
    match name, numbers:
        case "matrix", [a, b, c, d, e, f]:
            matrix[:2] = [[a, c, e], [b, d, f]]
        case "translate", [x] | [x, _]:
            return _translation(x, *numbers[1:])
        case "scale", [x] | [x, _]:
            matrix[0, 0], matrix[1, 1] = x, numbers[-1]
        case "rotate", [degrees]:
            sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
            matrix[:2, :2] = [[cos, -sin], [sin, cos]]
        case "rotate", [degrees, x, y]:
            return _translation(x, y) @ _one_transform(name, [degrees]) @ _translation(-x, -y)
        case "skewX", [degrees]:
            matrix[0, 1] = math.tan(math.radians(degrees))
        case "skewY", [degrees]:
            matrix[1, 0] = math.tan(math.radians(degrees))
        case _:
            raise Rejected(f"a transform {name} of {len(numbers)} numbers")
    return matrix


def _translation(x: float, y: float = 0.0) -> Matrix:
    matrix = np.eye(3)
    matrix[:2, 2] = x, y
    return matrix
