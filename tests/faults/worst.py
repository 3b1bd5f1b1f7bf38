"""The worst megabytes that we thought of, and what they cost readers: `python -m tests.faults.worst .npz .svg`."""

import csv
import gzip
import io
import json
import multiprocessing
import pickle
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from inkseq.config import ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.drawings.reader import find, read_entries
from inkseq.errors import UserError
from inkseq.predict.stream import WINDOW
from inkseq.tables import table
from tests.faults.peak import forget_peak, peak

MEGABYTE = 2**20


def fill(text: str, size: int = MEGABYTE, begin: str = "", end: str = "") -> bytes:
    return (begin + text * (size // len(text)) + end).encode()


def line(drawing: str) -> str:
    return f'{{"word":"a","drawing":{drawing}}}\n'


def zigzag(num_points: int) -> str:
    """Back and forth over the whole canvas in as few bytes as can be."""
    return line(f"[[[{','.join('09'[i % 2] for i in range(num_points))}],[{','.join('0' * (num_points - 1))},1]]]")


def falling(num_points: int) -> str:
    """Back and forth and less each time, so that the farthest is always the next."""
    xs = [0 if i % 2 else 999 - i for i in range(num_points)]
    return line(json.dumps([[xs, [i % 10 for i in range(num_points)]]], separators=(",", ":")))


def spiral(num_points: int) -> str:
    angle = np.arange(num_points) * 0.5
    radius = 500 - 490 * np.arange(num_points) / num_points
    return line(json.dumps([np.stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(int).tolist()]))


def dense(num_points: int) -> str:
    """A wave a pixel a point."""
    i = np.arange(num_points)
    return line(json.dumps([[(abs(i % 400 - 200)).tolist(), (abs(i % 300 - 150)).tolist()]], separators=(",", ":")))


def many(shape: Callable[[int], str], num_points: int) -> bytes:
    return fill(shape(num_points))


def npz(write: Callable[[zipfile.ZipFile], None]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("ballast"), np.random.default_rng(0).bytes(MEGABYTE * 9 // 10))
        write(archive)
    return file.getvalue()


def of_numbers(shape: tuple[int, ...], dtype: str) -> bytes:
    def write(archive: zipfile.ZipFile) -> None:
        with archive.open("train.npy", "w") as member:
            rows = np.zeros(shape, dtype)
            rows[:, 1::2, 0], rows[:, 2::2, 0] = 100, -100
            np.lib.format.write_array(member, rows)

    return npz(write)


def of_objects(held: list[Any], text: bytes | None = None) -> bytes:
    def write(archive: zipfile.ZipFile) -> None:
        with archive.open("train.npy", "w") as member:
            header = {"descr": "|O", "fortran_order": False, "shape": (len(held),)}
            np.lib.format.write_array_header_1_0(member, header)
            array = np.empty(len(held), object)
            array[:] = held
            member.write(pickle.dumps(array, protocol=2) if text is None else text)

    return npz(write)


def pickled(middle: bytes) -> bytes:
    """What a pickle goes through before it is none."""
    return of_objects([], b"\x80\x02(" + middle + b".")


def zipped(members: int, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for i in range(members):
            archive.writestr(f"{i}{name}", content)
    return file.getvalue()


def table_of(row: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return fill(text.getvalue(), begin="key_id,drawing,word\n")


TRACE = "<trace>" + ",".join(["0 0", "9 9"] * 500) + "</trace>"
ZIGZAG = "M0 0" + "H9H0" * 2000
DOT = "[[[0],[0]]]"

WORST: dict[str, dict[str, Callable[[], bytes]]] = {
    ".ndjson": {
        **{f"zigzags of {n}": partial(many, zigzag, n) for n in (30, 300, 1000, 2700, 3900)},
        **{f"falling zigzags of {n}": partial(many, falling, n) for n in (30, 300, 900)},
        **{f"spirals of {n}": partial(many, spiral, n) for n in (30, 300, 3000)},
        **{f"waves of {n}": partial(many, dense, n) for n in (300, 3000, 30000)},
        "one wave": lambda: dense(120_000).encode(),
        "one zigzag": lambda: zigzag(250_000).encode(),
        "dots": lambda: fill(line(DOT)),
        "dots, bare": lambda: fill(f"{DOT}\n"),
        "lines, bare": lambda: fill("[[[0,300],[0,1]]]\n"),
        "dots of a drawing": lambda: line(f"[{','.join(['[[0],[1]]'] * 9_999)}]").encode() * 10,
        "too many dots of a drawing": lambda: line(f"[{','.join(['[[0],[1]]'] * 100_000)}]").encode(),
        "words": lambda: b"".join(b'{"word":"%d","drawing":[[[0],[0]]]}\n' % i for i in range(26_000)),
        "wrong and right": lambda: fill(f"x\n{DOT}\n"),
        "floats": lambda: fill(line("[[[0.5,1.25],[1e2,7.5e-3]]]")),
    },
    ".json": {
        "dots": lambda: fill(f"{DOT},", begin="[", end=f"{DOT}]"),
        "zigzags": lambda: b"[" + fill(zigzag(300).strip() + ",") + zigzag(300).encode() + b"]",
        "objects": lambda: fill("{},", begin="[", end="{}]"),
        "lists": lambda: fill("[],", begin="[{},", end="[]]"),
        "numbers": lambda: fill("7,", begin="[{},", end="7]"),
        "over lines": lambda: fill(f"{DOT},\n", begin="[\n", end=f"{DOT}\n]"),
        "one stroke": lambda: f"[[[{'1,' * 250_000}1],[{'1,' * 250_000}1]]]".encode(),
    },
    ".csv": {
        "dots": lambda: table_of(["", DOT, "a"]),
        "dots with keys": lambda: table_of(["1", DOT, "a"]),
        "no drawings": lambda: table_of(["", "", ""]),
        "zigzags": lambda: table_of(["", json.dumps(json.loads(zigzag(300))["drawing"]), "a"]),
        "cells": lambda: fill("a,", begin="drawing,", end="\n"),
    },
    ".svg": {
        "arcs": lambda: fill("a1 2 0 0 1 1 9", begin='<svg><path d="M0 0', end='"/></svg>'),
        "arcs, few bytes": lambda: fill("a1 2 0 011 9", size=590_000, begin='<svg><path d="M0 0', end='"/></svg>'),
        "cubics": lambda: fill("c1 9 8 7 6 5", size=590_000, begin='<svg><path d="M0 0', end='"/></svg>'),
        "zigzag": lambda: fill("H9H0", size=199_000, begin='<svg><path d="M0 0', end='V1"/></svg>'),
        "zigzags of curves": lambda: fill("t9 9-9 9", size=399_000, begin='<svg><path d="M0 0', end='"/></svg>'),
        "subpaths": lambda: fill("M0 0h1", size=59_000, begin='<svg><path d="', end='"/></svg>'),
        "circles": lambda: fill('<circle r="1"/>', size=MEGABYTE, begin="<svg>", end="</svg>"),
        "rounded rectangles": lambda: fill(
            '<rect width="9" height="9" rx="2"/>', size=340_000, begin="<svg>", end="</svg>"
        ),
        "used": lambda: fill(
            '<use href="#a"/>', size=159_000, begin='<svg><path id="a" d="M0 0c1 2 3 4 5 6"/>', end="</svg>"
        ),
        "transforms": lambda: fill("rotate(1)", begin='<svg><g transform="', end='"/></svg>'),
        "styles": lambda: fill(";a:b", begin='<svg><g style="', end='"/></svg>'),
        "elements": lambda: fill("<g/>", size=399_000, begin="<svg>", end="</svg>"),
        "attributes": lambda: b"<svg><g " + b" ".join(b'a%d=""' % i for i in range(100_000)) + b"/></svg>",
        "ids": lambda: b"<svg>" + b"".join(b'<g id="%d"/>' % i for i in range(70_000)) + b"</svg>",
    },
    ".inkml": {
        "small traces": lambda: fill("<trace>0 0</trace>", begin="<ink>", end="</ink>"),
        "long trace": lambda: fill("1 1,", size=799_000, begin="<ink><trace>", end="1 1</trace></ink>"),
        "zigzag": lambda: fill("0 0,9 0,", begin="<ink><trace>", end="1 1</trace></ink>"),
        "zigzags": lambda: fill(
            f'<traceGroup><annotation type="truth">a</annotation>{TRACE}</traceGroup>', begin="<ink>", end="</ink>"
        ),
        "groups": lambda: fill(
            '<traceGroup><annotation type="truth">a</annotation><trace>0 0,1 1</trace></traceGroup>',
            begin="<ink>",
            end="</ink>",
        ),
        "references": lambda: fill(
            '<traceGroup><annotation type="truth">a</annotation><traceView traceDataRef="#a"/></traceGroup>',
            begin='<ink><trace xml:id="a">0 0,1 1</trace>',
            end="</ink>",
        ),
        "groups in groups": lambda: (
            b"<ink>"
            + b'<traceGroup><annotation type="truth">a</annotation>' * 190
            + b"<trace>0 0</trace>" * 10_000
            + b"</traceGroup>" * 190
            + b"</ink>"
        ),
        "formats": lambda: fill(
            '<traceFormat><channel name="X"/><channel name="Y"/></traceFormat>', begin="<ink>", end="</ink>"
        ),
    },
    ".npz": {
        "numbers, one drawing": lambda: of_numbers((1, 3_000_000, 3), "i2"),
        "numbers, zigzags": lambda: of_numbers((10_000, 300, 3), "i1"),
        "numbers, lines": lambda: of_numbers((1_500_000, 2, 3), "i1"),
        "numbers, bools": lambda: of_numbers((200_000, 10, 3), "?"),
        "objects, dots": lambda: of_objects([np.zeros((1, 3), np.int8)] * 300_000),
        "objects, each its own": lambda: of_objects([np.full((1, 3), i % 99, np.int8) for i in range(60_000)]),
        "objects, Nones": lambda: of_objects([None] * 9_000_000),
        "objects, numbers": lambda: of_objects(list(range(1000, 400_000))),
        "objects, texts": lambda: of_objects([f"{i}" for i in range(300_000)]),
        "pickled tuples": lambda: pickled(b")" * 15_000_000),
        "pickled marks": lambda: pickled(b"(" * 15_000_000),
        "pickled small tuples": lambda: pickled(b"N\x85" * 9_000_000),
        "pickled nested tuples": lambda: pickled(b"N" + b"\x85" * 15_000_000),
        "pickled ints": lambda: pickled(b"M\xff\xff" * 5_000_000),
        "pickled floats": lambda: pickled(b"G\0\0\0\0\0\0\0\0" * 2_000_000),
        "pickled bytes": lambda: pickled(b"C\x02ab" * 4_000_000),
        "pickled memo": lambda: pickled(b"N" + b"\x94" * 15_000_000),
        "pickled arrays": lambda: pickled(b"cnumpy\nndarray\nq\0" + b"h\0)\x81" * 4_000_000),
    },
    ".ndjson.gz": {
        "dots": lambda: gzip.compress(fill(line(DOT))),
        "newlines": lambda: gzip.compress(b"\n" * 90 * MEGABYTE),
        "zeros": lambda: gzip.compress(b"\0" * 900 * MEGABYTE, 1),
        "members": lambda: gzip.compress(b"") * 50_000,
    },
    ".zip": {
        "members": lambda: zipped(8_000, ".ndjson", b"\n"),
        "dots": lambda: zipped(4_000, ".json", DOT.encode(), zipfile.ZIP_STORED),
        "pictures": lambda: zipped(4_000, ".svg", b'<svg><path d="M0 0h1"/></svg>', zipfile.ZIP_STORED),
        "of unknown kind": lambda: zipped(8_000, ".txt", b""),
    },
}


def read(path: Path) -> str:
    """As predict does, some thousands of entries at a time."""
    num_drawings, error = 0, ""
    entries = chain.from_iterable(read_entries(task, lambda _: None) for task in find(str(path)))
    while window := list(islice(entries, WINDOW)):
        num_drawings += sum(entry.drawing is not None for entry in window)
        error = error or next((entry.error for entry in window if entry.error), "")
    return f"{num_drawings:,} drawings {error[:50]}"


def packed(path: Path) -> str:
    convert(ConvertConfig(raw=[str(path)], out=f"{path}-packed", workers=1))
    return "packed"


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """In a child, so that nothing is there which was there before."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(work, arguments)


def write(ending: str, name: str, path: Path) -> None:
    path.write_bytes(WORST[ending][name]())


def cost(work: Callable[[Path], str], path: Path) -> tuple[float, float, str]:
    """Seconds of the processor, most megabytes beyond those it began with, and what came of it."""
    before, started = forget_peak(), time.process_time()
    try:
        said = work(path)
    except UserError as error:
        said = str(error)[:60]
    return time.process_time() - started, peak() - before, said


def main() -> None:
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder) / "warm.ndjson"
        warm.write_text(line(DOT) + line("[[[0,300],[0,1]]]"))
        for work in (read, packed):
            work(warm)
        for ending in sys.argv[1:] or WORST:
            for name in WORST[ending]:
                path = Path(folder) / f"{len(rows)}{ending}"
                apart(write, ending, name, path)
                size = path.stat().st_size / MEGABYTE
                costs = [apart(cost, work, path) for work in (read, packed)]
                rows.append([ending, name, *[f"{x:.2f}" for x in (size, *costs[0][:2], *costs[1][:2])], costs[0][2]])
                print(rows[-1], flush=True)
                path.unlink()
    print(table(["", "a megabyte of", "MB", "read s", "MB more", "convert s", "MB more", "what came of it"], rows))


if __name__ == "__main__":
    main()
