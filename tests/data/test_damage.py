"""A packed folder that is damaged: a line says where, and nothing of it is believed."""

import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.data.packed import count_strokes, fingerprint, open_strokes
from inkseq.errors import UserError
from tests.convert.test_convert import pack, write
from tests.samples import random_lines


def change_meta(**changes: Any) -> Callable[[Path], None]:
    """Write other values into meta.json; None takes one away."""

    def change(path: Path) -> None:
        meta = json.loads((path / "meta.json").read_text()) | changes
        kept = {name: value for name, value in meta.items() if value is not None}
        (path / "meta.json").write_text(json.dumps(kept))

    return change


def change(name: str, at: int, value: Any, dtype: Any = None) -> Callable[[Path], None]:
    """Write another value into an array."""

    def write_it(path: Path) -> None:
        array = np.load(path / f"{name}.npy", mmap_mode="r+")
        array.view(dtype or array.dtype)[at] = value

    return write_it


def npy_header(text: str) -> bytes:
    header = text.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


HUGE = "{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 9)}"


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (change_meta(format=99), "format 99"),
        (change_meta(format=None), "meta.json is damaged"),
        (change_meta(classes=None), "meta.json is damaged"),
        (change_meta(classes="cat"), "meta.json is damaged"),
        (change_meta(classes=[1]), "meta.json is damaged"),
        (change_meta(splits=None), "meta.json is damaged"),
        (change_meta(splits=[[0, 30]]), "meta.json is damaged"),
        (change_meta(splits={"train": 30}), "meta.json is damaged"),
        (change_meta(splits={"train": [0, 31]}), r"the split train is \[0, 31\] of 30 drawings"),
        (change_meta(splits={"train": [0, 20], "val": [19, 30]}), r"two splits, \[0, 20\] and \[19, 30\], overlap"),
        (change_meta(splits={"train": [0, 30], "val": [20, 25]}), "overlap"),
        (change_meta(splits={"train": [0, 30], "val": [0, 30]}), "overlap"),
        (change_meta(splits={"train": [30, 0]}), r"the split train is \[30, 0\]"),
        (change_meta(splits={"train": [0, 10**30]}), "meta.json is damaged"),
        (change_meta(splits={"train": [0.0, 30.0]}), "meta.json is damaged"),
        (change_meta(splits={"train": [False, 30]}), "meta.json is damaged"),
        (change_meta(splits={"train": ["0", "30"]}), "meta.json is damaged"),
        (change_meta(num_drawings="x"), "meta.json is damaged"),
        (change_meta(num_drawings="30"), "meta.json is damaged .*num_drawings is '30'"),
        (change_meta(num_drawings=True), "meta.json is damaged"),
        (change_meta(num_points=None), "meta.json is damaged"),
        (change_meta(num_points=10**400), "points.npy holds uint8"),
        (change_meta(num_points=-1), "num_points is -1"),
        (change_meta(classes=["cat", "cat", "dog"]), "a class is there twice"),
        (change_meta(classes=["cat", "dog"]), "labels.npy is damaged .*there are 2 classes"),
        (change_meta(options=None), "meta.json is damaged"),
        (change_meta(options=[]), "options are no settings"),
        (change_meta(digests=[]), "digests are no texts"),
        (change_meta(digests={"pen": 7}), "digests are no texts"),
        (lambda p: (p / "meta.json").write_text("[]"), "meta.json is damaged"),
        (lambda p: (p / "meta.json").write_text("{"), "meta.json is damaged"),
        (lambda p: (p / "meta.json").write_text("[" * 100_000), "meta.json is damaged"),
        (lambda p: (p / "meta.json").write_bytes(b"\xff{}"), "meta.json is damaged"),
        (change("offsets", 7, 10**12), r"offsets.npy is damaged \(drawing 7 goes from point 10{12} to \d+\)"),
        (change("offsets", 7, -1), r"offsets.npy is damaged \(drawing 6 goes from point \d+ to -1\)"),
        (change("offsets", 0, 1), "offsets.npy is damaged .*it goes from 1 to"),
        (change("offsets", 0, -(2**63)), "offsets.npy is damaged .*it goes from -"),
        (change("offsets", 30, 2**63 - 1), "offsets.npy is damaged .*it goes from 0 to 9223372036854775807"),
        (change("labels", 3, 3), r"labels.npy is damaged \(drawing 3, of any split, has label 3; there are 3"),
        (change("labels", 29, -1), "labels.npy is damaged .*drawing 29, of test, has label -1"),
        (change("countrycode", 5, b"\xff\xfe"), "countrycode.npy is damaged .*item 5"),
        (lambda p: change("recognized", 5, 2, np.uint8)(p), "recognized.npy is damaged .*item 5"),
        (lambda p: np.save(p / "points.npy", np.asfortranarray(np.load(p / "points.npy"))), "points.npy holds uint8"),
        (lambda p: np.save(p / "labels.npy", np.load(p / "labels.npy").astype(">i2")), "labels.npy holds >i2"),
        (lambda p: shutil.make_archive(str(p / "pen"), "zip", p) and (p / "pen.zip").replace(p / "pen.npy"), "pen.npy"),
        (lambda p: np.save(p / "pen.npy", np.array([{}])), "pen.npy is damaged"),
        (lambda p: (p / "pen.npy").write_bytes(npy_header("{'descr': ('|O', ")), "pen.npy is damaged"),
        (lambda p: (p / "pen.npy").write_bytes(npy_header(HUGE)), "pen.npy is damaged"),
        (lambda p: (p / "meta.json").unlink(), "no packed dataset"),
        (lambda p: (p / "pen.npy").unlink(), "pen.npy is damaged"),
        (lambda p: os.truncate(p / "points.npy", 1000), "points.npy is damaged"),
        (lambda p: np.save(p / "labels.npy", np.zeros(7, np.int16)), r"labels.npy holds int16 \(7,\)"),
        (lambda p: np.save(p / "key_id.npy", np.zeros(30, np.int16)), "key_id.npy holds int16"),
        (shutil.rmtree, "does not exist"),
    ],
)
def test_a_damaged_dataset_is_not_opened(tmp_path: Path, damage: Any, expected: str) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(30)))
    damage(data.path)
    with pytest.raises(UserError, match=expected) as caught:
        open_strokes(data.path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_whatever_bytes_are_changed_it_is_said_or_can_be_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(30)))
    whole = {path: path.read_bytes() for path in data.path.iterdir()}
    refused = 0
    for _ in range(300):
        path = list(whole)[rng.integers(len(whole))]
        content = bytearray(whole[path])
        start = rng.integers(min(len(content), 400))
        content[start : start + rng.integers(1, 9)] = rng.bytes(int(rng.integers(9)))
        path.write_bytes(content)
        said = ""
        try:
            changed = open_strokes(data.path)
        except UserError as error:
            said = str(error)
        else:
            count_strokes(changed, changed.split(None))
            assert all(len(changed.drawing(i)[0]) for i in range(30))
            fingerprint(changed)
        assert not said or path.name in said or "has format" in said
        refused += bool(said)
        path.write_bytes(whole[path])
    assert 100 < refused < 295


def test_opening_takes_no_memory_however_wrong_an_offset_is(tmp_path: Path) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(30)))
    change("offsets", 7, 10**12)(data.path)
    tracemalloc.start()
    with pytest.raises(UserError, match=r"offsets\.npy is damaged"):
        open_strokes(data.path)
    assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    tracemalloc.stop()
