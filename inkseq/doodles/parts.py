"""Parts that several classes share."""

from inkseq.doodles.pen import Pen, Value


def eyes(p: Pen, x: Value, y: Value, apart: Value, size: float = 0.06) -> None:
    """Two of the same kind: dots, rings, or rings with a pupil."""
    dots, rings, pupils = p.styles(0.5, 0.25, 0.25)
    for side in (-1, 1):
        at = x + side * apart
        dots.dot(at, y, size * 0.6)
        rings.circle(at, y, size * 1.3)
        pupils.circle(at, y, size * 1.6)
        pupils.dot(at, y, size * 0.5)


def smile(p: Pen, x: Value, y: Value, width: Value) -> None:
    p.arc(x, y - width * 0.5, width, p.between(0.7, 1.1) * width, p.around(155, 12), p.around(25, 12))


def pointed_ears(p: Pen, rx: Value, ry: Value, tall: Value) -> None:
    for side in (-1, 1):
        p.path((side * 0.85 * rx, -0.55 * ry), (side * 0.8 * rx, -ry - tall), (side * 0.25 * rx, -0.95 * ry))


def legs(p: Pen, places: tuple[float, ...], top: Value, bottom: Value) -> None:
    """Four sticks, or two boxes."""
    sticks, thick = p.styles(0.65, 0.35)
    for x in places:
        sticks.line(x, top, x + p.around(0, 0.04), bottom)
        thick.path((x - 0.07, top), (x - 0.07, bottom), (x + 0.07, bottom), (x + 0.07, top))


def small_wheel(p: Pen, x: Value, y: Value, size: Value) -> None:
    p.circle(x, y, size)
    hub, cross, _ = p.styles(0.35, 0.15, 0.5)
    hub.circle(x, y, size * 0.4)
    cross.line(x - size, y, x + size, y)
    cross.line(x, y - size, x, y + size)
