"""From a task to blocks of whole ndjson lines: plain, compressed, in a zip, or translated from CSV."""

import errno
import gzip
import os
import sys
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from io import BufferedIOBase, BufferedReader
from itertools import chain
from pathlib import Path
from typing import cast

import numpy as np

from inkseq.drawings.canonical import Damaged, Rejected
from inkseq.drawings.kaggle import SUBMISSION, CsvToNdjson, split_cells
from inkseq.drawings.ndjson import MAX_LINE, UNPRINTABLE
from inkseq.drawings.scan import Bytes
from inkseq.drawings.sources import Task, Tick

BLOCK_BYTES = 2 * 2**20  # with what is made of it, small enough for the caches of two cores
MAX_WHOLE = 64 * 2**20  # bytes of a file that is one image
MAX_INFLATED = 1100  # bytes that deflate may make of one: 1032
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"


def line_blocks(task: Task, tick: Tick) -> Iterator[tuple[Bytes, bool]]:
    """Whole lines of ndjson, some megabytes at a time, and whether their words mean nothing.

    `tick` hears of the bytes read from the disk. A block is good until the next one is asked for. Raises Rejected
    where the rest cannot be read, Damaged where it is damaged: what came before it stands.
    """
    stream, share = open_task(task)
    with stream:
        blocks = _whole_lines(stream, share, task, tick)
        if task.kind == "ndjson":
            yield from ((block, False) for block in blocks)
            return
        first = next(blocks, None)
        if first is None:
            return
        header, _, rest = first.tobytes().partition(b"\n")
        names = split_cells(header.decode(errors="replace"))
        if names == SUBMISSION:
            return
        if not task.kind and "drawing" not in names:
            yield from ((block, False) for block in chain([first], blocks))
            return
        translate = CsvToNdjson(names)
        for text in chain([rest], (block.tobytes() for block in blocks)):
            if text:
                yield np.frombuffer(translate.block(text), np.uint8), translate.wordless


def open_task(task: Task) -> tuple[BufferedReader, float]:
    """The task's file, and how many bytes on the disk each of its bytes is: in a zip less than one, of a pipe none."""
    if not task.member:
        return task.path.open("rb"), 0.0 if task.is_pipe else 1.0
    try:
        status = task.path.stat()
        archive = _archive(task.path, status.st_mtime_ns, status.st_size, os.getpid())
        size = archive.getinfo(task.member).file_size
        return cast(BufferedReader, archive.open(task.member)), task.end / max(size, 1)
    except Exception as error:
        raise damaged(error) from None


def read_whole(task: Task) -> bytes:
    """The bytes of a file that is one thing, as an image is; raises Rejected."""
    if task.unreadable:
        raise Rejected(task.unreadable)
    stream, _ = open_task(task)
    with stream:
        try:
            whole = stream.read(MAX_WHOLE + 1)
        except Exception as error:
            raise damaged(error) from None
    if len(whole) > MAX_WHOLE:
        raise Rejected(f"longer than {MAX_WHOLE >> 20} MB")
    return whole


@lru_cache(maxsize=1)
def _archive(path: Path, *_: int) -> zipfile.ZipFile:
    """A zip as it is now, open in this process (a fork would share its place): its table is read once for all members.

    To read it for each makes minutes of a megabyte.
    """
    return zipfile.ZipFile(path)


def damaged(error: Exception) -> Exception:
    """What to raise for an error met in somebody's file: their libraries raise all sorts where bytes are wrong.

    Only the system gives errors a number, and those are not the file's fault, but for a place before its begin to
    which a zip sends us. What is Rejected has its reason.
    """
    if isinstance(error, Rejected) or (isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)):
        return error
    said = UNPRINTABLE.sub("?", str(error)[:200]) or type(error).__name__  # it may quote the file
    return Damaged(f"the file is damaged from here on ({said})")


def is_gzip(stream: BufferedReader) -> bool:
    """Whether what comes next is compressed."""
    try:
        return stream.peek(len(GZIP)).startswith(GZIP)
    except Exception as error:
        raise damaged(error) from None


def _whole_lines(stream: BufferedReader, share: float, task: Task, tick: Tick) -> Iterator[Bytes]:
    """The task's bytes cut at line ends, in one buffer that is used again and again.

    No line grows past MAX_LINE + 1 bytes, which is enough to reject it.
    """
    begin, left = 0, sys.maxsize
    if task.is_part:
        begin = _line_start(stream, task.start)
        left = _line_start(stream, task.end) - begin
        stream.seek(begin)
    zipped = task.is_gzip or (not task.kind and is_gzip(stream))
    text = gzip.GzipFile(fileobj=stream) if zipped else stream
    most = round(task.end / share) * (MAX_INFLATED if zipped else 1) + 1 if share else sys.maxsize
    buffer = bytearray(min(MAX_LINE + 1 + BLOCK_BYTES, left, most) + 1)  # a zip of thousands needs thousands
    array = np.frombuffer(buffer, np.uint8)
    is_begin = begin == 0
    used, before, error = 0, begin, None  # `used`: bytes of an unfinished line at the buffer's start
    while error is None:
        got, error = _read_into(text, memoryview(buffer)[used : used + min(BLOCK_BYTES, left)])
        if not got:
            break
        left -= got
        now = int(stream.tell() * share) if share else 0  # a pipe cannot tell
        tick(now - before)
        before = now
        first = len(BYTE_ORDER_MARK) if is_begin and buffer.startswith(BYTE_ORDER_MARK) else 0
        is_begin = False
        end = used + got
        cut = buffer.rfind(b"\n", used, end) + 1
        if cut:
            yield array[first:cut]
        used = min(end - cut, MAX_LINE + 1)
        array[:used] = array[cut : cut + used]
    if used:
        array[used] = ord("\n")
        yield array[: used + 1]
    if error is not None:
        raise damaged(error)


def _read_into(text: BufferedIOBase, view: memoryview) -> tuple[int, Exception | None]:
    """Fill the view as far as there is something to read; (bytes read, the error met behind them)."""
    got = 0
    try:
        while got < len(view) and (read := text.readinto1(view[got:])):
            got += read
    except Exception as error:
        return got, error
    return got, None


def _line_start(stream: BufferedIOBase, offset: int) -> int:
    """The first position at or after `offset` where a line starts."""
    if offset == 0:
        return 0
    stream.seek(offset - 1)
    while (some := stream.readline(1 << 16)) and not some.endswith(b"\n"):
        pass
    return stream.tell()
