"""Folders that appear whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inkseq.errors import UserError


@contextmanager
def partial_folder(out: Path, overwrite: bool) -> Iterator[Path]:
    """A folder beside `out` to work in, ours alone, gone afterwards; what a killed run left in it is cleared."""
    if out.name in ("", "..") or (out.is_symlink() and not out.exists()) or out.is_file():
        raise UserError(f"out={out} is no folder, nor a name for one")
    folder = out.parent / f".{out.name}.partial"
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder, out)
    try:
        _restore(folder, out)
        _check(out, overwrite)
        for left_over in folder.iterdir():
            shutil.rmtree(left_over)
        for name in ("buckets", "rejected", "packed"):
            (folder / name).mkdir()
        yield folder
    except OSError as error:
        error.filename = error.filename or str(out)  # a full disk does not say where
        raise
    finally:
        _restore(folder, out)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path, out: Path) -> int:
    """Held until it is closed, or we are killed."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UserError(f"another conversion is writing {out} just now") from None
    return lock


def _check(out: Path, overwrite: bool) -> None:
    if not out.exists() or not any(out.iterdir()):
        return
    if not overwrite:
        raise UserError(f"{out} exists; overwrite=true replaces it")
    if not (out / "meta.json").exists():
        raise UserError(f"{out} is no packed dataset; overwrite=true will not delete it")


def publish(packed: Path, out: Path) -> None:
    """Give the finished folder its name; what had the name before goes last."""
    if out.exists():
        out.rename(packed.parent / "old")
    packed.rename(out)


def _restore(folder: Path, out: Path) -> None:
    """Stopped between the two renames of `publish`: what had the name before gets it back."""
    old = folder / "old"
    if old.exists() and not out.exists():
        old.rename(out)
