"""Folders that appear whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inkseq.errors import UserError


def check_out(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise UserError(f"{out} exists; overwrite=true replaces it")
    if not (out / "meta.json").exists():
        raise UserError(f"{out} is no packed dataset; overwrite=true will not delete it")


@contextmanager
def partial_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` to work in, ours alone, gone afterwards; what a killed run left in it is cleared."""
    folder = out.parent / f".{out.name}.partial"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another conversion is writing {out} just now") from None
        for left_over in folder.iterdir():
            shutil.rmtree(left_over)
        for name in ("buckets", "rejected", "packed"):
            (folder / name).mkdir()
        yield folder
        shutil.rmtree(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def publish(packed: Path, out: Path) -> None:
    """Give the finished folder its name; what had the name before goes last."""
    old = packed.parent / "old"
    if out.exists():
        out.rename(old)
    packed.rename(out)
