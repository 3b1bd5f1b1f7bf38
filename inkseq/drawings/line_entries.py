"""Entries of lines: JSON, or a table with a column of drawings. Canonical Quick, Draw! lines by the bulk path."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain, islice

import numpy as np

from inkseq.config import Simplify
from inkseq.drawings.canonical import Rejected, check_size
from inkseq.drawings.columns import Columns
from inkseq.drawings.entries import Entry, json_entries
from inkseq.drawings.kaggle import CsvToNdjson
from inkseq.drawings.ndjson import MAX_LINE, MAX_LINES
from inkseq.drawings.scan import all_slow, scan

BLOCK_LINES, BLOCK_BYTES = 2_000, 4 * 2**20
LEADING_ZERO = b'"key_id":"0'  # the bulk path reads a key_id as a number, which would lose it


def line_entries(lines: Iterable[bytes], where: str, mode: Simplify, block_lines: int = BLOCK_LINES) -> Iterator[Entry]:
    """Entries of lines of JSON."""
    first_line = 1
    for block in _blocks(lines, block_lines):
        yield from _block_entries(block, where, mode, first_line)
        first_line += block.count(b"\n")


def csv_entries(names: list[str], lines: Iterable[bytes], where: str, mode: Simplify) -> Iterator[Entry]:
    """Entries of lines of CSV that stand under a header of these names."""
    translate = CsvToNdjson(names)
    first_line = 2
    for block in _blocks(lines):
        for entry in _block_entries(translate.block(block), where, mode, first_line):
            yield entry._replace(word="") if translate.wordless else entry
        first_line += block.count(b"\n")


def document_entries(lines: Iterator[bytes], where: str, mode: Simplify) -> Iterator[Entry]:
    """Entries of a JSON text that is spread over lines, or of the lines if that is not what they are."""
    begin = bytearray()  # millions of lines as objects would be thirty times as large
    for line in islice(lines, MAX_LINES):
        begin += line
        if len(begin) > MAX_LINE:
            break
    found = json_entries(bytes(begin), where, mode)
    one = next(found, None)
    if len(begin) > MAX_LINE or (one is not None and one.error in ("malformed", "not UTF-8")):
        yield from line_entries(chain(BytesIO(begin), lines), where, mode)
    elif one is not None:
        yield from chain([one], found)


def _blocks(lines: Iterable[bytes], block_lines: int = BLOCK_LINES) -> Iterator[bytes]:
    """Lines joined, some thousands at a time; where they break off, first those before."""
    some: list[bytes] = []
    size = 0
    broken: Rejected | None = None
    try:
        for line in lines:
            some.append(line)
            size += len(line)
            if len(some) == block_lines or size >= BLOCK_BYTES:
                yield b"".join(some)
                some, size = [], 0
    except Rejected as reason:
        broken = reason
    if some:
        yield b"".join(some)
    if broken is not None:
        raise broken


def _block_entries(block: bytes, where: str, mode: Simplify, first_line: int) -> Iterator[Entry]:
    """The entries of whole lines, in their order."""
    text = np.frombuffer(bytearray(block), np.uint8)
    found: list[Iterable[Entry]] = [()] * block.count(b"\n")
    words: dict[str, int] = {}
    is_slow = mode is Simplify.always or LEADING_ZERO in block
    stretches = all_slow(text) if is_slow else scan(text, words, check_canonical=mode is Simplify.auto)
    for columns, slow, _ in stretches:
        for line, entry in _bulk_entries(columns, list(words), where, first_line):
            found[line] = (entry,)
        for line, start, end in slow.tolist():
            found[line] = json_entries(block[start:end], f"{where}:{first_line + line}", mode)
    return chain.from_iterable(found)


def _bulk_entries(columns: Columns, words: list[str], where: str, first_line: int) -> Iterator[tuple[int, Entry]]:
    """The lines that the bulk path has read, each with its number."""
    ends = np.cumsum(columns.num_points)[:-1]
    drawings = zip(np.split(columns.points, ends), np.split(columns.pen, ends), strict=True)
    names = zip(*(getattr(columns, n).tolist() for n in ("line", "word", "key_id", "recognized")), strict=True)
    for (line, word, key_id, recognized), drawing in zip(names, drawings, strict=len(columns) > 0):
        source, known = f"{where}:{first_line + line}", (str(key_id), words[word], recognized)
        try:
            yield line, Entry(source, check_size(*drawing), "", *known)
        except Rejected as reason:
            yield line, Entry(source, None, str(reason), *known)
