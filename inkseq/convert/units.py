"""What there is to read of images, in units for the workers: files in class folders, arrays, pages with boxes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inkseq.convert.arrays import blocks_of
from inkseq.drawings.blocks import read_whole
from inkseq.drawings.canonical import Rejected, refusal
from inkseq.drawings.ndjson import check_word
from inkseq.drawings.scans import fit, open_grey, read_ink
from inkseq.drawings.sources import Task, Tick

CODE = re.compile(r"U\+[0-9A-F]{4,6}")
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
                ink = read_ink(read_whole(task), size)
                yield Scan(task.name, 1, ink, "", "", check_word(task.word), task.writer, task.split)
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
            grey = open_grey(read_whole(row.page))
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
