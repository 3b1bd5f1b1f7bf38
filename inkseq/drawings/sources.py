"""What there is to read: files and folders become tasks, each for one worker."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

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
    def is_gzip(self) -> bool:
        return self.name.lower().endswith(".gz")

    @property
    def is_part(self) -> bool:
        """Whether `start` and `end` may lie within the file."""
        return self.kind == "ndjson" and not self.member and not self.is_gzip

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
        above = source.absolute().parent  # what the source itself is called counts
        for path in _files(source):
            for task in _tasks_of_file(path):
                folders = path.absolute().relative_to(above).parts[:-1] or (above.name,)
                split = _split_of([*folders, *PurePosixPath(task.member).parts[:-1]])
                key = task.path.resolve(), task.member, task.start
                if split >= 0 or key not in tasks:
                    tasks[key] = replace(task, split=split)
    if not tasks:
        raise UserError(
            f"nothing to convert in {', '.join(raw)}: no {', '.join(KINDS)} or .zip file there. "
            "`python -m inkseq.doodles out=DIR` draws some, `python -m inkseq.download` fetches Quick, Draw!"
        )
    return list(tasks.values())


def kind_of(name: str, kinds: dict[str, str] = KINDS) -> str:
    """The reader for a file name, or ''."""
    return next((kind for ending, kind in kinds.items() if name.lower().endswith(ending)), "")


def _split_of(folders: Iterable[str]) -> int:
    """The split the innermost of the folders is called after, or -1."""
    return ([-1] + [SPLIT_FOLDERS[name.lower()] for name in folders if name.lower() in SPLIT_FOLDERS])[-1]


def _files(source: Path) -> list[Path]:
    if source.is_file():
        if not kind_of(source.name) and not is_zip(source):
            raise UserError(f"{source}: not one of {', '.join(KINDS)} or .zip")
        return [source]
    return sorted(path for path in walk(source) if kind_of(path.name) or is_zip(path))


def walk(source: Path) -> Iterator[Path]:
    """Every file that is neither hidden nor a conversion's own, links followed but never in a circle."""

    def fail(error: OSError) -> None:
        raise error

    for name, folders, files in os.walk(source, onerror=fail, followlinks=True):
        folder = Path(name)
        if any((source / parent).resolve() == folder.resolve() for parent in folder.relative_to(source).parents):
            folders.clear()
        folders[:] = [name for name in folders if not _is_hidden(name)]
        ours = {"rejected.ndjson"} if "meta.json" in files else set()
        yield from (folder / name for name in files if not _is_hidden(name) and name not in ours)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _tasks_of_file(path: Path) -> Iterator[Task]:
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: no permission to read it")
    if is_zip(path):
        yield from tasks_of_zip(path)
        return
    size = path.stat().st_size
    whole = Task(path, kind_of(path.name), size)
    if not whole.is_part:
        yield whole
        return
    for start in range(0, max(size, 1), TASK_BYTES):
        yield replace(whole, start=start, end=min(start + TASK_BYTES, size))


def tasks_of_zip(path: Path, kinds: dict[str, str] = KINDS) -> Iterator[Task]:
    """The readable files within a zip, in the order of their names."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise UserError(f"{path}: not a zip file, or damaged") from None
    for info in members:
        if any(map(_is_hidden, PurePosixPath(info.filename).parts)):
            continue
        if info.filename.lower().endswith((".zip", ".npz")):
            raise UserError(f"{path}: unpack {info.filename} inside it first")
        if kind := kind_of(info.filename, kinds):
            yield Task(path, kind, info.compress_size, member=info.filename)
