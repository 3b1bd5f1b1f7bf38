"""The sky, the street and the road. Each public function is a class."""

import numpy as np

from inkseq.doodles.parts import small_wheel
from inkseq.doodles.pen import Pen


def moon(p: Pen) -> None:
    p.turn(15)
    p.face_either_way(0.4)
    crescent, full = p.styles(0.8, 0.2)
    inner = p.between(-0.5, 0.3)
    shoulder = 0.6 * inner + 0.26
    crescent.arc(0.2, 0, 0.9, 0.9, -60, -300)
    crescent.curve((0.65, 0.78), (shoulder, 0.5), (inner, 0), (shoulder, -0.5), (0.65, -0.78))
    full.circle(0, 0, 0.9)
    for x, y, size in ((-0.3, -0.3, 0.12), (0.1, 0.35, 0.16), (0.3, -0.2, 0.1)):
        full.maybe(0.75).circle(x, y, size)
    crescent.maybe(0.1).dot(-0.25, -0.2, 0.06)


def sun(p: Pen) -> None:
    size = p.between(0.35, 0.6)
    lined, spiked = p.styles(0.9, 0.1)
    p.circle(0, 0, size)
    lined.rays(0, 0, size + p.between(-0.03, 0.15), 1, p.pick(6, 7, 8, 8, 9, 10, 12))
    spiked.spiky(0, 0, size + 0.1, 1, 9)
    happy = p.maybe(0.2)
    for side in (-1, 1):
        happy.dot(side * 0.15, -0.1)
    happy.arc(0, 0.05, 0.2, 0.18, 160, 20)


def cloud(p: Pen) -> None:
    p.bumpy(0, 0, 1, p.between(0.5, 0.7), p.pick(5, 6, 7, 8, 9), p.between(0.2, 0.4))


def lightning(p: Pen) -> None:
    p.turn(12)
    p.face_either_way(0.3)
    bolt, line, jagged = p.styles(0.6, 0.25, 0.15)
    fat, kink = p.between(0.2, 0.5), p.around(0, 0.12)
    left = (0.1, -1), (-0.5, 0.1 + kink), (-0.1, 0.05)
    bolt.loop(*left, (-0.35, 1), (fat, -0.25 + kink), (0.05, -0.2), (fat + 0.05, -1))
    line.path((0.2, -1), (-0.35, kink), (fat, -0.1), (-0.2, 1))
    jagged.path((0.3, -1), (-0.2, -0.5), (0.25, -0.4), (-0.25, 0.1), (0.15, 0.2), (-0.4, 1))
    p.maybe(0.1).bumpy(0.1, -1.2, 0.9, 0.4, 7)


def rainbow(p: Pen) -> None:
    bands = p.pick(2, 3, 3, 4, 5)
    gap = p.between(0.1, 0.2)
    for number, q in p.each(bands):
        size = 1 - gap * number
        q.arc(0, 0, size, size * p.between(0.85, 1), 180, 360)
    clouded = p.maybe(0.2)
    for side in (-1, 1):
        clouded.bumpy(side * 0.8, 0.1, 0.35, 0.22, 6)


def snowflake(p: Pen) -> None:
    arms = p.pick(3, 3, 4, 2)
    branched = p.maybe(0.6)
    for number, q in p.each(arms):
        angle = np.pi * number / arms
        cos, sin = np.cos(angle), np.sin(angle)
        q.line(-cos, -sin, cos, sin)
        for way in (-1, 1):
            tip, fork, spread = way * 0.9, way * 0.6, 0.28
            q.both(branched).path(
                (tip * cos - spread * sin, tip * sin + spread * cos),
                (fork * cos, fork * sin),
                (tip * cos + spread * sin, tip * sin - spread * cos),
            )


def mountain(p: Pen) -> None:
    peak, second = p.between(-1, -0.6), p.between(-0.6, 0)
    one, two, three = p.styles(0.3, 0.5, 0.2)
    one.path((-1, 0.6), (0, peak), (1, 0.6))
    two.path((-1.2, 0.6), (-0.4, peak), (0.15, 0.1), (0.5, second), (1.2, 0.6))
    three.path((-1.4, 0.6), (-0.9, second), (-0.5, 0.1), (0, peak), (0.5, 0.1), (0.9, second), (1.4, 0.6))
    p.maybe(0.3).line(-1.3, 0.6, 1.3, 0.6)
    one.maybe(0.5).zigzag(-0.35, -0.25, 0.35, -0.25, 0.09, 2)


def house(p: Pen) -> None:
    wide, eaves = p.between(0.6, 0.9), p.between(0, 0.25)
    top = p.between(-1.1, -0.7)
    p.box(-wide, -0.2, wide, 1)
    p.path((-wide - eaves, -0.2), (p.around(0, 0.06), top), (wide + eaves, -0.2))
    p.only(eaves > 0.12).maybe(0.6).line(-wide - eaves, -0.2, wide + eaves, -0.2)
    door = p.maybe(0.85)
    door.path((-0.18, 1), (-0.18, p.between(0.35, 0.5)), (0.18, 0.4), (0.18, 1))
    door.maybe(0.4).dot(0.1, 0.7)
    for side in (-1, 1):
        pane, x = p.maybe(0.4), side * 0.45
        pane.box(x - 0.14, 0.05, x + 0.14, 0.33)
        crossed = pane.maybe(0.5)
        crossed.line(x, 0.05, x, 0.33)
        crossed.line(x - 0.14, 0.19, x + 0.14, 0.19)
    chimney = p.maybe(0.3)
    chimney.path((0.35, -0.6), (0.35, -1), (0.55, -1), (0.55, -0.4))
    chimney.maybe(0.4).spiral(0.6, -1.25, 0.18, 1.7)


def car(p: Pen) -> None:
    p.face_either_way()
    roof = p.between(-0.7, -0.4)
    angular, smooth = p.styles(0.65, 0.35)
    bonnet, boot = ((-1, 0.3), (-1, 0), (-0.55, -0.05)), ((0.6, -0.05), (1, 0.05), (1, 0.3))
    outline = *bonnet, (-0.3, roof), (0.35, roof), *boot
    angular.path(*outline)
    smooth.curve(*outline)
    p.line(-1, 0.3, 1, 0.3)
    for x in (-0.55, 0.55):
        small_wheel(p, x, 0.35, p.between(0.16, 0.25))
    glazed = p.maybe(0.6)
    glazed.path((-0.42, -0.05), (-0.22, roof + 0.1), (0, roof + 0.1), (0, -0.05), (-0.42, -0.05))
    glazed.maybe(0.7).path((0.08, -0.05), (0.08, roof + 0.1), (0.3, roof + 0.1), (0.48, -0.05), (0.08, -0.05))
    p.maybe(0.3).line(0.05, 0.08, 0.2, 0.08)


def bicycle(p: Pen) -> None:
    p.face_either_way()
    size, bar = p.between(0.3, 0.45), p.between(-0.65, -0.45)
    for x in (-0.65, 0.65):
        p.circle(x, 0.35, size)
    spoked = p.maybe(0.25)
    for x in (-0.65, 0.65):
        spoked.line(x - size, 0.35, x + size, 0.35)
        spoked.line(x, 0.35 - size, x, 0.35 + size)
    whole, simple = p.styles(0.65, 0.35)
    whole.path((0.65, 0.35), (0.3, -0.3), (0, 0.35), (-0.45, -0.3), (0.3, -0.3))
    whole.maybe(0.7).line(0.65, 0.35, 0, 0.35)
    simple.path((0.65, 0.35), (0.3, -0.2), (-0.45, -0.2))
    p.line(-0.65, 0.35, -0.4, bar)
    p.path((-0.6, bar - 0.1), (-0.4, bar), (-0.2, bar + p.around(0, 0.06)))
    p.line(0.3, -0.25, 0.34, -0.5)
    p.line(0.18, -0.5, 0.5, -0.5)
    p.maybe(0.3).circle(0, 0.35, 0.1)


def airplane(p: Pen) -> None:
    p.face_either_way()
    p.turn(15)
    side_view, above = p.styles(0.55, 0.45)
    fat, span = p.between(0.12, 0.3), p.between(0.6, 1)
    nose, belly = ((-1, 0.05), (-0.8, -0.8 * fat), (0, -fat)), ((1.05, 0), (0.6, fat), (-0.6, fat))
    side_view.blob(*nose, (0.9, -0.6 * fat), *belly)
    side_view.path((-0.2, 0.1), (0.3, 0.8 * span), (0.5, 0.75 * span), (0.2, 0.1))
    side_view.maybe(0.5).path((-0.15, -fat), (0.25, -0.7), (0.42, -0.65), (0.2, -fat))
    side_view.maybe(0.9).path((0.7, -0.7 * fat), (1, -0.6), (1.15, -0.55), (1, -0.4 * fat))
    for number, q in side_view.maybe(0.45).each(p.pick(2, 3, 4, 5)):
        q.circle(-0.5 + 0.22 * number, -0.05, 0.05)
    side_view.maybe(0.3).path((-0.85, -0.6 * fat), (-0.7, 0), (-0.98, 0))

    above.turn(40)
    above.oval(0, 0, 1, fat * 0.8)
    swept, wing, thin = p.between(-0.1, 0.35), p.between(0.15, 0.35), above.maybe(0.15)
    for side in (-1, 1):
        above.path((-wing, side * 0.1), (swept, side * span), (swept + 0.2, side * span), (wing, side * 0.1))
        above.path((0.75, side * 0.08), (0.95, side * 0.35), (1.05, side * 0.35), (0.95, side * 0.05))
        thin.line(0, side * 0.1, 0.1, side)


def sailboat(p: Pen) -> None:
    p.face_either_way()
    curved, straight = p.styles(0.35, 0.65)
    curved.arc(0, 0.45, 0.95, p.between(0.4, 0.6), 180, 0)
    straight.path((-1, 0.45), (-0.65, 0.95), (0.6, 0.95), (1, 0.45))
    p.line(-1, 0.45, 1, 0.45)
    mast = p.around(0, 0.1)
    p.line(mast, 0.45, mast, -1)
    p.path((mast, -1), (mast + p.between(0.5, 0.85), 0.2), (mast, 0.25))
    p.maybe(0.6).path((mast, -0.9), (mast - p.between(0.4, 0.7), 0.2), (mast, 0.2))
    p.maybe(0.2).wave(-1.3, 1.05, 1.3, 1.05, 0.07, 4)


def hot_air_balloon(p: Pen) -> None:
    size = p.between(0.6, 0.75)
    p.arc(0, -0.35, size, size, 70, -250)
    for side in (-1, 1):
        p.line(side * size * 0.6, 0.2, side * 0.18, 0.75)
        p.maybe(0.35).curve((side * 0.05, -1), (side * 0.3, -0.4), (side * 0.08, 0.3))
    p.box(-0.2, 0.75, 0.2, 1.1)
    p.maybe(0.2).zigzag(-size, -0.35, size, -0.35, 0.08, 4)


def ladder(p: Pen) -> None:
    rungs, wide = p.pick(3, 4, 5, 5, 6, 7), p.between(0.25, 0.5)
    over = p.between(-0.02, 0.1)
    for side in (-1, 1):
        p.line(side * wide, -1, side * wide * p.between(0.9, 1.25), 1)
    for number, q in p.each(rungs):
        y = -0.8 + 1.65 * number / rungs + p.around(0.05, 0.03)
        q.line(-wide - over, y, wide + over, y + p.around(0, 0.04))
