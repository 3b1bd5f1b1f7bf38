"""Animals, people among them. Each public function is a class."""

from inkseq.doodles.parts import eyes, legs, pointed_ears, smile
from inkseq.doodles.pen import Pen, Value


def _whiskers(p: Pen, y: Value, near: float, far: float, count: Value) -> None:
    for number, q in p.each(count):
        for side in (-1, 1):
            tilt = (number - 1) * 0.16
            q.line(side * near, y + tilt * 0.4, side * far, y + tilt)


def cat(p: Pen) -> None:
    face, body = p.styles(0.75, 0.25)
    rx, ry = p.between(0.75, 1), p.between(0.65, 0.85)
    face.oval(0, 0, rx, ry)
    pointed_ears(face, rx, ry, p.between(0.1, 0.45))
    eyes(face, 0, -0.15, p.between(0.28, 0.42), 0.08)
    face.maybe(0.7).loop((-0.1, 0.1), (0.1, 0.1), (0, 0.22))
    face.maybe(0.6).curve((-0.3, 0.35), (-0.15, 0.45), (0, 0.25), (0.15, 0.45), (0.3, 0.35))
    _whiskers(face.maybe(0.8), 0.2, 0.3, 1.1, p.pick(2, 3, 3))

    body.face_either_way()
    body.oval(-0.65, -0.5, 0.35, 0.3)
    body.path((-0.9, -0.7), (-0.95, -1), (-0.72, -0.8))
    body.path((-0.58, -0.8), (-0.4, -1), (-0.37, -0.66))
    body.oval(0.15, 0.1, 0.7, 0.35)
    legs(body, (-0.35, -0.15, 0.45, 0.65), 0.4, p.between(0.8, 1))
    body.curve((0.8, 0), (1.05, -0.2), (1, -0.6), (1.2, -0.8))
    eyes(body, -0.68, -0.52, 0.12, 0.04)
    for y in (-0.45, -0.38):
        body.maybe(0.6).line(-0.7, y, -1.1, y + 0.05)


def dog(p: Pen) -> None:
    face, body, outline = p.styles(0.5, 0.35, 0.15)
    face.oval(0, 0, p.between(0.55, 0.85), p.between(0.7, 0.95))
    long = p.between(-0.2, 0.5)
    for side in (-1, 1):
        tip = (side * 1, long - 0.1), (side * 0.75, long + 0.15)
        face.curve((side * 0.3, -0.85), (side * 0.9, -0.75), *tip, (side * 0.6, -0.4))
    eyes(face, 0, -0.25, p.between(0.2, 0.36), 0.08)
    face.oval(0, 0.15, 0.17, 0.12)
    face.maybe(0.7).line(0, 0.27, 0, 0.45)
    smile(face.maybe(0.7), 0, 0.52, 0.3)
    face.maybe(0.35).path((-0.1, 0.6), (-0.1, 0.85), (0.1, 0.85), (0.1, 0.6))

    body.face_either_way()
    snout = (-0.5, -0.35), (-1.05, -0.3), (-1.1, -0.5), (-0.85, -0.6)
    body.path(*snout, (-0.7, -0.85), (-0.35, -0.8), (-0.2, -0.3))
    body.curve((-0.42, -0.8), (-0.2, -0.7), (-0.25, -0.35), (-0.42, -0.45), (-0.45, -0.75))
    body.path((-0.2, -0.3), (0.75, -0.3), (0.75, 0.25), (-0.45, 0.25), (-0.5, -0.3))
    legs(body, (-0.35, -0.15, 0.5, 0.7), 0.25, p.between(0.6, 0.95))
    body.curve((0.75, -0.25), (0.95, -0.45), (1, -0.75))
    body.dot(-0.65, -0.6)
    body.maybe(0.7).dot(-1.05, -0.48, 0.05)

    outline.face_either_way()
    head = (-0.4, 0.9), (-0.5, 0.1), (-1, 0), (-1, -0.3), (-0.7, -0.7), (-0.4, -0.3)
    rump = (0.6, -0.2), (p.between(0.7, 1.1), -0.6), (0.75, 0), (0.75, 0.9)
    outline.path(*head, *rump, (0.5, 0.9), (0.5, 0.35), (-0.15, 0.35), (-0.15, 0.9), (-0.4, 0.9))
    outline.maybe(0.8).dot(-0.72, -0.35)


def rabbit(p: Pen) -> None:
    tall = p.between(0.7, 1.1)
    p.oval(0, 0, p.between(0.5, 0.7), p.between(0.45, 0.65))
    for side in (-1, 1):
        x, lean = side * p.between(0.2, 0.3), side * p.between(0, 0.3)
        tip = (x - 0.16 + lean, -tall), (x + lean, -tall - 0.35), (x + 0.16 + lean, -tall)
        p.curve((x - 0.12, -0.45), *tip, (x + 0.12, -0.45))
        p.maybe(0.3).curve((x, -0.55), (x + lean, -tall - 0.1), (x + 0.06, -0.55))
    eyes(p, 0, -0.12, p.between(0.18, 0.28))
    p.maybe(0.7).dot(0, 0.08, 0.06)
    smile(p.maybe(0.5), 0, 0.28, 0.2)
    p.maybe(0.4).path((-0.08, 0.32), (-0.08, 0.48), (0.08, 0.48), (0.08, 0.32))
    _whiskers(p.maybe(0.35), 0.1, 0.2, 0.8, p.pick(2, 3))
    body = p.maybe(0.3)
    body.oval(0, 1.2, 0.55, 0.7)
    for side in (-1, 1):
        body.oval(side * 0.3, 1.9, 0.28, 0.14)


def bear(p: Pen) -> None:
    rx, ry, ear = p.between(0.75, 1), p.between(0.65, 0.95), p.between(0.18, 0.38)
    p.oval(0, 0, rx, ry)
    for side in (-1, 1):
        p.arc(side * 0.7 * rx, -0.8 * ry, ear, ear, 90 + side * 70, 90 + side * 340)
        p.maybe(0.2).circle(side * 0.7 * rx, -0.8 * ry, ear * 0.5)
    eyes(p.maybe(0.9), 0, -0.25, p.between(0.2, 0.4), 0.07)
    p.maybe(0.4).oval(0, 0.3, 0.4, 0.32)
    p.oval(0, 0.15, 0.13, 0.09)
    p.maybe(0.45).line(0, 0.24, 0, 0.4)
    smile(p.maybe(0.7), 0, 0.45, 0.22)
    sitting = p.maybe(0.25)
    sitting.oval(0, 1.6, 0.8, p.between(0.75, 1))
    for side in (-1, 1):
        sitting.maybe(0.8).curve((side * 0.7, 1.2), (side * 1.2, 1.1), (side * 1.2, 1.45), (side * 0.75, 1.5))
        sitting.maybe(0.8).oval(side * 0.5, 2.5, 0.3, 0.2)


def pig(p: Pen) -> None:
    face, body = p.styles(0.6, 0.4)
    rx, ry = p.between(0.75, 1), p.between(0.65, 0.9)
    face.oval(0, 0, rx, ry)
    upright, floppy = face.styles(0.6, 0.4)
    pointed_ears(upright, rx, ry, p.between(0, 0.3))
    for side in (-1, 1):
        floppy.path((side * 0.3, -0.85 * ry), (side * 0.9, -1.1 * ry), (side * 0.95, -0.4), (side * 0.75 * rx, -0.6))
    eyes(face, 0, -0.3, p.between(0.25, 0.42), 0.08)
    face.oval(0, 0.15, p.between(0.22, 0.4), p.between(0.16, 0.3))
    for side in (-1, 1):
        face.dot(side * 0.12, 0.15, 0.05)
    smile(face.maybe(0.6), 0, 0.55, 0.25)

    body.face_either_way()
    body.oval(0.1, 0, 0.8, p.between(0.4, 0.6))
    body.circle(-0.8, -0.2, p.between(0.25, 0.38))
    body.maybe(0.8).oval(-1, -0.15, 0.12, 0.09)
    body.maybe(0.7).path((-0.75, -0.5), (-0.6, -0.75), (-0.5, -0.4))
    body.dot(-0.82, -0.3)
    legs(body, (-0.35, -0.1, 0.4, 0.62), 0.42, p.between(0.7, 0.95))
    curly, wavy = body.styles(0.5, 0.5)
    curly.spiral(1.05, -0.15, 0.15, 1.6, 180)
    wavy.wave(0.88, -0.1, 1.25, -0.25, 0.1, 1.5)


def owl(p: Pen) -> None:
    rx, eye = p.between(0.5, 0.8), p.between(0.13, 0.27)
    single, head = p.styles(0.65, 0.35)
    single.oval(0, 0, rx, 1)
    head.oval(0, -0.5, rx * 0.85, 0.45)
    head.oval(0, 0.45, rx, 0.6)
    eared = p.maybe(0.7)
    for side in (-1, 1):
        eared.path((side * 0.15, -0.95), (side * rx * 0.85, -1.15), (side * rx * 0.8, -0.7))
        p.circle(side * 0.27, -0.5, eye)
        p.maybe(0.8).dot(side * 0.27, -0.5, 0.06)
        p.maybe(0.65).curve((side * rx, -0.2), (side * 0.3, 0.2), (side * rx * 0.8, 0.65))
        p.maybe(0.4).zigzag(side * 0.35, 1, side * 0.1, 1.05, 0.08, 2)
    p.path((-0.09, -0.35), (0, -0.12), (0.09, -0.35))
    p.maybe(0.25).wave(-0.3, 0.3, 0.3, 0.3, 0.06, 3)
    p.maybe(0.15).line(-1, 1.1, 1, 1.1)


def face(p: Pen) -> None:
    wide = p.between(0.65, 0.95)
    p.oval(0, 0, wide, p.between(0.8, 1))
    eyes(p, 0, -0.25, p.between(0.22, 0.4), 0.08)
    angled, button, none = p.styles(0.45, 0.2, 0.35)
    angled.path((0, -0.15), (-0.12, 0.18), (0.05, 0.18))
    button.dot(0, 0.1, 0.06)
    smiling, straight, open_ = p.styles(0.8, 0.1, 0.1)
    smile(smiling, 0, 0.5, p.between(0.2, 0.5))
    none.maybe(0.2).line(-0.25, 0.5, 0.25, 0.5)
    straight.line(-0.3, 0.5, 0.3, 0.5)
    open_.oval(0, 0.5, 0.25, 0.15)
    for side in (-1, 1):
        p.maybe(0.2).arc(side * wide, 0, 0.15, 0.2, -90, 90 if side > 0 else -270)
        p.maybe(0.2).line(side * 0.45, -0.45, side * 0.2, -0.48)
    spiky, wavy, long = p.maybe(0.4).styles(0.5, 0.25, 0.25)
    spiky.zigzag(-0.6, -0.75, 0.6, -0.75, p.between(0.1, 0.3), 5)
    wavy.wave(-0.65, -0.7, 0.65, -0.7, p.between(0.08, 0.2), p.between(2, 5))
    for side in (-1, 1):
        long.curve((0, -1), (side * 0.85, -0.9), (side * 1.05, 0), (side * 0.95, 0.9))
