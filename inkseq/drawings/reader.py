"""The reader of any drawings, for `convert` and `predict`: told by how a text begins, whatever its file is called."""

import gzip
import sys
from collections.abc import Callable, Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import cast
from xml.etree.ElementTree import Element

from inkseq.config import Simplify
from inkseq.drawings import inkml, omniglot, svg
from inkseq.drawings.blocks import BYTE_ORDER_MARK, damaged, is_gzip, open_task, read_whole
from inkseq.drawings.canonical import MAX_WRONG, Damaged, Rejected, check_size, refusal
from inkseq.drawings.entries import Entry, drawing_entry
from inkseq.drawings.kaggle import split_cells
from inkseq.drawings.line_entries import csv_entries, document_entries, line_entries
from inkseq.drawings.ndjson import MAX_LINE, MAX_LINES, check_word, load_json
from inkseq.drawings.scans import read_ink
from inkseq.drawings.sketchrnn import read_npz
from inkseq.drawings.sources import ARRAY_KINDS, ENDINGS, START, Task, Tick, find_files
from inkseq.drawings.xml import parse_xml
from inkseq.errors import UserError

IMAGE = "image"  # the kind of a file
STANDARD_INPUT = Task(Path("-"), "ndjson", 0)  # a line at a time, which is answered as it comes


def find(source: str, others: list[str] | None = None) -> list[Task]:
    """All that there is to name under a file, folder or zip; `-` is the standard input. `others` as in `find_tasks`."""
    if source == "-":
        return [STANDARD_INPUT]
    others = [] if others is None else others
    found = list(find_files(source, others))
    others += [task.name for task in found if task.kind in ARRAY_KINDS]
    tasks = [task for task in found if task.kind not in ARRAY_KINDS]
    if not tasks:
        raise UserError(f"nothing to name in {source}: no {ENDINGS} file there, nor an image")
    return tasks


def read_entries(task: Task, tick: Tick, side: int | None = None) -> Iterator[Entry]:
    """All entries of a file, the last of them being why the rest cannot be read, if it cannot.

    An image becomes ink of so many pixels a side.
    """
    try:
        if task.kind == IMAGE and side:
            yield Entry(task.name, read_ink(read_whole(task), side))
            tick(task.end)
        else:
            yield from entries_of(task, tick, Simplify.auto)
    except Exception as error:
        yield Entry(task.name, None, str(refusal(error)))


def entries_of(task: Task, tick: Tick, mode: Simplify) -> Iterator[Entry]:
    """The same, but raises Rejected for the rest that cannot be read, Damaged where it is damaged."""
    if task.unreadable:
        raise Rejected(task.unreadable)
    if task.kind == "npz":
        yield from _npz_entries(task, mode)
        tick(task.end)
        return
    # `share`: how many bytes on the disk each byte of the text is.
    stream, share = (cast(BufferedReader, sys.stdin.buffer), 0.0) if task is STANDARD_INPUT else open_task(task)
    with stream:
        lines = _lines(gzip.GzipFile(fileobj=stream) if is_gzip(stream) else stream)
        lines = _ticking(lines, stream, share, tick) if share else lines
        yield from _while_there_are_drawings(_text_entries(lines, task.kind, task.name, mode))


def _text_entries(lines: Iterator[bytes], kind: str, name: str, mode: Simplify) -> Iterator[Entry]:
    first = next(lines, b"").removeprefix(BYTE_ORDER_MARK)
    if not first:
        raise Rejected("empty")
    begin, all_lines = first.strip(), chain([first], lines)
    if begin == START:
        yield drawing_entry(name, omniglot.strokes(_joined(lines)), mode)
    elif begin.startswith(b"<") or kind == "xml":
        yield from _xml_entries(_joined(all_lines), name, mode)
    elif begin.startswith((b"[", b"{")):
        over_lines = not begin.strip(b"[{ \t") or (kind != "ndjson" and not _is_json(begin))
        yield from (document_entries if over_lines else line_entries)(all_lines, name, mode)
    elif kind == "csv" or "drawing" in split_cells(begin.decode(errors="replace")):
        yield from csv_entries(split_cells(begin.decode(errors="replace")), lines, name, mode)
    elif kind in ("ndjson", "json"):
        yield from line_entries(all_lines, name, mode)
    else:
        raise Rejected("neither JSON, a CSV with a column called drawing, SVG, InkML nor Omniglot's strokes")


def _while_there_are_drawings(entries: Iterator[Entry]) -> Iterator[Entry]:
    wrong = 0
    for entry in entries:
        wrong = wrong + 1 if entry.drawing is None else 0
        if wrong > MAX_WRONG:
            raise Damaged(f"not read from here on, for {MAX_WRONG:,} before are no drawings")
        yield entry


def _is_json(line: bytes) -> bool:
    """Whether a line is a JSON text by itself."""
    try:
        load_json(line)
    except Rejected:
        return False
    return True


def _xml_entries(text: bytes, source: str, mode: Simplify) -> Iterator[Entry]:
    """The drawings of a document: SVG is one, InkML one or several."""
    root = parse_xml(text)
    if root.tag == "svg":
        yield drawing_entry(source, svg.strokes(root), mode)
    elif root.tag == "ink":
        found, channels = inkml.drawings(root), inkml.channels_of(root)
        for number, (word, traces) in enumerate(found, 1):
            yield _inkml_entry(source if len(found) == 1 else f"{source}[{number}]", word, traces, channels, mode)
    else:
        raise Rejected("XML, but neither SVG nor InkML")


def _inkml_entry(
    source: str, word: str, traces: list[Element], channels: tuple[inkml.Channel, inkml.Channel], mode: Simplify
) -> Entry:
    try:
        word = check_word(word) if word else ""
        return drawing_entry(source, inkml.strokes(traces, channels), mode, word=word)
    except Exception as error:
        return Entry(source, None, str(refusal(error)))


def _npz_entries(task: Task, mode: Simplify) -> Iterator[Entry]:
    """The drawings of a sketch-rnn file, their word being the file's name."""
    for number, found in enumerate(read_npz(task.path, mode), 1):
        source = f"{task.name}[{number}]"
        try:
            if isinstance(found, Rejected):
                raise found
            yield Entry(source, check_size(found.points, found.pen), word=found.word)
        except Rejected as reason:
            yield Entry(source, None, str(reason))


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
    before = 0
    for line in lines:
        now = int(stream.tell() * share)
        tick(now - before)
        before = now
        yield line


def _joined(lines: Iterator[bytes]) -> bytes:
    """The lines as one text, if it is not too long."""
    text = bytearray()
    for number, line in enumerate(lines, 1):
        text += line
        if len(text) > MAX_LINE or number > MAX_LINES:
            raise Rejected(f"longer than {MAX_LINE // 2**20} MB, or {MAX_LINES:,} lines")
    return bytes(text)
