"""From a task to blocks of whole ndjson lines: plain, compressed, in a zip, or translated from CSV."""

import gzip
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import cast

import numpy as np

from inkseq.data.kaggle import csv_to_ndjson
from inkseq.data.ndjson import MAX_LINE
from inkseq.data.scan import Bytes
from inkseq.data.sources import Task

BLOCK_BYTES = 8 * 2**20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DAMAGE = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error)


def line_blocks(task: Task, tick: Callable[[int], None]) -> Iterator[tuple[Bytes, str]]:
    """Whole lines of ndjson, some megabytes at a time; `tick` hears of the bytes read from the disk.

    A block is good until the next one is asked for. Where the rest cannot be read, (nothing, why) comes last:
    what came before it stands.
    """
    translate: Callable[[bytes], bytes] | None = None
    try:
        with _open(task) as stream:
            for block in _whole_lines(stream, task, tick):
                if task.kind == "ndjson":
                    yield block, ""
                    continue
                text = block.tobytes()
                if translate is None:
                    header, _, text = text.partition(b"\n")
                    translate = csv_to_ndjson(header)
                if translate is None:
                    return
                yield np.frombuffer(translate(text), np.uint8), ""
    except DAMAGE as error:
        yield np.empty(0, np.uint8), f"the compressed file is damaged from here on ({error})"


def _open(task: Task) -> BufferedIOBase:
    if not task.member:
        return task.path.open("rb")
    with zipfile.ZipFile(task.path) as archive:
        return cast(BufferedIOBase, archive.open(task.member))  # stays open after its archive


def _whole_lines(stream: BufferedIOBase, task: Task, tick: Callable[[int], None]) -> Iterator[Bytes]:
    """The task's bytes cut at line ends, in one buffer that is used again and again.

    No line grows past MAX_LINE + 1 bytes, which is enough to reject it.
    """
    begin, left = 0, sys.maxsize
    if task.kind == "ndjson" and task.path.suffix == ".ndjson":
        begin = _line_start(stream, task.start)
        left = _line_start(stream, task.end) - begin
        stream.seek(begin)
    text = gzip.GzipFile(fileobj=stream) if task.name.endswith(".gz") else stream
    buffer = bytearray(min(MAX_LINE + 1 + BLOCK_BYTES, left) + 1)
    array = np.frombuffer(buffer, np.uint8)
    used, before, damage = 0, begin, None  # `used`: bytes of an unfinished line at the buffer's start
    while damage is None:
        got, damage = _read_into(text, memoryview(buffer)[used : used + min(BLOCK_BYTES, left)])
        if not got:
            break
        left -= got
        now = _position_on_disk(stream, task)
        tick(now - before)
        first = len(BYTE_ORDER_MARK) if before == 0 and buffer.startswith(BYTE_ORDER_MARK) else 0
        before = now
        end = used + got
        cut = buffer.rfind(b"\n", used, end) + 1
        if cut:
            yield array[first:cut]
        used = min(end - cut, MAX_LINE + 1)
        array[:used] = array[cut : cut + used]
    if used:
        array[used] = ord("\n")
        yield array[: used + 1]
    if damage is not None:
        raise damage


def _read_into(text: BufferedIOBase, view: memoryview) -> tuple[int, Exception | None]:
    """Fill the view as far as there is something to read; (bytes read, what was found damaged behind them)."""
    got = 0
    try:
        while got < len(view) and (read := text.readinto1(view[got:])):
            got += read
    except DAMAGE as error:
        return got, error
    return got, None


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
