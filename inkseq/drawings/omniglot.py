"""Omniglot's strokes: a line START, then a line x,y,t a point, y growing upwards, and BREAK behind each stroke."""

from inkseq.drawings.canonical import MAX_STROKES, Rejected

MAX_POINTS = 200_000  # of a drawing
BREAK = b"BREAK"


def strokes(text: bytes) -> list[list[list[float]]]:
    """What stands behind START, as strokes [xs, ys, ts]; raises Rejected."""
    if text.count(BREAK) > MAX_STROKES:
        raise Rejected(f"more than {MAX_STROKES:,} strokes")
    if text.count(b",") > 2 * MAX_POINTS:
        raise Rejected(f"more than {MAX_POINTS:,} points")
    *pieces, rest = text.split(BREAK)
    if rest.strip():
        raise Rejected("a stroke that does not end in BREAK")
    return [_stroke(piece.split()) for piece in pieces]


def _stroke(lines: list[bytes]) -> list[list[float]]:
    try:
        points = [(float(x), -float(y), float(t)) for x, y, t in (line.split(b",") for line in lines)]
    except ValueError:
        raise Rejected("a point is not x,y,t") from None
    return [list(column) for column in zip(*points, strict=True)] or [[], []]
