"""Answers for programs: a JSON object a line, CSV, or a submission to the Kaggle competition."""

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from inkseq.errors import UserError
from inkseq.files import whole_file
from inkseq.predict.stream import Answer

Windows = Iterator[list[Answer]]

DIGITS = 6  # of a probability
KAGGLE_WORDS = 3


@contextmanager
def destination(out: str | None) -> Iterator[TextIO]:
    """Where answers go: a file that is there whole or not at all, or the standard output."""
    if out is None:
        yield sys.stdout
        return
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        yield file


def each(windows: Windows, file: TextIO) -> Iterator[Answer]:
    """All answers; what was written of a window is let out behind it."""
    for window in windows:
        yield from window
        file.flush()


def write_jsonl(windows: Windows, file: TextIO) -> None:
    """An object a line: where it came from, what it was given, and its guesses or the error."""
    for answer in each(windows, file):
        file.write(json.dumps(_to_object(answer), ensure_ascii=False) + "\n")


def _to_object(answer: Answer) -> dict[str, Any]:
    entry, guesses, said = answer
    known = {"source": entry.source, "key_id": entry.key_id, "word": entry.word}
    given = {name: value for name, value in known.items() if value}
    if not guesses:
        return given | {"error": entry.error}
    return given | {"answer": said, "guesses": [[word, round(chance, DIGITS)] for word, chance in guesses]}


def write_csv(windows: Windows, file: TextIO, top: int) -> None:
    """A row an entry, under the same columns whatever there is to say."""
    rows = csv.writer(file, lineterminator="\n")
    pairs = [name for i in range(1, top + 1) for name in (f"guess_{i}", f"probability_{i}")]
    rows.writerow(["source", "key_id", "word", "answer", "error", *pairs])
    for entry, guesses, said in each(windows, file):
        cells = [cell for word, chance in guesses for cell in (word, round(chance, DIGITS))]
        cells += [""] * (2 * top - len(cells))
        rows.writerow([entry.source, entry.key_id, entry.word, said, entry.error, *cells])


def write_kaggle(windows: Windows, file: TextIO, stand_ins: list[str]) -> None:
    """`key_id,word` with three words, spaces as underscores.

    A submission must have a row for every drawing: one that cannot be read gets `stand_ins`.
    """
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["key_id", "word"])
    for entry, guesses, _ in each(windows, file):
        if entry.key_id:
            words = [guess.word for guess in guesses] or stand_ins
            rows.writerow([entry.key_id, " ".join(word.replace(" ", "_") for word in words)])
        elif guesses:
            raise UserError(f"format=kaggle: {entry.source} has no key_id")
