"""Documents of every kind, spoilt: what to feed a reader, and what must come of it whatever it is."""

import gzip
import io
import json
import pickle
import random
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from inkseq.drawings.canonical import MAX_POINTS, Rejected, read_drawing
from inkseq.drawings.entries import Entry
from inkseq.drawings.reader import find, read_entries
from inkseq.drawings.strokes import Flat
from inkseq.errors import UserError
from inkseq.serve.requests import Ask, AskWhy, Lesson, Refused, decode
from tests.samples import line, random_lines

ENDINGS = {  # of a file that each reader takes
    "ndjson": ".ndjson",
    "json": ".json",
    "csv": ".csv",
    "svg": ".svg",
    "inkml": ".inkml",
    "omniglot": ".txt",
    "npz": ".npz",
    "gzip": ".ndjson.gz",
    "zip": ".zip",
    "none": "",
}

SVG = b"""<?xml version="1.0" encoding="UTF-8"?><svg xmlns="http://www.w3.org/2000/svg" width="90mm" height="20">
<defs><path id="a" d="M0 0C1 5 6 5 7 1S9 9 10 0Q4 9 8 0T16 0A20 10 30 0 1 15 9"/></defs><rect width="100%" height="9"/>
<g transform="translate(5 6)scale(2,3) rotate(30, 1, 0)" style="stroke:red"><use href="#a" x="3"/><use href="#a"/>
<path d="M1 2H5V6h-1v-1m1 1l1 0zL9.5e1-.5 3"/></g><circle cx="5" cy="6" r="3"/><polygon points="1,2 3,4 5,0"/>
<rect x="1" y="2" width="10px" height="8" rx="2"/><line x1="1" y2="1in"/></svg>"""

INKML = b"""<ink xmlns="http://www.w3.org/2003/InkML"><traceFormat><channel name="X"/>
<channel name="Y" orientation="-ve"/></traceFormat><annotation type="truth">all</annotation>
<trace xml:id="t1">0 0, 9.5 9, 8e1 -7</trace>
<traceGroup><annotation type="truth"> cat </annotation><traceView traceDataRef="#t1"/>
<trace>1125 18432,'23'43,"7"-8,3-5,7 -3, * *</trace></traceGroup></ink>"""

TABLE = b"""countrycode,drawing,key_id,recognized,timestamp,word
US,"[[[0, 255, 9], [0, 9, 90]], [[1], [2]]]",5152802093400064,True,2017-03-08 03:24:29.16088,cat
DE,"[[[0, 255], [0, 9]]]",12,False,,a dog
"""


def _npz(protocol: int) -> bytes:
    """As sketch-rnn's are, once of objects and once of numbers."""
    drawings = np.empty(3, object)
    drawings[:] = [np.array([[0, 0, 0], [200, i, 0], [-9, 255, 1]], np.int16) for i in range(3)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("train.npy", "w") as member:
            header = {"descr": "|O", "fortran_order": False, "shape": (3,)}
            np.lib.format.write_array_header_1_0(member, header)
            pickle.dump(drawings, member, protocol=protocol)
        with archive.open("test.npy", "w") as member:
            np.lib.format.write_array(member, np.ones((2, 4, 3), np.int16))
    return file.getvalue()


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/1.svg", SVG)
        archive.writestr("b.ndjson", b"".join(random_lines(3)))
    return file.getvalue()


LINES = b"".join(random_lines(3)) + line(strokes=[[[0.5, 300], [1, 2], [0, 7]]])
JSON = json.dumps(
    [{"drawing": [[[0, 9, 5], [0, 9, 7]]], "word": "cat", "key_id": 7}, {"strokes": [[[1], [2]]]}], indent=1
)
SEEDS = {
    "ndjson": [LINES],
    "json": [JSON.encode(), b"[[[0,10,20],[0,5,50]]]\n[[[0,10,20],[0,5,50],[1,2,3]]]\n"],
    "csv": [TABLE],
    "svg": [SVG],
    "inkml": [INKML],
    "omniglot": [b"START\n1.5,-2,0\n9,-4e1,10\nBREAK\n5,-6,700\nBREAK\n"],
    "npz": [_npz(2), _npz(4)],
    "gzip": [gzip.compress(LINES, mtime=0)],
    "zip": [_zip()],
    "none": [LINES, TABLE, SVG, INKML],
    "request": [
        b'{"strokes":[[[0,9.5,5],[0,9,-7]],[[1],[2],[3]]],"top":3}',
        b'{"strokes":[[[0,9],[0,9]]],"word":"cat"}',
    ],
}

TOKENS = [
    *(b"0 -1 1e999 1e-320 NaN -Infinity null true 1.5.5 0x1F #1F '1 * e . - + , ; : & \" ' < > \\ % # =".split(b" ")),
    *(b"[ ] [[[ ]]] { } [] {} [[[0],[0]]] <g> </g> <g/> <use/> <trace> </trace> <ink> &#0; &a; <![CDATA[".split()),
    *(b"A1e-310 1e-310 0 0 1 1 1|M0 0|z|rotate(1)|matrix(1e300 0 0 1e300 0 0)|scale(0)|<use href='#a'/>".split(b"|")),
    *(
        b'"word":|"drawing":|"key_id":|encoding="Shift_JIS"|encoding="utf-7"|<!DOCTYPE svg [<!ENTITY a "b">]>'.split(
            b"|"
        )
    ),
    *(
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x1f\x8b",
        b"PK\x03\x04",
        b"\x93NUMPY",
        b"\xed\xa0\x80",
    ),
    *(b"9" * 400, b" " * 100, b"[" * 2000, b"(" * 100, b"\n" * 100),
]


def mutations(seed_bytes: bytes, rng: random.Random) -> bytes:
    """The document with one to five things wrong."""
    text = bytearray(seed_bytes)
    for _ in range(rng.randint(1, 5)):
        at, end = sorted(rng.randint(0, len(text)) for _ in range(2))
        end = min(end, at + rng.choice([1, 4, 40, 400]))
        match rng.randrange(5):
            case 0 if text:
                text[at % len(text)] ^= 1 << rng.randrange(8)
            case 1:
                del text[at:end]
            case 2:
                text[at:at] = text[at:end]
            case 3:
                to = rng.randint(0, len(text))
                text[to : to + end - at] = text[at:end]
            case _:
                text[at:at] = rng.choice(TOKENS)
    return bytes(text)


def feed(reader_name: str, content: bytes) -> None:
    """Feed one document to a reader: all that comes of it are drawings and errors, in a line each."""
    if reader_name == "request":
        shapes: list[Any] = [Ask, AskWhy, Lesson]
        for shape in shapes:
            with suppress(Refused, Rejected):
                _check_drawing(read_drawing(decode(content, shape).strokes))
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ENDINGS[reader_name]}"
        path.write_bytes(content)
        try:
            tasks = find(str(path))
        except UserError:  # of a zip, which is looked into before anything is read
            return
        try:
            for task in tasks:
                for entry in read_entries(task, lambda _: None):
                    _check(entry)
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"{reader_name}: {content[:200]!r} raised {error!r}") from error


def _check(entry: Entry) -> None:
    if entry.drawing is None:
        assert entry.error, entry
        assert entry.error.isprintable(), entry
        assert "cannot be read (" not in entry.error, entry  # a fault of the reader's, which `refusal` has caught
        return
    assert not entry.error, entry
    assert isinstance(entry.drawing, tuple), entry
    _check_drawing(entry.drawing)


def _check_drawing(drawing: Flat) -> None:
    points, pen = drawing
    assert 0 < len(points) == len(pen) <= MAX_POINTS
    assert points.shape[1:] == (2,)
    assert points.dtype == pen.dtype == np.uint8
    assert pen[-1] == 1
