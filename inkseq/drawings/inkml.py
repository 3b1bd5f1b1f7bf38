"""InkML: the traces of a document as drawings.

Read are plain values, first (') and second (") differences, and * for the same again, of X and Y wherever the
traceFormat has them. A reference to part of a trace is to all of it, and a trace that continues another is one of
its own. Refused is what X and Y cannot be: true, false, unknown and hexadecimal values, and two formats in one
document of which X or Y stand elsewhere.
"""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from inkseq.drawings.canonical import Rejected
from inkseq.drawings.svg_path import NUMBER

DIFFERENCE = ("!", "'", '"')  # as it is, of the first order, of the second
TOKEN = re.compile(rf"""[!'"]|{NUMBER}|\#[0-9A-Fa-f]++|\S""")
MAX_POINTS = 200_000  # of a drawing
MAX_REPEATS, SHORT = 3, 2**20  # how often groups may draw the text of all traces; of less than a megabyte any number
TRUTHS = ("truth", "label")  # types of annotation that say what a group's drawing is

Stroke = list[list[float]]  # [xs, ys]
Channel = tuple[int, float]  # where in a point its value stands, and 1 or -1 for the way it grows


def drawings(root: Element) -> list[tuple[str, list[Element]]]:
    """The word, if there is one, and the traces of each drawing.

    A document is one drawing, unless groups that hold traces say what they are: then these are the drawings. Raises
    Rejected where they draw the same traces again and again.
    """
    by_id = {trace.get("id"): trace for trace in root.iter("trace")}
    labelled = [(_truth(group), _traces(group, by_id)) for group in root.iter("traceGroup")]
    labelled = [(word, traces) for word, traces in labelled if word and traces]
    defined = {trace for definitions in root.iter("definitions") for trace in definitions.iter("trace")}
    found = labelled or [(_truth(root), [trace for trace in root.iter("trace") if trace not in defined])]
    drawn = _size(trace for _, traces in found for trace in traces)
    if drawn > max(MAX_REPEATS * _size(root.iter("trace")), SHORT):
        raise Rejected(f"groups that draw the same traces more than {MAX_REPEATS} times")
    return found


def _size(traces: Iterable[Element]) -> int:
    return sum(len(trace.text or "") for trace in traces)


def strokes(traces: list[Element], channels: tuple[Channel, Channel]) -> list[Stroke]:
    """Those of the traces that touch the paper; raises Rejected."""
    texts = [trace.text or "" for trace in traces if trace.get("type") != "penUp"]
    if sum(text.count(",") for text in texts) > MAX_POINTS:
        raise Rejected(f"more than {MAX_POINTS:,} points")
    return [_stroke(text, channels) for text in texts]


def _truth(element: Element) -> str:
    """What the annotations right in an element say that it is."""
    truths = [note.text or "" for note in element.findall("annotation") if note.get("type") in TRUTHS]
    return truths[0].strip() if truths else ""


def _traces(group: Element, by_id: dict[str | None, Element]) -> list[Element]:
    """The traces right in a group, and those elsewhere that it refers to."""
    meant = (child.get("traceDataRef", "").removeprefix("#") for child in group)
    found = [child if child.tag == "trace" else by_id.get(name) for child, name in zip(group, meant, strict=True)]
    return [trace for trace in found if trace is not None]


def channels_of(root: Element) -> tuple[Channel, Channel]:
    """X and Y of a document: first and second, to the right and down, unless told. Raises Rejected."""
    found = {_channels(form) for form in root.iter("traceFormat")}
    if len(found) > 1:
        raise Rejected("trace formats that differ in X or Y")
    return found.pop() if found else ((0, 1.0), (1, 1.0))


def _channels(form: Element) -> tuple[Channel, Channel]:
    channels = form.findall("channel")
    names = [channel.get("name") for channel in channels]
    if "X" not in names or "Y" not in names:
        raise Rejected("a trace format without X or Y")
    x, y = (
        (names.index(name), -1.0 if channels[names.index(name)].get("orientation") == "-ve" else 1.0) for name in "XY"
    )
    return x, y


def _stroke(text: str, channels: tuple[Channel, Channel]) -> Stroke:
    points = [_values(point) for point in text.split(",")]
    if points and not points[-1]:  # a comma may end a trace too
        points.pop()
    if any(len(point) <= max(index for index, _ in channels) for point in points):
        raise Rejected("a trace with a point without X or Y")
    return [_column([point[index] for point in points], way) for index, way in channels]


def _values(point: str) -> list[tuple[str, str]]:
    """The values of a point, each behind the mark that stands before it."""
    values, mark = [], ""
    for token in TOKEN.findall(point):
        if token in DIFFERENCE:
            mark = token
        else:
            values.append((mark, token))
            mark = ""
    return values


def _column(values: list[tuple[str, str]], way: float) -> list[float]:
    """One channel: a mark holds for the values behind it, until there is another."""
    order, number, value, step = "!", 0.0, 0.0, 0.0
    column = []
    for mark, token in values:
        order = mark or order
        if token != "*":
            number = _number(token)
        if order == "!":
            value, step = number, 0.0
        else:
            step = number if order == "'" else step + number
            value += step
        column.append(way * value)
    return column


def _number(token: str) -> float:
    try:
        return float(token)
    except ValueError:
        raise Rejected("a trace with a value that is no number") from None
