"""What there is to read: files and folders become tasks, each for one worker."""

import json
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path, PurePosixPath

from inkseq.drawings.ndjson import UNPRINTABLE
from inkseq.errors import UserError

Tick = Callable[[int], object]  # hears how much more is done; of what is read, in bytes on the disk

SPLITS = ["train", "val", "test", "unlabelled"]
UNLABELLED = SPLITS.index("unlabelled")
SPLIT_FOLDERS = {"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}
PLAIN = {".ndjson": "ndjson", ".jsonl": "json", ".json": "json", ".csv": "csv", ".svg": "xml", ".inkml": "xml"}
KINDS = PLAIN | {f"{ending}.gz": kind for ending, kind in PLAIN.items()} | {".npz": "npz", ".txt": "txt"}
IMAGES = dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff"), "image")
ARRAYS = re.compile(
    r"(?P<set>.+)-(?:(?P<labels>labels)|images|imgs)(?:[-.]idx[13]-ubyte(?:\.gz)?|\.npz)", re.IGNORECASE
)
ARRAY_KINDS = ("images", "labels")  # an array of images, and what they show
IMAGE_KINDS = ("image", *ARRAY_KINDS)
ENDINGS = f"{', '.join(PLAIN)} (or .gz of these), .npz, an Omniglot .txt or .zip"  # for people
IMAGE_ENDINGS = f"{', '.join(IMAGES)}, -images-idx3-ubyte or -imgs.npz"
BY_FOLDER = ("json", "xml", "txt", "image")  # a drawing that says no word is called after its folder
START = b"START"  # the first line of Omniglot's strokes; any other .txt is none
NUMBERED = re.compile(r"character\d+", re.IGNORECASE)  # Omniglot's folders: a word only behind the alphabet around it

OUR_BOOKS = ("meta.json", "rejected.ndjson")  # of a packed dataset
NAMED = 3  # of the files that are passed over

TASK_BYTES = 32 * 2**20  # of a plain ndjson file; anything else is one task


@dataclass(frozen=True)
class Task:
    """What one worker reads at one go: bytes `start` to `end` of a file (or of one inside a zip)."""

    path: Path
    kind: str  # one of KINDS, or "" where the name tells none
    end: int  # bytes on disk
    start: int = 0
    split: int = -1  # index into SPLITS, or -1: to be divided
    member: str = ""  # its name inside the zip `path`
    word: str = ""  # of its drawings that say none themselves
    writer: str = ""  # likewise
    unreadable: str = ""  # why there is nothing to open, if so

    @property
    def name(self) -> str:
        """For people and files: what a file's name holds of no alphabet at all is `?`."""
        return UNPRINTABLE.sub("?", f"{self.path}/{self.member}" if self.member else str(self.path))

    @property
    def is_gzip(self) -> bool:
        return self.name.lower().endswith(".gz")

    @property
    def is_pipe(self) -> bool:
        """Whether its text comes from another program, once and from its begin to its end."""
        return not self.unreadable and not self.path.is_file()

    @property
    def is_part(self) -> bool:
        """Whether `start` and `end` may lie within the file."""
        return self.kind == "ndjson" and not self.member and not self.is_gzip and not self.is_pipe

    @property
    def first_line(self) -> int:
        """What people call the first line with a drawing: a CSV begins with its header."""
        return 2 if self.kind == "csv" else 1


def find_tasks(
    raw: list[str],
    task_bytes: int = TASK_BYTES,
    others: list[str] | None = None,
    writer: re.Pattern[str] | None = None,
) -> list[Task]:
    """All that there is to convert, each file once, in the order of their names and in pieces for the workers.

    `others`, if somebody wants to know, get the names of what is of no kind that is read; `writer` finds in a file's
    path who drew it.
    """
    tasks: dict[tuple[str, str], Task] = {}
    others = [] if others is None else others
    for task in chain.from_iterable(find_files(source, others, writer) for source in raw):
        if not (task.kind or task.unreadable or task.is_pipe):
            raise UserError(f"{task.path}: not one of {ENDINGS}; nor of {IMAGE_ENDINGS}")
        key = str(task.path) if task.unreadable else _real_path(task.path), task.member
        if task.split >= 0 or key not in tasks:
            tasks[key] = task
    if not tasks:
        raise UserError(
            f"nothing to convert in {', '.join(raw)}: no {ENDINGS} file there, nor {IMAGE_ENDINGS}. "
            "`python -m inkseq.doodles out=DIR` draws some, `python -m inkseq.download` fetches Quick, Draw!"
        )
    return [piece for task in tasks.values() for piece in _pieces(task, task_bytes if task.is_part else task.end)]


def find_files(source: str, others: list[str], writer: re.Pattern[str] | None = None) -> Iterator[Task]:
    """Every readable file under a file (of any name), folder or zip, in the order of their names; `others` are named.

    A link that leads nowhere is one too, and says so when it is read: so it is named and counted like any damage.
    """
    top = Path(source)
    if not top.exists():
        raise UserError(f"{source} does not exist")
    place = Path(os.path.abspath(top))  # noqa: PTH100 - resolve() would follow links, whose own names count
    within = len(place.parts) - 1  # the source's own name counts
    around, folders = None, place.parts
    for path in sorted(_walk(top, place)) if top.is_dir() else [top]:
        if path.parent != around:
            around, folders = path.parent, (place / path.relative_to(top)).parent.parts
        if path != top and not _is_read(path):
            others.append(Task(path, "", 0).name)
            continue
        for task in _tasks_of(path):
            if not task.kind and not task.unreadable and (path != top or task.member or _is_zip(path)):
                others.append(task.name)
                continue
            inner = _folders_within(task.member) if task.member else ()
            named = (*folders, path.stem, *inner) if task.member else folders
            word = _word_of(named) if task.kind in BY_FOLDER else ""
            who = _writer_of(task, path.relative_to(top) if path != top else Path(top.name), writer) if writer else ""
            yield replace(task, split=_split_of((folders[within:] or folders[-1:]) + inner), word=word, writer=who)


def _writer_of(task: Task, within: Path, writer: re.Pattern[str]) -> str:
    """Who drew what a file holds, by its path within the source."""
    found = writer.search(task.member or within.as_posix())
    return (found[1] or "") if found else ""


@lru_cache(maxsize=1)
def _real_folder(folder: Path) -> str:
    return os.path.realpath(folder)


def _real_path(path: Path) -> str:
    """Where a file is, whatever links lead there."""
    return os.path.realpath(path) if path.is_symlink() else f"{_real_folder(path.parent)}/{path.name}"


def passed_over(others: list[str]) -> str:
    """What people are told of files of no kind that is read."""
    such_as = ", such as" if len(others) > NAMED else ":"
    return f"{len(others):,} of other kinds passed over{such_as} {', '.join(others[:NAMED])}"


def _is_read(path: Path) -> bool:
    """Whether a path in a folder is of a kind that is read, or a link to nothing. Nobody waits for pipes."""
    return bool(kind_of(path.name) or _is_zip(path)) if path.is_file() else not path.exists()


def _tasks_of(path: Path) -> Iterator[Task]:
    """What there is to read at a path: itself, or the files within a zip."""
    kind = kind_of(path.name)
    if not path.exists():
        yield Task(path, kind, 0, unreadable="a link to what is not there")
        return
    status = path.stat()
    is_file = stat.S_ISREG(status.st_mode)
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: no permission to read it")
    if not is_file and (kind == "npz" or kind in IMAGE_KINDS or _is_zip(path)):
        raise UserError(f"{path}: a pipe; .npz, .zip and images are read from a file")
    if _is_zip(path):
        yield from _tasks_of_zip(path)
    elif kind == "txt" and is_file:
        with path.open("rb") as file:
            yield Task(path, kind if file.read(len(START) + 1).rstrip() == START else "", status.st_size)
    else:
        yield Task(path, kind, status.st_size)


def kind_of(name: str) -> str:
    """The kind of a file by its name, or ''."""
    lower = name.lower()
    if lower.endswith(("ubyte", ".gz", ".npz")) and (found := ARRAYS.fullmatch(lower)):
        return "labels" if found["labels"] else "images"
    ending = lower[lower.rfind(".", 0, -3 if lower.endswith(".gz") else None) :]
    return KINDS.get(ending) or IMAGES.get(ending, "")


@lru_cache(maxsize=1 << 12)
def _split_of(folders: tuple[str, ...]) -> int:
    """The split the innermost of the folders is called after, or -1."""
    return ([-1] + [SPLIT_FOLDERS[name.lower()] for name in folders if name.lower() in SPLIT_FOLDERS])[-1]


@lru_cache(maxsize=1 << 12)
def _word_of(folders: tuple[str, ...]) -> str:
    """What the innermost of the folders that is no split is called, however its letters are put together."""
    names = [unicodedata.normalize("NFC", name) for name in folders if name.lower() not in SPLIT_FOLDERS]
    return " ".join(names[-2:] if names and NUMBERED.fullmatch(names[-1]) else names[-1:])


def _walk(top: Path, place: Path) -> Iterator[Path]:
    """Every file under a folder, and links to nothing; neither what is hidden nor what we made ourselves.

    Links are followed, but every folder is visited once, or once for each split that its paths name: folders that link
    to each other have more paths than anybody can walk.
    """
    visited: set[tuple[str, int]] = set()

    def fail(error: OSError) -> None:
        raise error

    for walked, folders, files in os.walk(top, onerror=fail, followlinks=True):
        folder = Path(walked)
        key = os.path.realpath(folder), _split_of((place / folder.relative_to(top)).parts[len(place.parts) - 1 :])
        if key in visited:
            folders.clear()
            continue
        visited.add(key)
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        is_packed = "meta.json" in files and _is_packed(folder / "meta.json")
        for name in files:
            if not (is_hidden(name) or (is_packed and (name in OUR_BOOKS or name.endswith(".npy")))):
                yield folder / name


def is_hidden(name: str) -> bool:
    """Whether a file or folder is not for people to see, or the note of a download that is not done."""
    is_dotted = name.startswith(".") and name != ".."  # which a zip may say, and nobody unpacks it here
    return is_dotted or name == "__MACOSX" or name.endswith(".part.json")


def _is_packed(meta: Path) -> bool:
    """Whether this is the meta.json of a packed dataset."""
    try:
        return {"format", "classes", "splits"} <= set(json.loads(meta.read_bytes()))
    except (ValueError, TypeError, RecursionError):
        return False


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _tasks_of_zip(path: Path) -> Iterator[Task]:
    """The files within a zip, in the order of their names."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise UserError(f"{path}: not a zip file, or damaged") from None
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if any(map(is_hidden, _parts(info.filename))) or info.filename.endswith("/"):
                continue
            if info.filename.lower().endswith((".zip", ".npz")):
                raise UserError(f"{path}: unpack {info.filename} inside it first")
            kind = kind_of(info.filename)
            if kind == "txt" and not _begins(archive, info):
                kind = ""
            yield Task(path, kind, info.compress_size, member=info.filename)


def _begins(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Whether a member begins as strokes of Omniglot do; what is damaged will say so when it is read."""
    try:
        with archive.open(info) as member:
            return member.read(len(START) + 1).rstrip() == START
    except Exception:
        return False


def _parts(member: str) -> tuple[str, ...]:
    """The folders of a member and its name; some systems write zips with their own slashes."""
    return PurePosixPath(member.replace("\\", "/")).parts


def _folders_within(member: str) -> tuple[str, ...]:
    """The folders of a member that have a name."""
    return tuple(name for name in _parts(member)[:-1] if name not in ("..", "/", "//"))


def _pieces(whole: Task, step: int) -> Iterator[Task]:
    """A file in pieces of so many bytes; an empty one as it is."""
    if whole.end <= step:
        yield whole
        return
    for start in range(0, max(whole.end, 1), max(step, 1)):
        yield replace(whole, start=start, end=min(start + step, whole.end))
