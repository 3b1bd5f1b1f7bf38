"""Plain shapes, and things that are nearly one. Each public function is a class."""

import numpy as np

from inkseq.doodles.pen import Pen


def circle(p: Pen) -> None:
    p.oval(0, 0, p.between(0.85, 1), p.between(0.85, 1))


def square(p: Pen) -> None:
    whole, halves = p.styles(0.8, 0.2)
    side = p.between(0.85, 1)
    whole.box(-side, -1, side, 1)
    halves.path((-side, -1), (-side, 1), (side, 1))
    halves.path((-side, -1), (side, -1), (side, 1))


def triangle(p: Pen) -> None:
    top = p.around(0, 0.15)
    whole, halves = p.styles(0.8, 0.2)
    whole.loop((top, -0.9), (-1, 0.8), (1, 0.8))
    halves.path((-1, 0.8), (top, -0.9), (1, 0.8))
    halves.line(-1, 0.8, 1, 0.8)


def hexagon(p: Pen) -> None:
    flat, pointed = p.styles(0.6, 0.4)
    flat.loop((-0.5, -0.87), (-1, 0), (-0.5, 0.87), (0.5, 0.87), (1, 0), (0.5, -0.87))
    pointed.loop((0, -1), (-0.87, -0.5), (-0.87, 0.5), (0, 1), (0.87, 0.5), (0.87, -0.5))


def diamond(p: Pen) -> None:
    plain, jewel = p.styles(0.35, 0.65)
    plain.loop((0, -1), (-0.7, 0), (0, 1), (0.7, 0))
    jewel.loop((-0.55, -0.6), (-1, -0.1), (0, 1), (1, -0.1), (0.55, -0.6))
    jewel.maybe(0.9).line(-1, -0.1, 1, -0.1)
    cut = jewel.maybe(0.6)
    cut.path((-0.4, -0.1), (0, 1), (0.4, -0.1))
    cut.maybe(0.7).path((-0.55, -0.6), (-0.4, -0.1), (0, -0.6), (0.4, -0.1), (0.55, -0.6))


def star(p: Pen) -> None:
    crossed, outline = p.styles(0.6, 0.4)
    tips = [(np.sin(2 * np.pi * tip / 5), -np.cos(2 * np.pi * tip / 5)) for tip in (3, 0, 2, 4, 1)]
    crossed.loop(*tips)
    outline.spiky(0, 0, p.between(0.35, 0.5), 1, 5)


def zigzag(p: Pen) -> None:
    for number, q in enumerate(p.styles(1, 1, 1, 1)):
        q.zigzag(-1, p.around(0, 0.1), 1, 0, p.between(0.2, 0.55), 2 + number)


def squiggle(p: Pen) -> None:
    p.turn(40)
    waved, wild, curly, jagged = p.styles(0.3, 0.35, 0.2, 0.15)
    waved.wave(-1, 0, 1, p.around(0, 0.3), p.between(0.1, 0.6), p.between(1.5, 5))
    wild.curve(*((p.around(-1 + 0.25 * knot, 0.35), p.around(0, 0.45)) for knot in range(9)))
    for number, q in enumerate(curly.styles(1, 1, 1)):
        loops, size = number + 2, p.between(0.3, 0.6)
        angles = np.linspace(0, 2 * np.pi * loops, 6 * loops + 1).tolist()
        along = [angle / np.pi / loops - 1 for angle in angles]
        q.curve(*((x + 0.6 * size * np.sin(a), -size * np.cos(a)) for x, a in zip(along, angles, strict=True)))
    jagged.zigzag(-1, 0, 1, 0, p.between(0.1, 0.4), 7)


def spiral(p: Pen) -> None:
    p.spiral(0, 0, 1, p.between(1.7, 4), p.between(0, 360))


def stairs(p: Pen) -> None:
    p.face_either_way()
    for number, q in enumerate(p.styles(2, 3, 2)):
        steps = 3 + number
        edge = [(2 * k / steps - 1, 1 - 2 * level / steps) for k in range(steps) for level in (k, k + 1)]
        q.path(*edge, (1, -1))
        q.maybe(0.35).path((1, -1), (1, 1), (-1, 1))
        railed = q.maybe(0.12)
        railed.line(-1, 0.3, 1, -1.7)
        for x, y in edge[1::2]:
            railed.line(x + 0.1, y, x + 0.1, y - 0.6)


def coin(p: Pen) -> None:
    p.circle(0, 0, 1)
    p.maybe(0.6).circle(0, 0, p.between(0.75, 0.88))
    dollar, cent, number, plain = p.styles(0.5, 0.2, 0.2, 0.1)
    dollar.curve((0.35, -0.35), (0, -0.5), (-0.35, -0.3), (0, 0), (0.35, 0.3), (0, 0.5), (-0.35, 0.35))
    dollar.line(0, -0.7, 0, 0.7)
    cent.arc(0, 0, 0.35, 0.4, -45, -315)
    cent.line(0, -0.6, 0, 0.6)
    number.path((-0.15, -0.3), (0.05, -0.5), (0.05, 0.5))
    plain.maybe(0.5).arc(0, 0, 0.6, 0.6, 200, 260)


def wheel(p: Pen) -> None:
    p.circle(0, 0, 1)
    tyre, hub = p.maybe(0.65), p.between(0.1, 0.3)
    tyre.circle(0, 0, p.between(0.7, 0.88))
    p.maybe(0.85).circle(0, 0, hub)
    p.maybe(0.85).rays(0, 0, hub, p.between(0.7, 0.95), p.pick(4, 5, 6, 8))


def window(p: Pen) -> None:
    wide = p.between(0.65, 1)
    arched, plain = p.styles(0.12, 0.88)
    plain.box(-wide, -1, wide, 1)
    arched.path((-wide, -0.4), (-wide, 1), (wide, 1), (wide, -0.4))
    arched.arc(0, -0.4, wide, 0.6, 180, 360)
    p.maybe(0.92).line(0, -1, 0, 1)
    p.maybe(0.9).line(-wide, p.around(0, 0.05), wide, 0)
    p.maybe(0.25).box(-wide - 0.12, -1.12, wide + 0.12, 1.12)
    p.maybe(0.25).box(-wide - 0.2, 1, wide + 0.2, 1.15)


def envelope(p: Pen) -> None:
    high = p.between(0.5, 0.7)
    p.box(-1, -high, 1, high)
    p.path((-1, -high), (p.around(0, 0.08), p.between(-0.1, 0.25)), (1, -high))
    folded = p.maybe(0.25)
    for side in (-1, 1):
        folded.line(side, high, side * 0.25, 0)
    p.maybe(0.12).circle(0, 0.05, 0.1)


def door(p: Pen) -> None:
    wide = p.between(0.45, 0.6)
    p.box(-wide, -1, wide, 1)
    p.maybe(0.3).path((-wide - 0.12, 1), (-wide - 0.12, -1.12), (wide + 0.12, -1.12), (wide + 0.12, 1))
    p.circle(wide - 0.15, p.around(0.1, 0.06), p.between(0.04, 0.1))
    panels = p.pick(0, 0, 1, 2)
    for number, q in p.each(panels):
        q.box(-wide + 0.15, -0.85 + 0.95 * number, wide - 0.28, -0.1 + 0.95 * number)
