"""What there is to read, and the reader for it: told by how a text begins, whatever its file is called."""

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import cast

from inkseq.drawings.blocks import BYTE_ORDER_MARK, damaged, open_task
from inkseq.drawings.canonical import Rejected
from inkseq.drawings.documents import xml_entries
from inkseq.drawings.entries import Entry
from inkseq.drawings.kaggle import split_cells
from inkseq.drawings.line_entries import csv_entries, document_entries, line_entries
from inkseq.drawings.ndjson import MAX_LINE, UNPRINTABLE
from inkseq.drawings.sources import Task, is_zip, kind_of, tasks_of_zip, walk
from inkseq.errors import UserError

PLAIN = {".ndjson": "json", ".jsonl": "json", ".json": "json", ".csv": "csv", ".svg": "xml", ".inkml": "xml"}
KINDS = PLAIN | {f"{ending}.gz": kind for ending, kind in PLAIN.items()}  # what is taken from folders and zips
STANDARD_INPUT = Task(Path("-"), "json", 0)
GZIP = b"\x1f\x8b"

Tick = Callable[[float], object]  # hears of the bytes read from the disk


def find(source: str) -> list[Task]:
    """Every file under a file, folder or zip, in the order of their names; `-` is the standard input."""
    if source == "-":
        return [STANDARD_INPUT]
    path = Path(source)
    if not path.exists():
        raise UserError(f"{source} does not exist")
    paths = [path] if not path.is_dir() else sorted(p for p in walk(path) if kind_of(p.name, KINDS) or is_zip(p))
    tasks = [task for path in paths for task in _tasks(path)]
    if not tasks:
        raise UserError(f"nothing to name in {source}: no {', '.join(PLAIN)} or .zip there")
    return tasks


def _tasks(path: Path) -> Iterable[Task]:
    if is_zip(path):
        return tasks_of_zip(path, KINDS)
    return [Task(path, kind_of(path.name, KINDS), path.stat().st_size)]


def read_entries(task: Task, tick: Tick) -> Iterator[Entry]:
    """All entries of a file, the last of them being why the rest cannot be read, if it cannot."""
    name = UNPRINTABLE.sub("?", task.name)
    try:
        stream, share = _open(task)
        with stream:
            is_gzip = _read(stream.peek, len(GZIP)).startswith(GZIP)
            lines = _lines(gzip.GzipFile(fileobj=stream) if is_gzip else stream)
            yield from _entries(_ticking(lines, stream, share, tick) if share else lines, task.kind, name)
    except Rejected as reason:
        yield Entry(name, None, str(reason))


def _open(task: Task) -> tuple[BufferedReader, float]:
    """The text, and how many bytes on the disk each of its bytes is: 0 where there is no disk."""
    stream, share = (sys.stdin.buffer, 0.0) if task is STANDARD_INPUT else open_task(task)
    return cast(BufferedReader, stream), share


def _entries(lines: Iterator[bytes], kind: str, name: str) -> Iterator[Entry]:
    first = next(lines, b"").removeprefix(BYTE_ORDER_MARK)
    begin = first.strip()
    if not first:
        raise Rejected("empty")
    if begin.startswith(b"<") or kind == "xml":
        yield from xml_entries(_all(first, lines), name)
    elif begin and not begin.strip(b"[{ \t"):
        yield from document_entries(first, lines, name)
    elif begin.startswith((b"[", b"{")):
        yield from line_entries(chain([first], lines), name)
    elif kind == "csv" or "drawing" in split_cells(begin.decode(errors="replace")):
        yield from csv_entries(split_cells(begin.decode(errors="replace")), lines, name)
    elif kind == "json":
        yield from line_entries(chain([first], lines), name)
    else:
        raise Rejected("neither JSON, a CSV with a column called drawing, SVG nor InkML")


def _lines(text: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    """Whole lines; of one that is too long no more than shows that it is."""
    while line := _read(text.readline, MAX_LINE + 1):
        if not line.endswith(b"\n"):
            while (rest := _read(text.readline, MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            line += b"\n"
        yield line


def _read(read: Callable[[int], bytes], most: int) -> bytes:
    try:
        return read(most)
    except Exception as error:
        raise damaged(error) from None


def _ticking(lines: Iterator[bytes], stream: BufferedReader, share: float, tick: Tick) -> Iterator[bytes]:
    """The lines, with word to `tick` of how many bytes on the disk have been read for each."""
    before = 0.0
    for line in lines:
        now = stream.tell() * share
        tick(now - before)
        before = now
        yield line


def _all(first: bytes, lines: Iterator[bytes]) -> bytes:
    """The lines as one text, if it is not too long."""
    text, size = [first], len(first)
    for line in lines:
        text.append(line)
        size += len(line)
        if size > MAX_LINE:
            raise Rejected(f"longer than {MAX_LINE // 2**20} MB")
    return b"".join(text)
