"""One line of Quick, Draw! ndjson, read carefully. The bulk path (scan.py) must agree with this one on every line."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import ujson
from numpy.typing import NDArray

from inkseq.config import Simplify
from inkseq.drawings.canonical import Rejected, make_canonical

MAX_LINE = 16 * 2**20  # bytes, of a line and of a document
MAX_LINES = 2_000_000  # of a document: each takes a microsecond, even where it is empty
MAX_KEY_ID = 2**64 - 1
MAX_NAME = 200  # characters, of a writer
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, half surrogates


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
    writer: str = ""  # who drew it, where that is known


def parse_line(line: bytes, mode: Simplify) -> Record:
    """The drawing on a line, canonical; raises Rejected with the reason."""
    fields = load_json(line)
    if not isinstance(fields, dict):
        raise Rejected("not a JSON object")
    word = check_word(fields.get("word"))
    recognized = fields.get("recognized")
    if not isinstance(recognized, bool | None):
        raise Rejected("recognized is not true or false")
    points, pen = make_canonical(ink_of(fields), mode)
    writer = writer_of(fields)
    key_id = check_key(fields.get("key_id"), word, points, pen, writer)
    country = _countrycode(fields.get("countrycode"))
    return Record(word, key_id, country, recognized is not False, points, pen, writer=writer)


def content_key(word: str, points: NDArray[Any], pen: NDArray[Any], writer: str = "") -> int:
    """A key_id for a drawing that has none: the same drawing under the same word, by the same hand, gets the same."""
    text = b"\0".join([word.encode(), points.tobytes(), pen.tobytes(), *([writer.encode()] if writer else [])])
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


def ink_of(fields: dict[str, Any]) -> Any:
    """The strokes of an object: `drawing` in Quick, Draw!, `strokes` in what the server's /predict takes."""
    return fields.get("drawing", fields.get("strokes"))


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


def writer_of(fields: dict[str, Any]) -> str:
    """Who drew an object, or ''; Rejected where that is no name."""
    writer = fields.get("writer", fields.get("writer_id"))
    if writer is None or writer == "":
        return ""
    if not isinstance(writer, str | int) or isinstance(writer, bool) or len(str(writer)) > MAX_NAME:
        raise Rejected("writer is neither a short text nor a whole number")
    if UNPRINTABLE.search(str(writer)):
        raise Rejected("writer has unprintable characters")
    return str(writer)


def _countrycode(code: Any) -> str:
    if code is None or code == "":
        return ""
    if not isinstance(code, str) or len(code) > 2 or not code.isascii() or not code.isprintable():
        raise Rejected("countrycode is not two letters")
    return code


def check_key(key: Any, word: str, points: NDArray[np.uint8], pen: NDArray[np.uint8], writer: str = "") -> int:
    """The key_id, if it is one, or one by content where there is none; else Rejected."""
    if key is None or key == "":
        return content_key(word, points, pen, writer)
    if isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 20:
        key = int(key)
    if type(key) is not int or not 0 <= key <= MAX_KEY_ID:
        raise Rejected("key_id is not a whole number below 2^64")
    return key
