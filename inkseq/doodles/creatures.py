"""What flies, swims and crawls. Each public function is a class."""

from inkseq.doodles.parts import eyes, smile
from inkseq.doodles.pen import Pen


def fish(p: Pen) -> None:
    p.face_either_way(0.35)
    p.maybe(0.3).turn(20)
    fat, tail = p.between(0.25, 0.65), p.between(0.2, 0.5)
    ribbon, separate = p.styles(0.6, 0.4)
    belly, back = ((0, fat), (-0.6, 0.7 * fat)), ((-0.6, -0.7 * fat), (0, -fat))
    ribbon.curve((1, -tail), (0.6, 0), *belly, (-1, 0), *back, (0.6, 0), (1, tail))
    shut, notched, _ = ribbon.styles(0.5, 0.3, 0.2)
    shut.line(1, -tail, 1, tail)
    notched.path((1, -tail), (0.85, 0), (1, tail))
    separate.oval(-0.25, 0, 0.75, fat)
    separate.loop((0.5, 0), (1, -tail), (1, tail))
    p.maybe(0.8).dot(-0.65, -0.1, p.pick(0.03, 0.06))
    p.maybe(0.35).curve((-0.45, -0.6 * fat), (-0.3, 0), (-0.45, 0.6 * fat))
    p.maybe(0.3).line(-0.95, 0.1, -0.75, 0.13)
    p.maybe(0.35).path((-0.35, -fat), (0.05, -fat - 0.25), (0.2, -0.9 * fat))
    p.maybe(0.2).path((-0.1, 0), (0.15, 0.2), (0.2, -0.05))
    scaly = p.maybe(0.15)
    for x in (-0.2, 0.05, 0.3):
        scaly.arc(x, 0, 0.1, 0.15, -90, 90)


def bird(p: Pen) -> None:
    p.face_either_way()
    flying, standing, outline = p.styles(0.25, 0.5, 0.25)
    flock = p.pick(1, 1, 2, 3)
    for number, q in flying.each(flock):
        x, y, wing = p.around(0, 0.8) * number, p.around(0, 0.5) * number, p.between(0.6, 1)
        left, right = ((x - wing, y + 0.1), (x - 0.5 * wing, y - 0.3)), ((x + 0.5 * wing, y - 0.3), (x + wing, y))
        q.curve(*left, (x, y + 0.2), *right)

    standing.turn(15)
    size = p.between(0.2, 0.38)
    standing.circle(-0.6, -0.5, size)
    standing.path((-0.6 - size, -0.58), (-0.85 - size, -0.45), (-0.6 - size, -0.38))
    standing.maybe(0.9).dot(-0.65, -0.55)
    standing.oval(0.1, 0, p.between(0.55, 0.8), p.between(0.35, 0.55))
    standing.maybe(0.7).curve((-0.2, -0.1), (0.1, 0.3), (0.55, -0.15), (-0.15, -0.1))
    standing.maybe(0.75).path((0.75, -0.15), (1.2, -0.3), (1.15, 0.1), (0.75, 0.1))
    outline.turn(12, 12)
    crown = (-1.2, -0.5), (-0.85, -0.65), (-0.6, -0.85), (-0.3, -0.6), (-0.1, -0.3)
    breast = (0.4, 0.35), (-0.3, 0.4), (-0.75, 0), (-0.8, -0.35), (-1.2, -0.5)
    outline.curve(*crown, (0.5, 0), (1.2, p.around(0.1, 0.15)), *breast)
    outline.dot(-0.65, -0.6)
    outline.maybe(0.6).curve((-0.2, -0.1), (0.1, 0.25), (0.6, 0.1))
    for foot in (0, 0.25):
        p.without(flying).maybe(0.85).path((foot, 0.4), (foot, 0.8), (foot - 0.15, 0.85))


def snail(p: Pen) -> None:
    p.face_either_way(0.4)
    size, far = p.between(0.45, 0.8), p.between(0.85, 1.2)
    p.spiral(0.1, -size + 0.4, size, p.between(1.3, 2.8), p.between(60, 180))
    p.maybe(0.3).circle(0.1, -size + 0.4, size)
    slug, outline, flat = p.styles(0.45, 0.35, 0.2)
    slug.curve((1, 0.5), (0.1, 0.45), (-0.6, 0.45), (-0.85, 0.1), (-far, -0.2))
    foot = (0.5, 0.3), (1.1, 0.55), (0.1, 0.6), (-0.7, 0.6)
    outline.curve(*foot, (-far - 0.1, 0.1), (-far, -0.2), (-0.7, 0), (-0.45, 0.25))
    flat.path((1.1, 0.42), (-far, 0.42), (-far, 0.1))
    for lean in (-0.2, 0.05):
        p.maybe(0.8).line(-far, -0.1, lean - far, p.between(-0.6, -0.3))
    outline.maybe(0.4).dot(-far + 0.05, 0)


def snake(p: Pen) -> None:
    p.face_either_way()
    p.turn(35)
    thin, thick, coiled = p.styles(0.35, 0.55, 0.1)
    fat, sway = p.between(0.08, 0.2), p.between(0.08, 0.45)
    spine = [(-0.6 + 0.45 * knot, (-1) ** knot * sway + p.around(0, 0.12)) for knot in range(4)]
    thin.curve((-1, 0), *spine, (1.2, p.around(0, 0.2)))
    belly = [(x, y + 1.6 * fat) for x, y in spine[::-1]]
    thick.curve((-1, -0.5 * fat), *spine, (1.2, 0), *belly, (-1, fat), (-1.25, 0), (-1, -0.5 * fat))
    coiled.spiral(0.3, 0.2, 0.7, p.between(1.5, 3), 180)
    coiled.curve((-0.4, 0.2), (-0.5, -0.2), (-1, 0))
    thin.maybe(0.4).oval(-1.1, 0, 0.18, 0.12)
    p.maybe(0.6).dot(-1.05, -0.02, 0.03)
    tongue = p.maybe(0.5)
    tongue.path((-1.25, 0.02), (-1.45, 0.05), (-1.55, -0.05))
    tongue.maybe(0.7).line(-1.45, 0.05, -1.55, 0.15)
    for x, y in spine:
        thick.only(fat > 0.17).line(x, y, x, y + 1.5 * fat)


def spider(p: Pen) -> None:
    p.maybe(0.4).turn(40)
    body, head = p.between(0.2, 0.5), p.between(0.12, 0.25)
    p.oval(0, 0, body, body * p.between(0.8, 1.3))
    p.maybe(0.5).circle(0, -body - head, head)
    bent, straight, curved = p.styles(0.45, 0.35, 0.2)
    for side in (-1, 1):
        for number in range(4):
            y, foot = -0.2 + 0.13 * number, -0.7 + 0.5 * number + p.around(0, 0.1)
            far, x = side * p.between(0.75, 1.1), side * 0.9 * body
            knee = 0.65 * far, foot - p.between(0.1, 0.4)
            bent.path((x, y), knee, (far, foot + 0.15))
            straight.line(x, y, far, foot)
            curved.curve((x, y), knee, (far, foot + 0.2))
    eyes(p.maybe(0.4), 0, -0.1, 0.1, 0.04)
    p.maybe(0.15).line(0, -body, 0, -1.4)


def butterfly(p: Pen) -> None:
    p.maybe(0.4).turn(30)
    stick, long, thin = p.styles(0.4, 0.45, 0.15)
    stick.line(0, -0.6, 0, 0.6)
    long.oval(0, 0, p.between(0.07, 0.15), 0.6)
    wide, high, low = p.between(0.6, 1.1), p.between(0.5, 0.95), p.between(0.45, 0.9)
    double, single = p.styles(0.6, 0.4)
    for side in (-1, 1):
        upper = (
            (side * 0.05, -0.1),
            (side * 0.4, -high),
            (side * wide, -0.9 * high),
            (side * wide * 0.9, -0.1),
        )
        lower = (side * low, 0.1), (side * low, 0.65), (side * 0.3, 0.6), (side * 0.05, 0.2)
        double.curve(*upper, (side * 0.05, 0))
        double.curve((side * 0.05, 0.05), *lower)
        single.curve(*upper, (side * 0.4, 0.05), *lower)
        p.maybe(0.65).curve((0, -0.6), (side * 0.1, -0.8), (side * 0.3, -0.9))
        p.maybe(0.15).circle(side * 0.6, -0.4, 0.13)
    thin.line(0, -0.5, 0, p.between(0.2, 0.6))


def octopus(p: Pen) -> None:
    wide, legs = p.between(0.35, 0.65), p.pick(4, 5, 6, 8)
    dome, ball = p.styles(0.65, 0.35)
    dome.arc(0, -0.3, wide, p.between(0.45, 0.75), 145, 395)
    ball.circle(0, -0.4, wide)
    waved, looped, sprawling = p.styles(0.45, 0.3, 0.25)
    spread = p.between(1, 1.8)
    for number, q in p.each(legs):
        x = wide * (2 * number / (legs - 1) - 1)
        down, tip = p.between(0.6, 1.05), x * spread
        q.both(waved).wave(x, 0, tip, down, 0.07, p.between(0.5, 1.6))
        q.both(looped).curve((x - 0.09, 0), (tip - 0.1, down), (tip + 0.06, down + 0.05), (x + 0.09, 0.05))
        q.both(sprawling).curve((x, -0.1), (1.4 * tip, 0.1), (1.9 * tip, down * 0.6))
    p.maybe(0.3).line(-wide, 0.05, wide, 0.05)
    eyes(p.maybe(0.85), 0, -0.35, p.between(0.12, 0.25))
    smile(p.maybe(0.4), 0, -0.05, 0.2)
