"""What of all that was found are images, and what belongs together: arrays and labels, pages and tables of boxes."""

import csv
import gzip
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from io import TextIOWrapper
from pathlib import Path, PurePosixPath

import numpy as np

from inkseq.convert.arrays import head_of
from inkseq.convert.units import Arrays, Files, Names, Pages, Row, Unit
from inkseq.drawings.blocks import damaged, is_gzip, open_task
from inkseq.drawings.kaggle import split_cells
from inkseq.drawings.ndjson import MAX_LINE
from inkseq.drawings.sources import ARRAYS, IMAGE_KINDS, SPLIT_FOLDERS, Task, is_hidden
from inkseq.errors import UserError
from inkseq.tables import a_few

FILES_A_UNIT, PAGES_A_UNIT = 256, 4
HEADER_BYTES = 4096  # of a table
PAGES = ["image_id", "labels"]  # the header of a table of boxes
SUBMISSION = "sample_submission"  # the competition's, which has that header and no boxes
Headers = dict[Task, list[str]]


def units_of(tasks: list[Task], others: list[str]) -> list[Unit]:
    """The images among what was found, none where it is strokes; both together are refused. `others` grow."""
    readable = [task for task in tasks if task.kind == "csv" and not task.unreadable and not task.is_pipe]
    headers = {task: _header(task) for task in readable}
    maps = {task: header for task, header in headers.items() if "char" in header and {"index", "Unicode"} & {*header}}
    pages = [task for task, header in headers.items() if header == PAGES and not _stem(task).startswith(SUBMISSION)]
    images = [task for task in tasks if task.kind in IMAGE_KINDS]
    if not images and not pages:
        return []
    rest = [task for task in tasks if task.kind not in IMAGE_KINDS]
    for task in rest:
        if not task.unreadable and "drawing" in headers.get(task, ["drawing"]):
            raise UserError(f"{task.name} holds strokes and {(images + pages)[0].name} images; convert each by itself")
    units: list[Unit] = [unit for table in pages for unit in _pages(table, images, maps)]
    under = [table.path.parent for table in pages]
    free = [task for task in images if not any(task.path.is_relative_to(folder) for folder in under)]
    used = {row.page for unit in units if isinstance(unit, Pages) for row in unit.rows} | set(free)
    others += [task.name for task in images if task not in used]
    others += [task.name for task in headers if task not in maps and task not in pages]
    units += _arrays([task for task in free if task.kind != "image"], maps)
    files = [task for task in free if task.kind == "image"] + [task for task in rest if task.unreadable]
    return units + [Files(files[at : at + FILES_A_UNIT]) for at in range(0, len(files), FILES_A_UNIT)]


def _header(task: Task) -> list[str]:
    """The names of a table's columns, if it is one."""
    try:
        stream, _ = open_task(task)
        with stream:
            begin = (gzip.GzipFile(fileobj=stream) if is_gzip(stream) else stream).read(HEADER_BYTES)
    except Exception:  # whoever reads it will say so
        return []
    return split_cells(begin.partition(b"\n")[0].strip().decode("utf-8-sig", errors="replace"))


def _rows(task: Task) -> Iterator[list[str]]:
    """The rows of a table; a table that cannot be read is refused."""
    try:
        stream, _ = open_task(task)
        plain = gzip.GzipFile(fileobj=stream) if is_gzip(stream) else stream
        with stream, TextIOWrapper(plain, "utf-8-sig", newline="") as text:
            yield from csv.reader(iter(partial(text.readline, MAX_LINE), ""))
    except Exception as error:
        found = damaged(error)
        raise found if isinstance(found, OSError) else UserError(f"{task.name}: {found}") from None


def _names(table: Task, key: str) -> Names:
    """The characters of a class map, by another of its columns."""
    header, *rows = _rows(table)
    at, char = header.index(key), header.index("char")
    return {row[at]: row[char] for row in rows if len(row) == len(header) and row[char].strip()}


def _pages(table: Task, images: list[Task], maps: Headers) -> list[Pages]:
    """The pages that a table names, some together."""
    found = {_stem(task): task for task in images if task.path.is_relative_to(table.path.parent)}
    names = next((_names(one, "Unicode") for one, header in maps.items() if "Unicode" in header), {})
    rows = []
    for line, cells in enumerate(_rows(table), 1):
        if line > 1 and cells:
            name, boxes, *_ = [*cells, ""]
            rows.append(Row(line, found.get(name), name, boxes))
    return [Pages(table.name, rows[at : at + PAGES_A_UNIT], names) for at in range(0, len(rows), PAGES_A_UNIT)]


def _stem(task: Task) -> str:
    return PurePosixPath(task.member or task.path.as_posix()).stem


def _arrays(tasks: list[Task], maps: Headers) -> list[Arrays]:
    """Arrays of images, each with the labels of the same name beside it."""
    pairs: defaultdict[tuple[object, str], dict[str, Task]] = defaultdict(dict)
    for task in tasks:
        place = PurePosixPath(task.member or task.path.as_posix())
        found = ARRAYS.fullmatch(place.name)
        assert found is not None
        pairs[task.path if task.member else "", str(place.parent / found["set"])][task.kind] = task
    units = []
    for (_, name), pair in pairs.items():
        one = next(iter(pair.values()))
        if len(pair) < 2:
            other = "labels" if one.kind == "images" else "images"
            raise UserError(f"{one.name}: no {other} of the same name; raw= takes both, or their folder")
        images, labels = head_of(pair["images"]), head_of(pair["labels"])
        if len(images.shape) != 3 or images.dtype != np.uint8 or len(labels.shape) != 1:
            raise UserError(f"{one.name}: images are bytes in rows, labels numbers; these are {images} and {labels}")
        if images.shape[0] != labels.shape[0]:
            counts = f"{images.shape[0]:,} images and {labels.shape[0]:,} labels"
            raise UserError(f"{pair['images'].name} and {pair['labels'].name}: {counts}")
        last = PurePosixPath(name).name.lower()
        split = SPLIT_FOLDERS.get(re.split(r"[-_]", last)[-1].replace("t10k", "test"), one.split)
        units.append(Arrays(pair["images"], pair["labels"], _class_map(one, last, maps), split))
    return units


def _class_map(one: Task, name: str, maps: Headers) -> Names:
    """The names of numbers: of the map called as the set is, else the only one."""
    beside = [task for task, header in maps.items() if "index" in header and task.path.parent == one.path.parent]
    alike = [task for task in beside if task.path.name.lower().startswith(re.split(r"[-_]", name)[0])]
    chosen = alike[:1] or (beside if len(beside) == 1 else [])
    return _names(chosen[0], "index") if chosen else {}


def notes_on(raw: list[str], tasks: list[Task]) -> list[str]:
    """What people may want to know of the folders of images."""
    notes = []
    if joined := _joined_names(tasks):
        notes.append(f"folders whose names look alike are one class: {a_few(joined)}")
    if empty := _empty_folders(raw, tasks):
        notes.append(f"no images in {a_few(empty)}")
    return notes


def _empty_folders(raw: list[str], tasks: list[Task]) -> list[str]:
    """Innermost folders without a file that is read."""
    used = {task.path.parent for task in tasks}
    empty = set()
    for source in raw:
        for walked, folders, _ in os.walk(source):
            folders[:] = [name for name in folders if not is_hidden(name)]
            if not folders and Path(walked) not in used:
                empty.add(walked)
    return sorted(empty)


def _joined_names(tasks: list[Task]) -> list[str]:
    """Classes whose folders are written in several ways that look the same."""
    ways: defaultdict[str, set[str]] = defaultdict(set)
    for task in tasks:
        if not task.word.isascii():
            parts = (*task.path.parent.parts, *PurePosixPath(task.member).parts[:-1])
            ways[task.word] |= {part for part in parts if unicodedata.normalize("NFC", part) == task.word}
    return sorted(word for word, spelled in ways.items() if len(spelled) > 1)
