"""Things about the house. Each public function is a class."""

import numpy as np

from inkseq.doodles.pen import Pen, both_sides


def clock(p: Pen) -> None:
    round_, square = p.styles(0.92, 0.08)
    round_.circle(0, 0, 1)
    square.box(-1, -1, 1, 1)
    p.maybe(0.12).circle(0, 0, 0.85)
    hour, minute = p.between(0, 2 * np.pi), p.pick(-np.pi / 2, -np.pi / 2, 0, np.pi / 2) + p.around(0, 0.3)
    together, apart, pointed = p.styles(0.5, 0.35, 0.15)
    long, short = p.between(0.5, 0.85), p.between(0.3, 0.5)
    tips = (long * np.cos(minute), long * np.sin(minute)), (short * np.cos(hour), short * np.sin(hour))
    together.path(tips[0], (0, 0), tips[1])
    for x, y in tips:
        apart.line(0, 0, x, y)
        pointed.path((0, 0), (x, y), (0.75 * x - 0.15 * y, 0.75 * y + 0.15 * x))
        pointed.line(x, y, 0.75 * x + 0.15 * y, 0.75 * y - 0.15 * x)
    p.maybe(0.2).dot(0, 0, 0.05)
    ticks = p.pick(0, 0, 4, 4, 12)
    for number, q in p.each(ticks):
        angle = 2 * np.pi * number / np.maximum(ticks, 1)
        cos, sin = np.cos(angle), np.sin(angle)
        q.line(0.82 * cos, 0.82 * sin, 0.95 * cos, 0.95 * sin)
    twelve = p.only(ticks == 0).maybe(0.45)
    twelve.line(-0.12, -0.85, -0.12, -0.62)
    twelve.curve((-0.03, -0.8), (0.1, -0.85), (0.1, -0.75), (-0.02, -0.62), (0.15, -0.62))
    twelve.maybe(0.8).curve((0.7, -0.1), (0.85, -0.08), (0.72, 0), (0.86, 0.07), (0.7, 0.12))
    belled = p.maybe(0.1)
    for side in (-1, 1):
        belled.arc(side * 0.65, -0.95, 0.3, 0.25, 150 + side * 30, 360 + side * 30)
        belled.line(side * 0.6, 0.8, side * 0.8, 1.1)


def book(p: Pen) -> None:
    open_, shut, page = p.styles(0.6, 0.3, 0.1)
    dip, wide, high = p.between(-0.05, 0.2), p.between(0.7, 1), p.between(0.45, 0.8)
    lined, wavy, _ = open_.styles(0.35, 0.25, 0.4)
    rows = p.pick(2, 3, 4)
    for side in (-1, 1):
        open_.curve((0, -high), (side * 0.4, -high - dip), (side * wide, -high))
        open_.line(side * wide, -high, side * wide, high)
        open_.curve((0, high), (side * 0.4, high - dip), (side * wide, high))
        for number, q in lined.each(rows):
            q.line(side * 0.15, -0.3 + 0.2 * number, side * 0.85 * wide, -0.3 + 0.2 * number)
        for number, q in wavy.maybe(0.8).each(rows):
            q.wave(side * 0.15, -0.3 + 0.2 * number, side * 0.85 * wide, -0.3 + 0.2 * number, 0.03, 3)
    open_.line(0, -high, 0, high)
    shut.face_either_way(0.2)
    shut.box(-0.7, -0.9, 0.6, 0.9)
    shut.maybe(0.8).path((0.6, -0.9), (0.8, -0.75), (0.8, 1), (-0.55, 1), (-0.7, 0.9))
    shut.maybe(0.4).line(-0.52, -0.9, -0.52, 0.9)
    shut.maybe(0.4).wave(-0.35, -0.4, 0.4, -0.4, 0.1, 3)
    page.box(-0.7, -0.9, 0.7, 0.9)
    for number, q in page.each(rows + 1):
        q.line(-0.5, -0.6 + 0.3 * number, 0.5, -0.6 + 0.3 * number)


def television(p: Pen) -> None:
    high = p.between(0.6, 0.8)
    p.box(-1, -high, 1, high)
    framed, knobs = p.maybe(0.65), p.maybe(0.45)
    framed.box(-0.85, -high + 0.13, p.pick(0.5, 0.85), high - 0.13)
    for y in (-0.3, 0):
        knobs.circle(0.75, y, 0.09)
    aerial = p.maybe(0.6)
    for side in (-1, 1):
        aerial.line(0, -high, side * p.between(0.25, 0.5), -high - p.between(0.3, 0.5))
        p.maybe(0.3).line(side * 0.6, high, side * 0.7, high + 0.25)
    stand = p.maybe(0.3)
    stand.path(*both_sides((-0.15, high), (-0.15, high + 0.2), (-0.4, high + 0.25)))


def chair(p: Pen) -> None:
    p.face_either_way()
    profile, solid, front = p.styles(0.5, 0.35, 0.15)
    seat, deep, back = p.between(-0.1, 0.3), p.between(0.6, 1.2), p.around(0, 0.08)
    profile.line(back - 0.5, -1, -0.5, p.between(0.8, 1))
    profile.path((-0.5, seat), (deep - 0.5, seat), (deep - 0.5, p.between(0.8, 1)))
    profile.maybe(0.25).path((-0.5, seat + 0.15), (deep - 0.5, seat + 0.15))
    solid.path((-0.6, seat), (back - 0.6, -1), (back + 0.3, -1), (0.3, seat))
    solid.loop((-0.6, seat), (0.3, seat), (0.6, seat + 0.3), (-0.35, seat + 0.3))
    for x, y in ((-0.35, 0.3), (0.6, 0.3), (-0.6, 0), (0.3, 0.3)):
        solid.maybe(0.9).line(x, seat + y, x, 0.85 + 0.4 * y)
    front.box(-0.4, -1, 0.4, seat)
    front.maybe(0.7).box(-0.5, seat, 0.5, seat + 0.2)
    for side in (-1, 1):
        front.line(side * 0.42, seat + 0.2, side * 0.45, 1)
    for number, q in solid.maybe(0.35).each(p.pick(1, 2, 3)):
        q.line(-0.38 + 0.22 * number, -0.95, -0.38 + 0.22 * number, seat)


def table(p: Pen) -> None:
    front, perspective = p.styles(0.55, 0.45)
    top, deep, foot = p.between(-0.5, -0.2), p.between(0.08, 0.3), p.between(0.3, 0.8)
    line, plank = front.styles(0.45, 0.55)
    line.line(-1, top, 1, top)
    plank.box(-1, top, 1, top + deep)
    back = p.between(-0.8, -0.2)
    square, oval = perspective.styles(0.75, 0.25)
    square.loop((back, -0.6), (-1, -0.1), (0.75, -0.1), (1.1, -0.6))
    oval.oval(0, -0.3, 1, p.between(0.2, 0.35))
    sticks, thick = p.styles(0.65, 0.35)
    for x in (-0.85, 0.8):
        sticks.line(x, top + deep, x + p.around(0, 0.08), foot)
        thick.path((x - 0.08, top + deep), (x - 0.08, foot), (x + 0.08, foot), (x + 0.08, top + deep))
    for x in (-0.5, 0.95):
        perspective.maybe(0.75).line(x, -0.1, x, foot - 0.3)


def cup(p: Pen) -> None:
    p.face_either_way(0.25)
    wide, narrow, high = p.between(0.5, 0.8), p.between(0.3, 0.7), p.between(0.4, 0.9)
    solid, flat = p.styles(0.6, 0.4)
    solid.oval(0, -0.7, wide, p.between(0.1, 0.25))
    flat.line(-wide, -0.7, wide, -0.7)
    straight, rounded = p.styles(0.7, 0.3)
    straight.path((-wide, -0.7), (-narrow, high), (narrow, high), (wide, -0.7))
    rounded.arc(0, -0.7, wide, high + 0.6, 180, 0)
    handle = p.maybe(0.6)
    low = p.between(0.1, 0.4)
    handle.curve((wide * 0.95, -0.4), (wide + 0.4, -0.45), (wide + 0.4, low), (wide * 0.85, low))
    handle.maybe(0.4).curve((wide, -0.25), (wide + 0.2, -0.3), (wide + 0.2, low - 0.1), (wide * 0.9, low - 0.1))
    p.maybe(0.1).line(-wide * 0.9, -0.3, wide * 0.9, -0.3)
    steaming = p.maybe(0.2)
    for x in (-0.3, 0, 0.3):
        steaming.wave(x, -0.95, x, -1.4, 0.06, 1.2)


def umbrella(p: Pen) -> None:
    scalloped, flat = p.styles(0.75, 0.25)
    p.arc(0, 0, 1, p.between(0.7, 0.95), 180, 360)
    bays = p.pick(2, 3, 4)
    for number, q in scalloped.each(bays):
        half = 1 / bays
        q.arc(-1 + (2 * number + 1) * half, 0, half, 0.18, 180, 360)
    flat.line(-1, 0, 1, 0)
    p.curve((0, 0), (0, 0.6), (0, 0.9), (-0.12, 1.05), (-0.28, 1), (-0.3, 0.85))
    p.maybe(0.3).line(0, -0.9, 0, -1.05)
    for side in (-1, 1):
        p.maybe(0.2).curve((0, -0.85), (side * 0.3, -0.5), (side * 0.33, 0))


def key(p: Pen) -> None:
    _level, upright, slanting = p.styles(0.45, 0.35, 0.2)
    upright.turn(8, 90)
    slanting.turn(15, -40)
    p.face_either_way(0.4)
    size, fat = p.between(0.22, 0.45), p.between(0.06, 0.15)
    round_, square = p.styles(0.8, 0.2)
    round_.oval(-0.7, 0, size, size * p.between(0.8, 1.2))
    square.box(-0.7 - size, -size, -0.7 + size, size)
    p.maybe(0.5).circle(-0.75, 0, size * p.between(0.2, 0.5))
    thin, thick, jagged = p.styles(0.35, 0.3, 0.35)
    thin.line(size - 0.7, 0, 1, 0)
    thick.path((size - 0.7, -fat), (1, -fat), (1, fat), (size - 0.7, fat))
    jagged.path((size - 0.7, -fat), (0.9, -fat), (1.05, 0))
    jagged.zigzag(1.05, 0, 0.1, fat, 0.08, 4)
    jagged.line(0.1, fat, size - 0.7, fat)
    for number, q in p.without(jagged).each(p.pick(2, 2, 3)):
        x, long = 0.95 - 0.22 * number, p.between(0.2, 0.4)
        q.path((x, 0.05), (x, long), (x - 0.1, long), (x - 0.1, 0.05))


def sword(p: Pen) -> None:
    slanting, downwards, _ = p.styles(0.4, 0.12, 0.48)
    slanting.turn(20, 40)
    downwards.turn(15, 180)
    wide, curl = p.between(0.05, 0.2), p.between(0, 0.15)
    blade, sabre, stick = p.styles(0.65, 0.2, 0.15)
    blade.path((-wide, 0.4), (-wide, -0.75), (0, -1.05), (wide, -0.75), (wide, 0.4))
    sabre.curve((-wide, 0.4), (-wide - curl, -0.3), (0.15, -1.05), (wide, -0.3), (wide, 0.4))
    stick.line(0, -1, 0, 0.9)
    guard = p.between(0.2, 0.5)
    bar, box = p.styles(0.6, 0.4)
    bar.line(-guard, 0.4, guard, 0.4)
    box.box(-guard, 0.4, guard, 0.52)
    p.only(wide > 0.07).path((-0.08, 0.45), (-0.08, 0.95), (0.08, 0.95), (0.08, 0.45))
    p.maybe(0.25).circle(0, 1.03, 0.1)
    p.maybe(0.2).line(0, 0.35, 0, -0.75)
    p.maybe(0.12).zigzag(0, 0.5, 0, 0.9, 0.06, 3)


def eyeglasses(p: Pen) -> None:
    rx, ry = p.between(0.3, 0.48), p.between(0.2, 0.45)
    round_, square, rimmed = p.styles(0.6, 0.2, 0.2)
    for side in (-1, 1):
        x = side * 0.55
        round_.oval(x, 0, rx, ry)
        square.box(x - rx, -ry, x + rx, ry)
        rimmed.path((x - rx, -0.2), (x + rx, -0.2))
        rimmed.arc(x, -0.2, rx, ry + 0.2, 180, 0)
    p.maybe(0.95).curve((rx - 0.55, -0.05), (0, p.between(-0.25, -0.1)), (0.55 - rx, -0.05))
    folded, slanted, hooked, none = p.styles(0.3, 0.25, 0.25, 0.2)
    lift, shine = p.between(0.1, 0.5), none.maybe(0.4)
    for side in (-1, 1):
        near = (side * (0.5 + rx), -0.1)
        folded.path(near, (side * 1.2, -0.1 - lift), (side * 1.4, 0.1 - lift))
        slanted.line(*near, side * 1.2 + 0.2, -0.1 - lift)
        hooked.curve(near, (side * 1.2, -0.2), (side * 1.45, -0.2), (side * 1.5, 0.2))
        shine.line(side * 0.5 - 0.1, 0.1, side * 0.5 + 0.1, -0.1)


def light_bulb(p: Pen) -> None:
    size = p.between(0.6, 0.75)
    p.arc(0, -0.3, size, size, 115, 425)
    p.path((-0.28, 0.35), (-0.25, 0.75), (0.25, 0.75), (0.28, 0.35))
    for number, q in p.each(p.pick(1, 2, 3)):
        q.line(-0.26, 0.45 + 0.13 * number, 0.26, 0.42 + 0.13 * number)
    p.maybe(0.5).arc(0, 0.75, 0.15, 0.15, 180, 0)
    p.maybe(0.5).path(*both_sides((-0.12, 0.35), (-0.2, -0.2), (-0.07, -0.05), (0, -0.25)))
    shining = p.maybe(0.3)
    for angle in np.radians([-150, -120, -90, -60, -30]):
        cos, sin = np.cos(angle), np.sin(angle)
        shining.line(0.9 * cos, 0.9 * sin - 0.3, 1.15 * cos, 1.15 * sin - 0.3)


def ice_cream(p: Pen) -> None:
    wide = p.between(0.4, 0.55)
    p.path((-wide, 0), (0, 1.1), (wide, 0))
    scoop, bumps, tower = p.styles(0.5, 0.25, 0.25)
    p.maybe(0.6).line(-wide, 0, wide, 0)
    scoop.arc(0, 0, wide, p.between(0.5, 0.7), 180, 360)
    bumps.bumpy(0, -0.25, wide + 0.08, 0.4, 7)
    tower.arc(0, 0, wide, 0.5, 180, 360)
    tower.arc(0, -0.45, wide * 0.8, 0.4, 170, 370)
    p.maybe(0.2).circle(0, -0.72, 0.12)
    waffled = p.maybe(0.5)
    for offset in (-0.12, 0.1):
        waffled.line(offset - 0.25, 0.15, offset + 0.15, 0.65)
        waffled.line(offset + 0.25, 0.15, offset - 0.15, 0.65)


def pizza(p: Pen) -> None:
    slice_, whole = p.styles(0.6, 0.4)
    slice_.maybe(0.4).turn(50)
    wide = p.between(0.5, 0.9)
    slice_.path((-wide, -0.7), (0, 1), (wide, -0.7))
    slice_.curve((-wide, -0.7), (0, p.between(-0.95, -0.75)), (wide, -0.7))
    slice_.maybe(0.55).curve((-0.9 * wide, -0.55), (0, -0.72), (0.9 * wide, -0.55))
    for x, y in ((-0.25, -0.35), (0.25, -0.3), (0, 0.15), (0.05, 0.55)):
        slice_.maybe(0.7).circle(x + p.around(0, 0.05), y + p.around(0, 0.06), p.between(0.05, 0.15))
    whole.circle(0, 0, 1)
    whole.maybe(0.4).circle(0, 0, p.between(0.75, 0.88))
    cuts, first = p.pick(2, 3, 4), p.between(0, 180)
    for number, q in whole.maybe(0.8).each(cuts):
        angle = np.radians(first + 180 * number / cuts)
        q.line(-np.cos(angle), -np.sin(angle), np.cos(angle), np.sin(angle))
    topped = whole.maybe(0.5)
    for _ in range(5):
        topped.maybe(0.7).circle(p.around(0, 0.35), p.around(0, 0.35), p.between(0.06, 0.15))


def donut(p: Pen) -> None:
    p.oval(0, 0, 1, p.between(0.75, 1))
    p.oval(0, 0, p.between(0.25, 0.4), p.between(0.2, 0.35))
    p.maybe(0.4).bumpy(0, 0, 0.85, 0.75, p.pick(6, 8, 9), 0.15)
    for number, q in p.maybe(0.6).each(p.pick(4, 6, 8)):
        angle, far = 2 * np.pi * number / 8 + p.around(0, 0.2), p.between(0.5, 0.75)
        x, y = far * np.cos(angle), far * np.sin(angle)
        q.line(x, y, x + p.around(0, 0.07), y + p.around(0, 0.07))
