"""Conversion, from raw files to a packed folder: of strokes or of images, whichever they are."""

import json
import math
import os
import re
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from inkseq.config import ConvertConfig, SplitBy, plain
from inkseq.convert.books import Books
from inkseq.convert.grouping import notes_on, units_of
from inkseq.convert.pack_images import pack_images
from inkseq.convert.pack_strokes import pack_strokes
from inkseq.convert.splits import check_split
from inkseq.convert.workers import Workers
from inkseq.data.packed import FORMAT, digests
from inkseq.drawings.sources import TASK_BYTES, find_tasks
from inkseq.errors import UserError
from inkseq.files import whole_folder

BUCKET_BYTES = 32 * 2**20  # of input; the third of it that goes into a bucket is shuffled within the cache
WORKER_BYTES = 16 * 2**20  # so much input is worth starting a process for
IMAGE_BYTES = 16  # a byte of an image takes so many times as long
MAX_SIZE = 1024
OF_STROKES = ("simplify", "recognized_only", "min_points", "max_points")  # settings


def convert(
    config: ConvertConfig, per_task: int = TASK_BYTES, per_bucket: int = BUCKET_BYTES, per_worker: int = WORKER_BYTES
) -> Books:
    """Make the packed folder `config.out`; each task, bucket and worker is for so many bytes of input."""
    started = time.perf_counter()
    _check(config)
    out = Path(config.out)
    books = Books()
    tasks = find_tasks(list(config.raw), per_task, books.others, re.compile(config.writer) if config.writer else None)
    units = units_of(tasks, books.others)
    if units:
        _check_of_images(config)
        books.what, books.notes = "images", notes_on(list(config.raw), tasks)
    num_bytes = sum(task.end - task.start for task in tasks) * (IMAGE_BYTES if units else 1)
    num_workers = min(config.workers or num_cores(), len(units or tasks), 1 + num_bytes // per_worker)
    busy = f"another conversion is writing {out} just now"
    # Workers start before the folder is locked, for they would inherit the lock, and stop before it is removed.
    with closing(Workers(num_workers)) as workers, whole_folder(out, busy) as packed, closing(workers):
        _check_out(out, config.overwrite)
        if units:
            meta = pack_images(config, units, packed, books, workers)
        else:
            meta = pack_strokes(config, tasks, packed, books, workers, per_bucket)
        books.check(meta["num_drawings"])
        meta = {
            "format": FORMAT,
            **meta,
            "digests": digests(packed),
            "options": _options(config, OF_STROKES if units else ("size",)),
            "seconds": round(time.perf_counter() - started, 1),
            **books.to_meta(),
        }
        (packed / "meta.json").write_text(json.dumps(meta, indent=1, ensure_ascii=False), "utf-8")
    return books


def _check(config: ConvertConfig) -> None:
    """Refuse what makes no sense before anything is read."""
    out = Path(config.out)
    if out.name in ("", "..") or (out.is_symlink() and not out.exists()) or out.is_file():
        raise UserError(f"out={out} is no folder, nor a name for one")
    check_split(config.split)
    for name, least, most in (
        ("min_points", 1, math.inf),
        ("max_points", 1, math.inf),
        ("val_from_train", 0, 1),
        ("max_rejected", 0, 1),
        ("workers", 1, math.inf),
        ("size", 8, MAX_SIZE),
    ):
        value = getattr(config, name)
        if value is not None and not least <= value <= most:
            bounds = f"at least {least}" if most == math.inf else f"{least} to {most}"
            raise UserError(f"{name}={value}: {bounds} is needed")
    _check_writer(config.writer)


def _check_writer(writer: str | None) -> None:
    try:
        groups = re.compile(writer).groups if writer else 1
    except re.error as error:
        raise UserError(f"writer={writer}: no regular expression ({error})") from None
    if not groups:
        raise UserError(f"writer={writer}: the part in ( ) would say who drew it; there is none")


def _check_of_images(config: ConvertConfig) -> None:
    """Refuse what only strokes can be asked for."""
    for name in OF_STROKES:
        if getattr(config, name) != getattr(ConvertConfig, name):
            raise UserError(f"{name} is of strokes; these are images")


def _check_out(out: Path, overwrite: bool) -> None:
    """Replace nothing but a packed folder, and only when told."""
    if not out.exists() or not any(out.iterdir()):
        return
    if not overwrite:
        raise UserError(f"{out} exists; overwrite=true replaces it")
    if not (out / "meta.json").exists():
        raise UserError(f"{out} is no packed dataset; overwrite=true will not delete it")


def num_cores() -> int:
    """The cores this process may use; not every system says which."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _options(config: ConvertConfig, others: tuple[str, ...]) -> dict[str, Any]:
    """The settings that shaped the dataset; paths and processes did not, nor do `others`.

    What is newer stands there only where it was asked for, so that the same drawings are the same dataset as before.
    """
    left = ("raw", "out", "overwrite", "workers", *others, *(() if config.writer else ("writer",)))
    options = {name: value for name, value in plain(config).items() if name not in left}
    if config.split.by is SplitBy.drawing:
        del options["split"]["by"]
    if config.split.own:
        del options["split"]["own"]
    return options
