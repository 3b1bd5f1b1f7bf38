"""What there is to read: files and folders become tasks, a task becomes blocks of whole ndjson lines."""

import gzip
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from inkseq.data.kaggle import csv_to_ndjson
from inkseq.data.ndjson import MAX_LINE
from inkseq.errors import UserError

SPLITS = ["train", "val", "test", "unlabelled"]
UNLABELLED = SPLITS.index("unlabelled")
SPLIT_FOLDERS = {"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}
KINDS = {".ndjson": "ndjson", ".ndjson.gz": "ndjson", ".csv": "csv", ".csv.gz": "csv", ".npz": "npz"}

TASK_BYTES = 32 * 2**20  # of a plain ndjson file; anything else is one task
BLOCK_BYTES = 8 * 2**20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Task:
    """What one worker reads at one go: bytes `start` to `end` of a file (or of one inside a zip)."""

    path: Path
    kind: str  # ndjson, csv or npz
    end: int  # bytes on disk
    start: int = 0
    split: int = -1  # index into SPLITS, or -1: to be divided
    member: str = ""  # its name inside the zip `path`

    @property
    def name(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)


def find_tasks(raw: list[str]) -> list[Task]:
    """Everything readable under the given files and folders, in the order of their names."""
    tasks: dict[tuple[Path, str, int], Task] = {}
    for source in map(Path, raw):
        if not source.exists():
            raise UserError(f"{source} does not exist")
        for path in _files(source):
            folders = path.relative_to(source).parts[:-1]
            split = next((SPLIT_FOLDERS[f] for f in folders if f in SPLIT_FOLDERS), -1)
            for task in _tasks_of_file(path):
                task = replace(task, split=split if task.split < 0 else task.split)
                tasks[task.path.resolve(), task.member, task.start] = task
    if not tasks:
        raise UserError(
            f"nothing to convert in {', '.join(raw)}: no {', '.join(KINDS)} or .zip file there. "
            "`python -m inkseq.doodles out=DIR` draws some, `python -m inkseq.download` fetches Quick, Draw!"
        )
    return list(tasks.values())


def kind_of(name: str) -> str:
    """The reader for a file name, or ''."""
    return next((kind for ending, kind in KINDS.items() if name.lower().endswith(ending)), "")


def _files(source: Path) -> list[Path]:
    if source.is_file():
        if not kind_of(source.name) and source.suffix != ".zip":
            raise UserError(f"{source}: not one of {', '.join(KINDS)} or .zip")
        return [source]
    found = (p for p in sorted(source.rglob("*")) if p.is_file() and not p.name.startswith("."))
    return [p for p in found if kind_of(p.name) or p.suffix == ".zip"]


def _tasks_of_file(path: Path) -> Iterator[Task]:
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: no permission to read it")
    size = path.stat().st_size
    if path.suffix == ".zip":
        yield from _tasks_of_zip(path)
    elif path.suffix == ".ndjson":
        for start in range(0, max(size, 1), TASK_BYTES):
            yield Task(path, "ndjson", min(start + TASK_BYTES, size), start)
    else:
        yield Task(path, kind_of(path.name), size)


def _tasks_of_zip(path: Path) -> Iterator[Task]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except zipfile.BadZipFile:
        raise UserError(f"{path}: not a zip file, or damaged") from None
    for info in members:
        if info.filename.endswith((".zip", ".npz")):
            raise UserError(f"{path}: unpack {info.filename} inside it first")
        if kind_of(info.filename):
            yield Task(path, kind_of(info.filename), info.compress_size, member=info.filename)


def line_blocks(task: Task, tick: Callable[[int], None]) -> Iterator[tuple[bytes, str]]:
    """Whole lines of ndjson, some megabytes at a time; `tick` hears of bytes read.

    A block that could not be read comes as (b"", why): what came before it stands.
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
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        yield b"", f"the compressed file is damaged from here on ({error})"


def first_line_number(task: Task) -> int:
    """What people call the first line with a drawing: a CSV begins with its header."""
    return 2 if task.kind == "csv" else 1


def _open(task: Task) -> IO[bytes]:
    if task.member:
        with zipfile.ZipFile(task.path) as archive:
            return archive.open(task.member)
    return task.path.open("rb")


def _whole_lines(stream: IO[bytes], task: Task, tick: Callable[[int], None]) -> Iterator[bytes]:
    """The task's bytes cut at line ends. No line grows past MAX_LINE + 1 bytes, which is enough to reject it."""
    begin, left = 0, -1
    if task.kind == "ndjson" and task.path.suffix == ".ndjson":
        begin = _line_start(stream, task.start)
        left = _line_start(stream, task.end) - begin
        stream.seek(begin)
    text = gzip.GzipFile(fileobj=stream) if task.name.endswith(".gz") else stream
    carry, ticked = b"", 0
    while data := text.read(BLOCK_BYTES if left < 0 else min(left, BLOCK_BYTES)):
        left -= len(data) if left >= 0 else 0
        if begin == 0 and ticked == 0:
            data = data.removeprefix(BYTE_ORDER_MARK)
        done = min(task.end - task.start, _compressed_position(stream, task) - begin)
        tick(done - ticked)
        ticked = max(done, 1)
        cut = data.rfind(b"\n") + 1
        if cut:
            yield carry + data[:cut]
            carry = data[cut:]
        else:
            carry = (carry + data)[: MAX_LINE + 1]
    if carry:
        yield carry + b"\n"
    tick(task.end - task.start - ticked)


def _compressed_position(stream: IO[bytes], task: Task) -> int:
    """How far into the bytes on disk the reading is; of a file in a zip only the share is known."""
    if not task.member:
        return stream.tell()
    size = zipfile.ZipFile(task.path).getinfo(task.member).file_size
    return stream.tell() * task.end // max(size, 1)


def _line_start(stream: IO[bytes], offset: int) -> int:
    """The first position at or after `offset` where a line starts."""
    if offset == 0:
        return 0
    stream.seek(offset - 1)
    while data := stream.read(1 << 16):
        newline = data.find(b"\n")
        if newline >= 0:
            return stream.tell() - len(data) + newline + 1
    return stream.tell()
