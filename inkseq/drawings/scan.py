"""The bulk path: canonical ndjson lines scanned as bytes, two a microsecond. Any other line is named, not read.

It accepts exactly the lines Google wrote (key order, no spaces, whole numbers in 0..255) and hands every other
one to `ndjson.parse_line`, its oracle: tests hold one against the other on mutated lines.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inkseq.drawings.columns import Columns, from_records
from inkseq.drawings.ndjson import MAX_LINE
from inkseq.drawings.strokes import CANVAS, MAX_MARGIN, MIN_SIDE

SHORTEST_LINE = 64  # bytes of the shortest line the scanner takes, rounded down
MAX_SLOW = 1 << 14  # lines named before the scan pauses


def _literal(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


WORD = _literal('{"word":"')
COUNTRY = _literal('","countrycode":"')
TIMESTAMP = _literal('","timestamp":"')
RECOGNIZED = _literal('","recognized":')
TRUE, FALSE = _literal("true"), _literal("false")
KEY_ID = _literal(',"key_id":"')
DRAWING = _literal('","drawing":[')
NEWLINE, RETURN, QUOTE, BACKSLASH = 10, 13, 34, 92
COMMA, ZERO, OPEN, CLOSE, CLOSE_BRACE = 44, 48, 91, 93, 125


Bytes = NDArray[np.uint8]


class Stretch(NamedTuple):
    """What some lines of a text held: drawings, and the lines left to the careful reader."""

    columns: Columns
    slow: NDArray[np.int64]  # (L, 3): line, start and end in the text
    num_lines: int


def scan(text: Bytes, words: dict[str, int], check_canonical: bool) -> Iterator[Stretch]:
    """Read whole lines of ndjson; `words` grows by those it does not have yet.

    A stretch is all of the text, unless there is no room for more slow lines. The last byte is a newline. It stops
    every look ahead, so that none leaves the text.
    """
    size = len(text)
    rows = _Rows(
        line=np.empty(size // SHORTEST_LINE + 1, np.int64),
        word_at=np.empty((size // SHORTEST_LINE + 1, 2), np.int64),
        key_id=np.empty(size // SHORTEST_LINE + 1, np.uint64),
        countrycode=np.empty((size // SHORTEST_LINE + 1, 2), np.uint8),
        recognized=np.empty(size // SHORTEST_LINE + 1, np.bool_),
        num_points=np.empty(size // SHORTEST_LINE + 1, np.int32),
        points=np.empty((size // 2 + 1, 2), np.uint8),  # a number is at least `0,`; unused pages cost nothing
        pen=np.empty(size // 2 + 1, np.uint8),
    )
    slow = np.empty((MAX_SLOW, 3), np.int64)
    at = first_line = 0
    while at < size:
        at, num_lines, num_rows, num_points, num_slow = _scan(text, size, check_canonical, at, first_line, rows, slow)
        columns = Columns(
            line=rows.line[:num_rows],
            word=_number_words(text, rows.word_at[:num_rows], words),
            key_id=rows.key_id[:num_rows],
            countrycode=rows.countrycode[:num_rows].view("S2")[:, 0],
            recognized=rows.recognized[:num_rows],
            split=np.full(num_rows, -1, np.int8),
            writer=np.full(num_rows, -1, np.int32),
            num_points=rows.num_points[:num_rows],
            points=rows.points[:num_points],
            pen=rows.pen[:num_points],
        )
        yield Stretch(columns, slow[:num_slow], num_lines)
        first_line += num_lines


def all_slow(text: Bytes) -> Iterator[Stretch]:
    """Every line of the text left to the careful reader."""
    ends = np.flatnonzero(text == NEWLINE)
    lines = np.stack([np.arange(len(ends)), np.concatenate([[0], ends[:-1] + 1]), ends], axis=1)
    for first in range(0, len(lines), MAX_SLOW):
        some = lines[first : first + MAX_SLOW]
        yield Stretch(from_records([], [], {}, {}), some, len(some))


def _number_words(text: Bytes, word_at: NDArray[np.int64], words: dict[str, int]) -> NDArray[np.int32]:
    """The number of each row's word. Equal words mostly follow each other, so only changes are looked up."""
    changes = np.flatnonzero(_word_changes(text, word_at))
    numbers = [
        words.setdefault(text[start : start + length].tobytes().decode(), len(words))
        for start, length in word_at[changes].tolist()
    ]
    return np.repeat(np.array(numbers, np.int32), np.diff(changes, append=len(word_at)))


class _Rows(NamedTuple):
    line: NDArray[np.int64]
    word_at: NDArray[np.int64]  # start and length in the text
    key_id: NDArray[np.uint64]
    countrycode: NDArray[np.uint8]
    recognized: NDArray[np.bool_]
    num_points: NDArray[np.int32]
    points: NDArray[np.uint8]
    pen: NDArray[np.uint8]


@njit(cache=True)
def _word_changes(text: Any, word_at: Any) -> Any:
    changes = np.ones(len(word_at), np.bool_)
    for row in range(1, len(word_at)):
        start, length = word_at[row]
        before, length_before = word_at[row - 1]
        i = 0
        while length == length_before and i < length and text[start + i] == text[before + i]:
            i += 1
        changes[row] = i < length or length != length_before
    return changes


@njit(cache=True)
def _scan(text: Any, size: int, check: bool, at: int, first_line: int, rows: Any, slow: Any) -> Any:
    """Scan from `at` to the end of the text or of the room for slow lines: where that is, and how much was found."""
    num_lines = num_rows = num_points = num_slow = 0
    while at < size and num_slow < len(slow):
        end, count = _scan_line(text, at, check, num_rows, num_points, rows)
        if end > 0:
            rows.line[num_rows] = first_line + num_lines
            num_rows += 1
            num_points += count
        else:
            end = at
            while text[end] != NEWLINE:
                end += 1
            slow[num_slow] = first_line + num_lines, at, end
            num_slow += 1
            end += 1
        at = end
        num_lines += 1
    return at, num_lines, num_rows, num_points, num_slow


@njit(cache=True)
def _scan_line(text: Any, start: int, check: bool, row: int, point: int, rows: Any) -> Any:
    """One line into row `row`: (start of the next line, number of points), or (-1, 0) for any doubt."""
    failed = (-1, 0)
    at = _skip(text, start, WORD)
    word = at
    at = _skip_text(text, at)
    if at <= word or text[word] == 32:
        return failed
    rows.word_at[row, 0], rows.word_at[row, 1] = word, at - word
    at = _skip(text, at, COUNTRY)
    if at < 0 or not (65 <= text[at] <= 90 and 65 <= text[at + 1] <= 90):
        return failed
    rows.countrycode[row, 0], rows.countrycode[row, 1] = text[at], text[at + 1]
    at = _skip_text(text, _skip(text, at + 2, TIMESTAMP))
    at = _skip(text, at, RECOGNIZED)
    if at < 0:
        return failed
    recognized = text[at] == TRUE[0]
    rows.recognized[row] = recognized
    at = _skip(text, _skip(text, at, TRUE if recognized else FALSE), KEY_ID)
    if at < 0:
        return failed
    key, first = np.uint64(0), at
    while ZERO <= text[at] <= ZERO + 9:
        key = key * np.uint64(10) + np.uint64(text[at] - ZERO)
        at += 1
    if not 1 <= at - first <= 19:  # 19 digits always fit 64 bits
        return failed
    rows.key_id[row] = key
    at, count = _scan_drawing(text, _skip(text, at, DRAWING), point, rows.points, rows.pen, check)
    if at < 0 or text[at] != CLOSE_BRACE:
        return failed
    at += 1
    at += text[at] == RETURN
    if text[at] != NEWLINE or at - start > MAX_LINE:
        return failed
    rows.num_points[row] = count
    return at + 1, count


@njit(cache=True)
def _scan_drawing(text: Any, at: int, first: int, points: Any, pen: Any, check: bool) -> Any:
    """Strokes from after the drawing's `[` to after its `]`: (where, number of points), or (-1, 0)."""
    failed = (-1, 0)
    if at < 0:
        return failed
    count = 0
    min_x, max_x, min_y, max_y = CANVAS, 0, CANVAS, 0
    while True:
        if text[at] != OPEN:
            return failed
        at, num_x, low, high = _scan_numbers(text, at + 1, first + count, 0, points)
        min_x, max_x = min(min_x, low), max(max_x, high)
        if at < 0 or text[at] != COMMA:
            return failed
        at, num_y, low, high = _scan_numbers(text, at + 1, first + count, 1, points)
        min_y, max_y = min(min_y, low), max(max_y, high)
        if at < 0 or num_x != num_y or text[at] != CLOSE:
            return failed
        pen[first + count : first + count + num_x] = 0
        count += num_x
        pen[first + count - 1] = 1
        at += 1
        if text[at] != COMMA:
            break
        at += 1
    if text[at] != CLOSE:
        return failed
    fits = max(min_x, min_y) <= MAX_MARGIN and max(max_x - min_x, max_y - min_y) >= MIN_SIDE
    return (at + 1, count) if fits or not check else failed


@njit(cache=True)
def _scan_numbers(text: Any, at: int, point: int, axis: int, points: Any) -> Any:
    """`[1,2,...]` into one axis: (where, how many, smallest, largest); where is -1 for any doubt."""
    failed = (-1, 0, 0, 0)
    if text[at] != OPEN:
        return failed
    low, high = CANVAS, 0
    begin = point
    while True:
        at += 1
        value = int(text[at]) - ZERO
        if not 0 <= value <= 9:
            return failed
        at += 1
        digit = int(text[at]) - ZERO
        if 0 <= digit <= 9:
            if value == 0:
                return failed
            value = value * 10 + digit
            at += 1
            digit = int(text[at]) - ZERO
            if 0 <= digit <= 9:
                value = value * 10 + digit
                at += 1
        if value > CANVAS:
            return failed
        points[point, axis] = value
        point += 1
        low, high = min(low, value), max(high, value)
        if text[at] != COMMA:
            break
    if text[at] != CLOSE:
        return failed
    return at + 1, point - begin, low, high


@njit(cache=True)
def _skip(text: Any, at: int, literal: Any) -> int:
    """Where the text goes on after `literal`, or -1."""
    if at < 0:
        return -1
    for i in range(len(literal)):
        if text[at + i] != literal[i]:
            return -1
    return at + len(literal)


@njit(cache=True)
def _skip_text(text: Any, at: int) -> int:
    """Where the quote after plain ASCII text is, or -1: escapes and other alphabets are not ours to read."""
    if at < 0:
        return -1
    while 32 <= text[at] < 127 and text[at] != QUOTE and text[at] != BACKSLASH:
        at += 1
    return at if text[at] == QUOTE else -1
