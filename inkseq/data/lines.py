"""From a task to blocks of whole ndjson lines: plain, compressed, in a zip, or translated from CSV."""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import cast

from inkseq.data.kaggle import csv_to_ndjson
from inkseq.data.ndjson import MAX_LINE
from inkseq.data.sources import Task

BLOCK_BYTES = 8 * 2**20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DAMAGE = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error)


def line_blocks(task: Task, tick: Callable[[int], None]) -> Iterator[tuple[bytes, str]]:
    """Whole lines of ndjson, some megabytes at a time; `tick` hears of the bytes read from the disk.

    Where the rest cannot be read, (b"", why) comes last: what came before it stands.
    """
    translate: Callable[[bytes], bytes] | None = None
    try:
        with _open(task) as stream:
            for block in _whole_lines(stream, task, tick):
                if task.kind == "ndjson":
                    yield block, ""
                    continue
                if translate is None:
                    header, _, block = block.partition(b"\n")
                    translate = csv_to_ndjson(header)
                if translate is None:
                    return
                yield translate(block), ""
    except DAMAGE as error:
        yield b"", f"the compressed file is damaged from here on ({error})"


def _open(task: Task) -> BufferedIOBase:
    if not task.member:
        return task.path.open("rb")
    with zipfile.ZipFile(task.path) as archive:
        return cast(BufferedIOBase, archive.open(task.member))  # stays open after its archive


def _whole_lines(stream: BufferedIOBase, task: Task, tick: Callable[[int], None]) -> Iterator[bytes]:
    """The task's bytes cut at line ends. No line grows past MAX_LINE + 1 bytes, which is enough to reject it."""
    begin, left = 0, -1
    if task.kind == "ndjson" and task.path.suffix == ".ndjson":
        begin = _line_start(stream, task.start)
        left = _line_start(stream, task.end) - begin
        stream.seek(begin)
    text = gzip.GzipFile(fileobj=stream) if task.name.endswith(".gz") else stream
    carry, before = b"", begin
    for data in _pieces(text, left):
        now = _position_on_disk(stream, task)
        tick(now - before)
        data = carry + (data.removeprefix(BYTE_ORDER_MARK) if before == 0 else data)
        before = now
        cut = data.rfind(b"\n") + 1
        if cut:
            yield data[:cut]
        carry = data[cut:][: MAX_LINE + 1]
    if carry:
        yield carry + b"\n"


def _pieces(text: BufferedIOBase, left: int) -> Iterator[bytes]:
    """The next `left` bytes, or all there are, in blocks. What comes before damage is given, then it is raised."""
    while left:
        piece = bytearray()
        wanted = BLOCK_BYTES if left < 0 else min(left, BLOCK_BYTES)
        try:
            while len(piece) < wanted and (data := text.read1(wanted - len(piece))):
                piece += data
        except DAMAGE:
            yield bytes(piece)
            raise
        if not piece:
            return
        left -= len(piece) if left > 0 else 0
        yield bytes(piece)


def _position_on_disk(stream: BufferedIOBase, task: Task) -> int:
    """How far into the task's file the reading is; of a file in a zip only the share is known."""
    if not task.member:
        return stream.tell()
    with zipfile.ZipFile(task.path) as archive:
        return stream.tell() * task.end // max(archive.getinfo(task.member).file_size, 1)


def _line_start(stream: BufferedIOBase, offset: int) -> int:
    """The first position at or after `offset` where a line starts."""
    if offset == 0:
        return 0
    stream.seek(offset - 1)
    while data := stream.read(1 << 16):
        newline = data.find(b"\n")
        if newline >= 0:
            return stream.tell() - len(data) + newline + 1
    return stream.tell()
