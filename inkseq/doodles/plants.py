"""Plants and what grows on them. Each public function is a class."""

import numpy as np

from inkseq.doodles.pen import Pen, both_sides


def flower(p: Pen) -> None:
    size = p.between(0.13, 0.28)
    p.circle(0, -0.5, size)
    outline, ovals = p.styles(0.55, 0.45)
    outline.bumpy(0, -0.5, size + 0.4, size + 0.4, p.pick(5, 5, 6, 7), p.between(0.4, 0.65))
    petals = p.pick(4, 5, 6)
    for number, q in ovals.each(petals):
        angle = 2 * np.pi * number / petals
        q.circle(0.42 * np.cos(angle), -0.5 + 0.42 * np.sin(angle), 0.2)
    stemmed = p.maybe(0.85)
    stemmed.curve((0, 0), (p.around(0, 0.06), 0.5), (p.around(0, 0.08), 1.2))
    for side in (-1, 1):
        stemmed.maybe(0.45).curve((0, 0.8), (side * 0.2, 0.5), (side * 0.45, 0.45), (side * 0.3, 0.75), (0, 0.85))


def tree(p: Pen) -> None:
    leafy, round_, fir = p.styles(0.6, 0.2, 0.2)
    crown, wide = p.between(0.5, 0.7), p.between(0.1, 0.25)
    leafy.bumpy(0, -0.4, crown + 0.1, crown, p.pick(6, 7, 8, 9), 0.25)
    round_.oval(0, -0.4, crown, crown)
    fir.path(*both_sides((-0.15, 0.3), (-0.7, 0.3), (-0.2, -0.2), (-0.45, -0.2), (0, -1)))
    trunk, box = p.styles(0.75, 0.25)
    for side in (-1, 1):
        trunk.curve((side * wide, 0.2), (side * wide * 0.8, 0.7), (side * wide * p.between(1, 1.8), 1))
    box.path((-wide, 0.2), (-wide, 1), (wide, 1), (wide, 0.2))
    p.maybe(0.15).circle(0, 0.6, 0.08)
    p.maybe(0.15).line(-0.9, 1, 0.9, 1)


def cactus(p: Pen) -> None:
    w, lift = p.between(0.13, 0.28), p.between(0.25, 0.6)
    p.path(*both_sides((-w, 1), (-w, -0.7), (-0.5 * w, -1)))
    angular, curved = p.maybe(0.95).styles(0.5, 0.5)
    for side in (-1, 1):
        y, x = p.between(-0.2, 0.35), side * p.between(0.45, 0.75)
        tip = (x, y - lift), (1.2 * x, y - lift - 0.1), (1.4 * x, y - lift)
        angular.maybe(0.85).path((side * w, y), (x, y), *tip, (1.4 * x, y + 0.25), (side * w, y + 0.25))
        curved.maybe(0.85).curve((side * w, y), (0.9 * x, y - 0.1), *tip, (1.2 * x, y + 0.2), (side * w, y + 0.3))
    for number, q in p.maybe(0.4).each(p.pick(3, 5, 7)):
        x, y = p.between(-0.15, 0.15), p.around(0.25 * number - 0.8, 0.04)
        q.line(x, y, x + 0.08, y - 0.08)
    p.maybe(0.15).path((-0.45, 1), (-0.35, 1.5), (0.35, 1.5), (0.45, 1), (-0.45, 1))
    p.maybe(0.1).line(-1, 1, 1, 1)


def mushroom(p: Pen) -> None:
    wide, stem = p.between(0.8, 1), p.between(0.18, 0.35)
    p.arc(0, 0, wide, p.between(0.7, 1), 180, 360)
    flat, curved = p.styles(0.6, 0.4)
    flat.line(-wide, 0, wide, 0)
    curved.curve((-wide, 0), (-0.4, 0.14), (0.4, 0.14), (wide, 0))
    p.curve(*both_sides((-stem, 0.05), (-stem, 0.5), (-stem * 1.2, 0.85)))
    for x, y, size in ((-0.4, -0.3, 0.12), (0.1, -0.55, 0.15), (0.5, -0.25, 0.1)):
        p.maybe(0.5).circle(x, y, size)


def leaf(p: Pen) -> None:
    p.turn(45, 20)
    wide, low = p.between(0.3, 0.75), p.between(-0.1, 0.4)
    whole, halves = p.styles(0.5, 0.5)
    left, right = ((-wide, low), (-0.6 * wide, -0.5)), ((0.6 * wide, -0.5), (wide, low))
    whole.curve((0, 0.7), *left, (0, -1), *right, (0, 0.7))
    halves.curve((0, 0.7), *left, (0, -1))
    halves.curve((0, -1), *right, (0, 0.7))
    p.maybe(0.9).curve((0, p.between(0.7, 1.3)), (0, 0.7), (p.around(0, 0.05), 0), (0, p.between(-1, 0.2)))
    for number, q in p.maybe(0.65).each(p.pick(2, 3, 4)):
        y = 0.45 - 0.33 * number
        for side in (-1, 1):
            q.line(0, y, side * wide * 0.7, y - 0.25)


def apple(p: Pen) -> None:
    p.curve(*both_sides((0, -0.6), (-0.5, -0.85), (-0.95, -0.3), (-0.75, 0.5), (-0.3, 0.9)))
    p.curve((0, -0.6), (0.05, -0.9), (p.around(0.12, 0.08), -1.15))
    p.maybe(0.6).blob((0.1, -0.95), (0.35, -1.2), (0.6, -1.15), (0.4, -0.92))
    p.maybe(0.12).curve((0.95, -0.4), (0.5, -0.1), (0.5, 0.2), (0.85, 0.4))


def grapes(p: Pen) -> None:
    p.maybe(0.75).curve((0, -0.75), (0.05, -1), (0.15, -1.2))
    size, loose = p.between(0.15, 0.26), p.between(0, 0.12)
    for row, across in enumerate((4, 3, 2, 1)):
        for number in range(across):
            x, y = 0.4 * (number - (across - 1) / 2), -0.6 + 0.4 * row
            p.maybe(0.75).circle(x + loose * p.around(0, 1), y + loose * p.around(0, 1), size)
    p.maybe(0.25).blob((0.1, -0.95), (0.4, -1.2), (0.7, -1), (0.4, -0.85))
