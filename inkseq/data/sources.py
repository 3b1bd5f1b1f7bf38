"""What there is to read: files and folders become tasks, each for one worker."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from inkseq.errors import UserError

SPLITS = ["train", "val", "test", "unlabelled"]
UNLABELLED = SPLITS.index("unlabelled")
SPLIT_FOLDERS = {"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}
KINDS = {".ndjson": "ndjson", ".ndjson.gz": "ndjson", ".csv": "csv", ".csv.gz": "csv", ".npz": "npz"}

TASK_BYTES = 32 * 2**20  # of a plain ndjson file; anything else is one task


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

    @property
    def first_line(self) -> int:
        """What people call the first line with a drawing: a CSV begins with its header."""
        return 2 if self.kind == "csv" else 1


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
