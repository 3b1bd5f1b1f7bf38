"""The Kaggle competition's CSV, line by line, as Quick, Draw! ndjson: one reader less to keep true."""

import csv
import json
from functools import lru_cache

from inkseq.drawings.canonical import Rejected
from inkseq.drawings.ndjson import MAX_LINE

WORDLESS = ""  # the word of the competition's test drawings, which have none; no line can carry an empty one
SUBMISSION = ["key_id", "word"]  # the header of the competition's sample_submission.csv, which holds no drawings

SHORT = 200  # characters of a cell that is worth remembering

csv.field_size_limit(MAX_LINE)


class CsvToNdjson:
    """Makes ndjson lines of CSV lines that stand under this header, one of each."""

    def __init__(self, names: list[str]) -> None:
        if "drawing" not in names:
            raise Rejected("the first line names no column 'drawing'")
        self.num_cells = len(names)
        self.column = {name: i for i, name in enumerate(names)}
        self.wordless = "word" not in names
        self.writer = next((name for name in ("writer", "writer_id") if name in names), "")

    def block(self, lines: bytes) -> bytes:
        # One row a line, always: no drawing holds a newline, and one lost quote must not swallow the rest.
        rows = lines.decode(errors="surrogateescape").removesuffix("\n").split("\n")
        return ("\n".join(map(self.line, rows)) + "\n").encode(errors="surrogateescape")

    def line(self, line: str) -> str:
        cells = split_cells(line)
        if len(cells) != self.num_cells:  # behind a comma no line is JSON, and the careful reader says so
            return f",{line}" if line.strip() else ""
        row = {name: cells[i] for name, i in self.column.items()}
        word = "none" if self.wordless else row["word"]  # none is not looked at
        recognized = row.get("recognized", "")
        drawing = row["drawing"].replace(" ", "") or "null"
        if '"' in drawing:  # no drawing has any; here it might begin another field, so it is text and no JSON
            drawing = json.dumps(drawing)
        by = f',"writer":{_quoted(row[self.writer])}' if self.writer else ""
        return (
            f'{{"word":{_quoted(word)},"countrycode":{_quoted(row.get("countrycode", ""))},"timestamp":"",'
            f'"recognized":{RECOGNIZED.get(recognized) or _quoted(recognized)},'
            f'"key_id":{_quoted(row.get("key_id", ""))},"drawing":{drawing}{by}}}'
        )


RECOGNIZED = {"True": "true", "true": "true", "False": "false", "false": "false", "": "true"}


def split_cells(line: str) -> list[str]:
    """The cells of a line; none where its quotes do not match."""
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        return []


def _quoted(text: str) -> str:
    return _quoted_short(text) if len(text) < SHORT else json.dumps(text, ensure_ascii=False)


@lru_cache(maxsize=1 << 12)
def _quoted_short(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
