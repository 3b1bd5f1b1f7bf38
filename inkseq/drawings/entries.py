"""What an input holds: drawings, and what was to be one but is none, with the reason."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from inkseq.config import Simplify
from inkseq.drawings.canonical import Rejected, read_drawing, refusal
from inkseq.drawings.ndjson import UNPRINTABLE, check_word, ink_of, load_json, writer_of
from inkseq.drawings.strokes import Drawn

MAX_KEY = 200  # characters


class Entry(NamedTuple):
    """A drawing, canonical or as ink, or why there is none."""

    source: str  # FILE:LINE
    drawing: Drawn | None
    error: str = ""
    key_id: str = ""  # as it was given, if it was
    word: str = ""  # likewise
    recognized: bool = True  # by the game
    writer: str = ""


def json_entries(line: bytes, source: str, mode: Simplify = Simplify.auto) -> Iterator[Entry]:
    """What a JSON text holds: strokes, an object with a `drawing` or `strokes`, or a list of either."""
    try:
        value = load_json(line)
    except Exception as error:
        yield Entry(source, None, str(refusal(error)))
        return
    if _is_many(value):
        for number, one in enumerate(value, 1):
            yield _entry(one, f"{source}[{number}]", mode)
    else:
        yield _entry(value, source, mode)


def drawing_entry(
    source: str, drawing: Any, mode: Simplify = Simplify.auto, key_id: str = "", word: str = "", recognized: bool = True
) -> Entry:
    """An entry of strokes, whatever they are."""
    try:
        return Entry(source, read_drawing(drawing, mode), "", key_id, word, recognized)
    except Exception as error:
        return Entry(source, None, str(refusal(error)), key_id, word, recognized)


def _is_many(value: Any) -> bool:
    """Whether a list begins with an object, or is one level deeper than strokes are."""
    depth = 0
    while isinstance(value, list) and value and depth < 4:
        value = value[0]
        depth += 1
    return depth == 4 or (depth == 1 and isinstance(value, dict))


def _entry(value: Any, source: str, mode: Simplify) -> Entry:
    if isinstance(value, list):
        return drawing_entry(source, value, mode)
    if not isinstance(value, dict):
        return Entry(source, None, "neither strokes nor an object with a drawing")
    key_id = word = ""
    try:
        writer = writer_of(value)
        key_id = _key(value.get("key_id"))
        if value.get("word") not in (None, ""):
            word = check_word(value["word"])
    except Exception as error:
        return Entry(source, None, str(refusal(error)), key_id)
    recognized = value.get("recognized") is not False
    return drawing_entry(source, ink_of(value), mode, key_id, word, recognized)._replace(writer=writer)


def _key(key: Any) -> str:
    """A key_id as text; here it may be any, for only `convert` looks drawings up by it."""
    if key is None:
        return ""
    if not isinstance(key, str | int) or isinstance(key, bool):
        raise Rejected("key_id is neither text nor a whole number")
    if len(str(key)) > MAX_KEY or UNPRINTABLE.search(str(key)):
        raise Rejected("key_id is too long, or has unprintable characters")
    return str(key)
