"""The data of an SVG path as polylines. A point is a complex number here, x + iy."""

import cmath
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.drawings.canonical import MAX_COORDINATE, MAX_STROKES, Rejected

# Nothing that was read is given back (?+, ++, *+): whatever follows, a text is gone through once.
NUMBER = r"[+-]?+(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+"
NUMBERS, SPACE = re.compile(NUMBER), " ,\t\r\n\f"
COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
GAP = rf"[{SPACE}]*+"
ARC = re.compile("".join(f"({value}){GAP}" for value in (NUMBER, NUMBER, NUMBER, "[01]", "[01]", NUMBER, NUMBER)))
TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7}  # numbers at a time
STEPS = np.linspace(0, 1, 33)[1:]  # of a curve; one as large as the canvas stays within a pixel of its chords
MAX_PIECES = 50_000  # lines and curves of a path
TINY = 1e-100  # a radius, or a chord in radii, of which squares and quotients would be 0 or infinite: a line

Complexes = NDArray[np.complex128]


class State(NamedTuple):
    """Where a pen is, and what the next command may refer to."""

    here: complex = 0j
    start: complex = 0j  # of the subpath
    handle: complex = 0j  # the last control point, if the last command was a curve of the same kind
    curve: str = ""  # that kind


def subpaths(data: str) -> list[Complexes]:
    """The lines a path draws, one each time the pen is put down; raises Rejected."""
    lines: list[list[Complexes]] = []
    state = State()
    for count, (letter, numbers) in enumerate(_pieces(data)):
        if count > MAX_PIECES or len(lines) > MAX_STROKES:
            raise Rejected(f"a path of more than {MAX_PIECES:,} pieces, or {MAX_STROKES:,} strokes")
        if not lines and letter not in "Mm":
            raise Rejected("a path that does not begin with M")
        if letter in "Mm":
            here = _points(letter, numbers, state.here)[0]
            state = State(here, here)
            lines.append([np.array([here])])
        elif letter in "Zz":
            lines[-1].append(np.array([state.start]))
            state = State(state.start, state.start)
            lines.append([np.array([state.start])])  # what comes without an M goes on from here
        else:
            drawn, state = _piece(letter, numbers, state)
            lines[-1].append(drawn)
    return [np.concatenate(line) for line in lines if len(line) > 1]


def numbers_in(text: str) -> list[float]:
    """All numbers of a text in which there is nothing else; raises Rejected."""
    if NUMBERS.sub("", text).strip(SPACE):
        raise Rejected("something that is no number among numbers")
    return _checked(NUMBERS.findall(text))


def _checked(texts: list[str]) -> list[float]:
    numbers = [float(text) for text in texts]
    if any(abs(number) > MAX_COORDINATE for number in numbers):
        raise Rejected("coordinate too large")
    return numbers


def _pieces(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with the numbers it takes once; a letter stands for all that follow without one."""
    begin = COMMAND.search(data)
    if data[: begin.start() if begin else None].strip(SPACE):
        raise Rejected("path data that begins with no command")
    for letter, text in COMMAND.findall(data):
        takes = TAKES.get(letter.upper(), 0)
        numbers = _arc_numbers(text) if takes == 7 else numbers_in(text)
        if len(numbers) % takes if takes else numbers:
            raise Rejected(f"a path whose {letter} has {len(numbers)} numbers")
        if not takes:
            yield letter, []
        for first in range(0, len(numbers), takes or 1):
            yield letter, numbers[first : first + takes]
            letter = {"M": "L", "m": "l"}.get(letter, letter)


def _arc_numbers(text: str) -> list[float]:
    """Those of arcs, whose two flags may stand without anything between them and the next number."""
    text = text.strip(SPACE)
    numbers: list[str] = []
    at = 0
    while at < len(text):  # one behind the other: a search would try every digit of what is none
        arc = ARC.match(text, at)
        if arc is None:
            raise Rejected("a path whose arc is not of seven numbers")
        numbers += arc.groups()
        at = arc.end()
    return _checked(numbers)


def _points(letter: str, numbers: list[float], here: complex) -> list[complex]:
    """Pairs of numbers as points; those of small letters are relative."""
    base = here if letter.islower() else 0j
    return [base + complex(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def _piece(letter: str, numbers: list[float], state: State) -> tuple[Complexes, State]:
    """What one command draws from where the pen is, without that point."""
    here, start, handle, curve = state
    kind = letter.upper()
    if kind in "HV":
        base = (here.real if kind == "H" else here.imag) if letter.islower() else 0.0
        value = base + numbers[0]
        end = complex(value, here.imag) if kind == "H" else complex(here.real, value)
        return np.array([end]), State(end, start)
    if kind == "A":
        end = _points(letter, numbers[5:], here)[0]
        return _arc(here, end, *numbers[:5]), State(end, start)
    points = _points(letter, numbers, here)
    if kind in "ST":  # smooth: the curve before says how this one begins
        points.insert(0, 2 * here - handle if curve == kind.translate({ord("S"): "C", ord("T"): "Q"}) else here)
    end = points[-1]
    if kind == "L":
        return np.array([end]), State(end, start)
    return _bezier([here, *points]), State(end, start, points[-2], "C" if kind in "CS" else "Q")


def _bezier(controls: list[complex]) -> Complexes:
    """A Bézier curve by de Casteljau: between controls, then between those, until one is left."""
    levels = [np.full(len(STEPS), control) for control in controls]
    while len(levels) > 1:
        levels = [a + (b - a) * STEPS for a, b in pairwise(levels)]
    return levels[0]


def _arc(here: complex, end: complex, rx: float, ry: float, degrees: float, large: float, sweep: float) -> Complexes:
    """Of an ellipse, turned; found where the ellipse is the unit circle. Too small radii are scaled up to reach."""
    rx, ry, turn = abs(rx), abs(ry), cmath.rect(1, np.radians(degrees))
    if min(rx, ry) < TINY:
        return np.array([end])
    level = (end - here) / turn
    chord = complex(level.real / rx, level.imag / ry)  # from here, where the circle begins
    half = abs(chord) / 2
    if half < TINY:
        return np.array([end])
    if half > 1:
        chord, rx, ry = chord / half, rx * half, ry * half
    away = max(1 / min(half, 1.0) ** 2 - 1, 0.0) ** 0.5  # of the centre from the chord, in halves of the chord
    centre = chord / 2 * (1 + (1j if large != sweep else -1j) * away)
    angle = cmath.phase((chord - centre) / -centre)
    if sweep and angle < 0:
        angle += 2 * np.pi
    elif not sweep and angle > 0:
        angle -= 2 * np.pi
    circle = centre * (1 - np.exp(1j * angle * STEPS))
    drawn: Complexes = here + (circle.real * rx + 1j * circle.imag * ry) * turn
    drawn[-1] = end
    return drawn
