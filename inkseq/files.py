"""Files and folders that are there whole or not at all, and locks that go with whoever holds them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inkseq.errors import UserError

LOCK = "lock"  # in the room of a folder; the last thing to go


def check_new(out: str | None, overwrite: bool) -> None:
    """Refuse to replace a file that somebody named, unless told to."""
    if out is None or not Path(out).exists():
        return
    if not Path(out).is_file():
        raise UserError(f"out={out} is no file")
    if not overwrite:
        raise UserError(f"{out} exists; overwrite=true replaces it")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to: it gets the name at the end, on disk, and is gone if anything fails.

    Where two might write at once, a lock is for the caller to hold.
    """
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is no file")
    partial = path.with_stem(f".{path.stem}.partial")  # who writes may go by the suffix
    try:
        yield partial
        with partial.open("ab") as file:
            os.fsync(file.fileno())  # or a crash may leave the name without the content
        partial.replace(path)
    except OSError as error:
        if error.filename in (None, str(partial)):  # a full disk does not say where
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes | memoryview) -> None:
    """Text or bytes as a file."""
    with whole_file(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_folder(out: Path, busy: str) -> Iterator[Path]:
    """A folder to fill, in a room of its own beside `out`: it gets the name at the end, and the room is gone.

    The room is ours alone, for others it is `busy`. What a killed process left in it is cleared.
    """
    room = out.with_name(f".{out.name}.partial")
    new = room / "new"
    with locked(room / LOCK, busy):
        try:
            _clear(room, out)
            new.mkdir()
            yield new
            if out.exists():
                out.rename(room / "old")
            new.rename(out)
        except OSError as error:
            error.filename = error.filename or str(out)  # a full disk does not say where
            raise
        finally:
            _clear(room, out)
            shutil.rmtree(room, ignore_errors=True)


def _clear(room: Path, out: Path) -> None:
    """Remove all but the lock; stopped between the two renames, what had the name before gets it back."""
    old = room / "old"
    if old.exists() and not out.exists():
        old.rename(out)
    for path in room.iterdir():
        if path.name != LOCK:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(path: Path, busy: str | None = None) -> Iterator[None]:
    """Hold a lock, which the system lets go of when we are killed. Another has it: wait, or say that it is `busy`."""
    from filelock import FileLock, Timeout  # here, for few commands lock anything and all of them start

    try:
        held = FileLock(path).acquire(blocking=busy is None)
    except Timeout:
        raise UserError(busy) from None
    with held:
        yield
