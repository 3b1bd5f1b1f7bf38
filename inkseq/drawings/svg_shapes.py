"""The shapes of SVG as the data of the paths that draw them."""

import re
from xml.etree.ElementTree import Element

from inkseq.drawings.canonical import MAX_COORDINATE, Rejected
from inkseq.drawings.svg_path import NUMBER

LENGTH = re.compile(rf"\s*+({NUMBER})(px|pt|pc|mm|cm|in|)\s*+")
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}


def path_data(element: Element) -> str:
    """What an element draws; nothing if it is no shape, or an empty one."""
    match element.tag:
        case "path":
            return element.get("d", "")
        case "polyline" | "polygon":
            points = element.get("points", "").strip()
            return points and f"M{points}{'z' if element.tag == 'polygon' else ''}"
        case "line":
            x1, y1, x2, y2 = (length(element, name) for name in ("x1", "y1", "x2", "y2"))
            return f"M{x1} {y1}L{x2} {y2}"
        case "circle":
            return _ellipse(*(length(element, name) for name in ("cx", "cy", "r", "r")))
        case "ellipse":
            return _ellipse(*(length(element, name) for name in ("cx", "cy", "rx", "ry")))
        case "rect":
            return _rectangle(element)
    return ""


def length(element: Element, name: str) -> float:
    """A length in pixels; 0 where there is none."""
    match = LENGTH.fullmatch(element.get(name, "0"))
    if match is None or abs(float(match[1])) > MAX_COORDINATE:
        raise Rejected(f"a {element.tag} whose {name} is no length that can be read")
    return float(match[1]) * UNITS[match[2]]


def _ellipse(x: float, y: float, rx: float, ry: float) -> str:
    around = "".join(f"a{rx} {ry} 0 0 1 {dx} {dy}" for dx, dy in ((-rx, ry), (-rx, -ry), (rx, -ry), (rx, ry)))
    return f"M{x + rx} {y}{around}z"


def _rectangle(element: Element) -> str:
    x, y, width, height = (length(element, name) for name in ("x", "y", "width", "height"))
    rx, ry = _radius(element, "rx", "ry", width), _radius(element, "ry", "rx", height)
    if not rx or not ry:
        return f"M{x} {y}h{width}v{height}h{-width}z"
    w, h, corner = width - 2 * rx, height - 2 * ry, f"a{rx} {ry} 0 0 1"
    return (
        f"M{x + rx} {y}h{w}{corner} {rx} {ry}v{h}{corner} {-rx} {ry}h{-w}{corner} {-rx} {-ry}v{-h}{corner} {rx} {-ry}z"
    )


def _radius(element: Element, name: str, other: str, side: float) -> float:
    """Of a rectangle's corners. One says what the other is; neither is more than half a side."""
    return min(length(element, name if element.get(name, "auto") != "auto" else other), side / 2)
