"""What there is to read of images, in units for the workers: files in class folders, arrays, pages with boxes."""

import csv
import gzip
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from itertools import count
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inkseq.convert.arrays import blocks_of, head_of
from inkseq.drawings.blocks import damaged, is_gzip, open_task
from inkseq.drawings.canonical import Rejected, refusal
from inkseq.drawings.kaggle import split_cells
from inkseq.drawings.ndjson import MAX_LINE, check_word
from inkseq.drawings.scans import fit, ink_of, open_grey
from inkseq.drawings.sources import ARRAYS, IMAGE_KINDS, NAMED, SPLIT_FOLDERS, Task, Tick, is_hidden
from inkseq.errors import UserError

FILES_A_UNIT, PAGES_A_UNIT = 256, 4
HEADER_BYTES = 4096  # of a table
MAX_BYTES = 2**26  # of a file of one image
CODE = re.compile(r"U\+[0-9A-F]{4,6}")
PAGES_HEADER = ["image_id", "labels"]
SUBMISSION = "sample_submission"  # the competition's, which has the header and no boxes
Names = dict[str, str]  # of classes, by number or code point


class Scan(NamedTuple):
    """An image of a source, or why there is none."""

    file: str
    line: int
    ink: NDArray[np.uint8] | None
    reason: str = ""
    text: str = ""
    word: str = ""
    writer: str = ""
    split: int = -1


@dataclass(frozen=True)
class Files:
    """A file an image, in the folder of its word."""

    tasks: list[Task]

    @property
    def num_bytes(self) -> int:
        return sum(task.end for task in self.tasks)

    def scans(self, size: int, tick: Tick) -> Iterator[Scan]:
        for task in self.tasks:
            try:
                word = check_word(task.word)
                yield Scan(task.name, 1, ink_of(read_image(task), size), "", "", word, task.writer, task.split)
            except Exception as error:
                yield Scan(task.name, 1, None, str(refusal(error)))
            tick(task.end)


@dataclass(frozen=True)
class Arrays:
    """An array of images and one of as many labels."""

    images: Task
    labels: Task
    names: Names
    split: int

    @property
    def num_bytes(self) -> int:
        return self.images.end

    @property
    def source(self) -> str:
        return self.images.name

    def scans(self, size: int, tick: Tick) -> Iterator[Scan]:
        label_N = np.concatenate([np.empty(0, np.int64), *blocks_of(self.labels)])
        number = count()
        for block in blocks_of(self.images):
            for image in block:
                label = str(label_N[at := next(number)])
                ink = fit(Image.fromarray(image), size)
                word = self.names.get(label, label)
                yield Scan(self.images.name, at + 1, ink, "", "", word, self.images.writer, self.split)
        tick(self.num_bytes)


class Row(NamedTuple):
    """A page in the competition's table."""

    line: int
    page: Task | None
    name: str
    boxes: str


@dataclass(frozen=True)
class Pages:
    """Pages of which a table says where characters stand: code point, left, top, width, height."""

    source: str  # the table's name
    rows: list[Row]
    names: Names

    @property
    def num_bytes(self) -> int:
        return sum(row.page.end for row in self.rows if row.page)

    def scans(self, size: int, tick: Tick) -> Iterator[Scan]:
        for row in self.rows:
            yield from self._characters(row, size)
            tick(row.page.end if row.page else 0)

    def _characters(self, row: Row, size: int) -> Iterator[Scan]:
        cells = row.boxes.split()
        try:
            if row.page is None:
                raise Rejected("no page of this name beside the table")
            if len(cells) % 5:
                raise Rejected("labels are not U+XXXX x y width height, again and again")
            grey = open_grey(read_image(row.page))
        except Exception as error:
            yield Scan(self.source, row.line, None, str(refusal(error)), row.name)
            return
        for code, *box in (cells[at : at + 5] for at in range(0, len(cells), 5)):
            try:
                ink, word = fit(grey.crop(_box(box, grey)), size), self._word(code)
                yield Scan(self.source, row.line, ink, "", "", word, row.page.writer or row.name, row.page.split)
            except Exception as error:
                yield Scan(self.source, row.line, None, str(refusal(error)), " ".join([row.name, code, *box]))

    def _word(self, code: str) -> str:
        if not CODE.fullmatch(code):
            raise Rejected("a code point is not U+XXXX")
        return check_word(self.names.get(code, code))


Unit = Files | Arrays | Pages


def read_image(task: Task) -> bytes:
    """A file's bytes; raises Rejected."""
    if task.unreadable:
        raise Rejected(task.unreadable)
    stream, _ = open_task(task)
    with stream:
        try:
            image = stream.read(MAX_BYTES + 1)
        except Exception as error:
            raise damaged(error) from None
    if len(image) > MAX_BYTES:
        raise Rejected(f"more than {MAX_BYTES >> 20} MB")
    return image


def _box(cells: list[str], page: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box, of which what is beyond the page is cut off."""
    try:
        x, y, width, height = map(int, cells)
    except ValueError:
        raise Rejected("a box is not four whole numbers") from None
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, page.width), min(y + height, page.height)
    if left >= right or top >= bottom:
        raise Rejected("a box of nothing on the page")
    return left, top, right, bottom


def units_of(tasks: list[Task], others: list[str]) -> list[Unit]:
    """The images among what was found, none where it is strokes; both together are refused. `others` grow."""
    tables = {task: header for task in tasks if task.kind == "csv" and (header := _header(task))}
    pages = [task for task, header in tables.items() if header == PAGES_HEADER]
    maps = [task for task, header in tables.items() if "char" in header and {"index", "Unicode"} & set(header)]
    beside = {task for task in tables if task in pages or task in maps}
    images = [task for task in tasks if task.kind in IMAGE_KINDS]
    if not images and not pages:
        return []
    strokes = [task for task in tasks if task.kind not in IMAGE_KINDS and not task.unreadable and task not in beside]
    if strokes:
        what = images[0].name if images else pages[0].name
        raise UserError(f"{strokes[0].name} holds strokes and {what} images; convert each by itself")
    units: list[Unit] = []
    for table in pages:
        units += _pages(table, images, maps)
    under = [table.path.parent for table in pages]
    free = [task for task in images if not any(task.path.is_relative_to(folder) for folder in under)]
    used = {row.page for unit in units if isinstance(unit, Pages) for row in unit.rows} | set(free)
    others += [task.name for task in images if task not in used]
    units += _arrays([task for task in free if task.kind != "image"], maps)
    files = [task for task in free if task.kind == "image"]
    return units + [Files(files[at : at + FILES_A_UNIT]) for at in range(0, len(files), FILES_A_UNIT)]


def _header(task: Task) -> list[str]:
    """The names of a table's columns, if it is one."""
    if task.is_pipe or task.unreadable:
        return []
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


def _pages(table: Task, images: list[Task], maps: list[Task]) -> list[Pages]:
    if PurePosixPath(table.member or table.path.name).stem.startswith(SUBMISSION):
        return []
    found = {_stem(task): task for task in images if task.path.is_relative_to(table.path.parent)}
    names = next((_names(one, "Unicode") for one in maps if "Unicode" in _header(one)), {})
    rows = []
    for line, cells in enumerate(_rows(table), 1):
        if line > 1 and cells:
            name, boxes, *_ = [*cells, ""]
            rows.append(Row(line, found.get(name), name, boxes))
    return [Pages(table.name, rows[at : at + PAGES_A_UNIT], names) for at in range(0, len(rows), PAGES_A_UNIT)]


def _stem(task: Task) -> str:
    return PurePosixPath(task.member or task.path.as_posix()).stem


def _arrays(tasks: list[Task], maps: list[Task]) -> list[Arrays]:
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


def _class_map(one: Task, name: str, maps: list[Task]) -> Names:
    """The names of numbers: of the map called as the set is, else the only one."""
    beside = [task for task in maps if "index" in _header(task) and task.path.parent == one.path.parent]
    alike = [task for task in beside if task.path.name.lower().startswith(re.split(r"[-_]", name)[0])]
    chosen = alike[:1] or (beside if len(beside) == 1 else [])
    return _names(chosen[0], "index") if chosen else {}


def notes_on(raw: list[str], tasks: list[Task]) -> list[str]:
    """What people may want to know of the folders of images."""
    notes = []
    if joined := _joined_names(tasks):
        notes.append(f"folders whose names look alike are one class: {_some(joined)}")
    if empty := _empty_folders(raw, tasks):
        notes.append(f"no images in {_some(empty)}")
    return notes


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


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
