"""One line of Quick, Draw! ndjson, read carefully. The bulk path (scan.py) must agree with this one on every line."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import ujson
from numpy.typing import NDArray

from inkseq.config import Simplify
from inkseq.data.simplify import simplify
from inkseq.strokes import CANVAS, flatten, is_canonical

MAX_LINE = 16 * 2**20  # bytes
MAX_COORDINATE = 1e9  # beyond it no device draws, and differences lose whole pixels
MAX_KEY_ID = 2**64 - 1
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, half surrogates


class Rejected(Exception):  # noqa: N818 - not an error of the program
    """A line that is no drawing, and why."""


class Damaged(Rejected):
    """The rest of a file that breaks off or makes no sense, and why."""


@dataclass(slots=True)
class Record:
    """One drawing, canonical."""

    word: str
    key_id: int
    countrycode: str
    recognized: bool
    points: NDArray[np.uint8]
    pen: NDArray[np.uint8]
    split: int = -1  # index into SPLITS where the source says; else to be divided


def parse_line(line: bytes, mode: Simplify) -> Record:
    """The drawing on a line, canonical; raises Rejected with the reason."""
    fields = load_json(line)
    if not isinstance(fields, dict):
        raise Rejected("not a JSON object")
    word = check_word(fields.get("word"))
    recognized = fields.get("recognized")
    if not isinstance(recognized, bool | None):
        raise Rejected("recognized is not true or false")
    points, pen, has_times = check_drawing(fields.get("drawing"))
    small, pen = make_canonical(points, pen, mode, has_times)
    key_id = _key_id(fields.get("key_id"), word, small, pen)
    return Record(word, key_id, _countrycode(fields.get("countrycode")), recognized is not False, small, pen)


def check_drawing(drawing: Any) -> tuple[NDArray[np.float64], NDArray[np.uint8], bool]:
    """Points and pen of a list of `[xs, ys]` or `[xs, ys, ts]`, and whether it has times; else Rejected."""
    if drawing is None:
        raise Rejected("no drawing")
    if not isinstance(drawing, list):
        raise Rejected("drawing is not a list of strokes")
    if not drawing:
        raise Rejected("empty drawing")
    for stroke in drawing:
        _check_stroke(stroke)
    try:
        points, pen = flatten(drawing)
    except OverflowError:
        raise Rejected("coordinate too large") from None
    if not np.isfinite(points).all():
        raise Rejected("coordinate is not finite")
    if np.abs(points).max() > MAX_COORDINATE:
        raise Rejected("coordinate too large")
    return points, pen, any(len(stroke) == 3 for stroke in drawing)


def make_canonical(
    points: NDArray[np.float64], pen: NDArray[np.uint8], mode: Simplify, has_times: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Simplify as told; `auto` leaves alone what is canonical already."""
    if mode is Simplify.always or (mode is Simplify.auto and (has_times or not is_canonical(points))):
        try:
            return simplify(points, pen)
        except ValueError as error:
            raise Rejected(str(error)) from None
    whole = points.astype(np.uint8) if points.min() >= 0 and points.max() <= CANVAS else None
    if whole is None or (whole != points).any():
        raise Rejected("coordinates are not whole numbers in 0..255 (and simplify=never)")
    return whole, pen


def content_key(word: str, points: NDArray[Any], pen: NDArray[Any]) -> int:
    """A key_id for a drawing that has none: the same drawing under the same word gets the same."""
    text = b"\0".join([word.encode(), points.tobytes(), pen.tobytes()])
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def load_json(line: bytes) -> Any:
    """What a line says, if it is JSON; else Rejected."""
    if len(line) > MAX_LINE:
        raise Rejected(f"line longer than {MAX_LINE // 2**20} MB")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Rejected("not UTF-8") from None
    if not text.strip():
        raise Rejected("empty line")
    try:
        return ujson.loads(text)
    except (ValueError, OverflowError):
        raise Rejected("malformed") from None


def check_word(word: Any) -> str:
    """The word, if it is one; else Rejected."""
    if word is None:
        raise Rejected("no word")
    if not isinstance(word, str):
        raise Rejected("word is not text")
    if not word.strip():
        raise Rejected("empty word")
    if UNPRINTABLE.search(word):
        raise Rejected("word has unprintable characters")
    return word


def _countrycode(code: Any) -> str:
    if code is None or code == "":
        return ""
    if not isinstance(code, str) or len(code) > 2 or not code.isascii() or not code.isprintable():
        raise Rejected("countrycode is not two letters")
    return code


def _key_id(key: Any, word: str, points: NDArray[np.uint8], pen: NDArray[np.uint8]) -> int:
    if key is None or key == "":
        return content_key(word, points, pen)
    if isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 20:
        key = int(key)
    if type(key) is not int or not 0 <= key <= MAX_KEY_ID:
        raise Rejected("key_id is not a whole number below 2^64")
    return key


def _check_stroke(stroke: Any) -> None:
    if not isinstance(stroke, list) or len(stroke) not in (2, 3):
        raise Rejected("stroke is not [xs, ys] or [xs, ys, times]")
    if not all(isinstance(column, list) for column in stroke):
        raise Rejected("stroke is not [xs, ys] or [xs, ys, times]")
    if len({len(column) for column in stroke}) != 1:
        raise Rejected("x and y of different length")
    if not stroke[0]:
        raise Rejected("empty stroke")
    if not {type(value) for column in stroke[:2] for value in column} <= {int, float}:
        raise Rejected("coordinate is not a number")
