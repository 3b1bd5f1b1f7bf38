"""The Kaggle competition's CSV, line by line, as Quick, Draw! ndjson: one reader less to keep true."""

import csv
import json
from collections.abc import Callable
from functools import lru_cache

WORDLESS = "unlabelled"  # stands for the word in the competition's test files, which have none


def csv_to_ndjson(header: bytes) -> Callable[[bytes], bytes] | None:
    """A function from CSV lines to as many ndjson lines, or None where the header has no drawing column."""
    names = _split(header.decode(errors="replace"))
    if names is None or "drawing" not in names:
        return None
    column = {name: i for i, name in enumerate(names)}

    def translate_line(line: str) -> str:
        cells = _split(line)
        if cells is None or len(cells) != len(column):
            return line  # the careful reader says what is wrong with it

        def cell(name: str) -> str:
            return cells[column[name]] if name in column else ""

        word = cell("word") if "word" in column else WORDLESS
        country = cell("countrycode")
        key_id = cell("key_id")
        recognized = RECOGNIZED.get(cell("recognized"), "null")
        drawing = cell("drawing").replace(" ", "") or "null"
        return (
            f'{{"word":{_quoted(word)},"countrycode":{_quoted(country)},"timestamp":"",'
            f'"recognized":{recognized},"key_id":{_quoted(key_id)},"drawing":{drawing}}}'
        )

    def translate(block: bytes) -> bytes:
        # One row a line, always: no drawing holds a newline, and one lost quote must not swallow the rest.
        lines = block.decode(errors="surrogateescape").removesuffix("\n").split("\n")
        return ("\n".join([translate_line(line) for line in lines]) + "\n").encode(errors="surrogateescape")

    return translate


RECOGNIZED = {"True": "true", "true": "true", "False": "false", "false": "false", "": "true"}


def _split(line: str) -> list[str] | None:
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        return None


@lru_cache(maxsize=1 << 12)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
