"""Who drew it: found in paths and in the drawings, packed, and divided by."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.config import ConvertConfig, SplitBy, SplitConfig, SplitUnit
from inkseq.convert.conversion import convert
from inkseq.data.packed import Packed, PackedStrokes, open_packed
from inkseq.errors import UserError
from tests.convert.pictures import pack_images, png, put, scribble
from tests.convert.test_convert import pack, write
from tests.samples import SHARED, line, needs_shared, random_lines

SHARES = SplitConfig(train=0.7, val=0.1, test=0.2, by=SplitBy.writer)
Writers = dict[str, set[str]]


def writers_of(data: Packed) -> Writers:
    """Whose drawings are in each split; '' for nobody's."""
    assert data.writer is not None
    names = [*data.meta["writers"], ""]
    return {name: {names[who] for who in data.writer[data.split(name)]} for name in data.meta["splits"]}


def folder_of(raw: Path, num_writers: int) -> Path:
    for who in range(num_writers):
        for word in range(3):
            put(raw / f"c{word}" / f"x_{who:02}.png", png(scribble(3 * who + word)))
    return raw


def test_writers_as_a_whole_go_to_a_split(tmp_path: Path) -> None:
    raw = folder_of(tmp_path / "raw", 20)
    data, _ = pack_images(tmp_path, raw, writer=r"_(\d+)\.png$", split=SHARES)
    found = writers_of(data)
    assert [len(found[name]) for name in ("train", "val", "test")] == [14, 2, 4]
    assert len(set.union(*found.values())) == 20
    assert [len(data.split(name)) for name in found] == [42, 6, 12]
    assert data.meta["options"]["writer"] == r"_(\d+)\.png$"
    counted = SplitConfig(SplitUnit.count, train=5, val=0, test=1, by=SplitBy.writer)
    data, books = pack_images(tmp_path, raw, out="b", writer=r"_(\d+)\.png$", split=counted)
    assert [len(data.split(name)) for name in ("train", "val", "test")] == [15, 0, 3]
    assert books.left_out == {"surplus": 42}


def test_what_nobody_drew_is_divided_class_by_class(tmp_path: Path) -> None:
    raw = folder_of(tmp_path / "raw", 10)
    for number in range(100):
        put(raw / "c0" / f"{number}.png", png(scribble(1000 + number)))
    data, _ = pack_images(tmp_path, raw, writer=r"_(\d+)\.png$", split=SHARES)
    assert data.writer is not None
    nobody = [int((data.writer[data.split(name)] == -1).sum()) for name in ("train", "val", "test")]
    assert nobody == [70, 10, 20]


def by(writer: object, number: int) -> bytes:
    return line(key_id=number, strokes=[[[0, 255, number % 256], [0, 255, 7]]], writer=writer)


def test_drawings_say_themselves_who_drew_them(tmp_path: Path) -> None:
    lines = [by(f"w{n % 10}", n) for n in range(100)] + random_lines(20)
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", lines), split=SHARES)
    assert data.meta["writers"] == sorted(f"w{n}" for n in range(10))
    assert data.writer is not None
    who = {int(key): data.meta["writers"][w] for key, w in zip(data.key_id, data.writer, strict=True) if w >= 0}
    assert who == {n: f"w{n % 10}" for n in range(100)}
    assert [len(names - {""}) for names in writers_of(data).values()] == [7, 1, 2]
    assert "writer" in data.arrays


def test_tables_and_documents_say_it_too(tmp_path: Path) -> None:
    drawing = '"[[[0, 255, {}], [0, 255, 7]]]"'
    rows = "".join(f"{n},cat,{drawing.format(n)},w{n}\n" for n in range(3))
    write(tmp_path / "raw" / "a.csv", [f"key_id,word,drawing,writer_id\n{rows}".encode()])
    document = [{"word": "dog", "drawing": [[[0, 255, n], [0, 255, 7]]], "writer": 5} for n in range(2)]
    write(tmp_path / "raw" / "b.json", [json.dumps(document).encode()])
    data, _ = pack(tmp_path, tmp_path / "raw", writer="/(raw)/")
    assert set.union(*writers_of(data).values()) == {"w0", "w1", "w2", "5"}


def test_where_nobody_is_known_nothing_is_packed_of_writers(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(30))
    data, _ = pack(tmp_path, raw)
    assert data.writer is None
    assert not (data.path / "writer.npy").exists()
    assert "writer" not in data.meta["options"]
    assert "by" not in data.meta["options"]["split"]
    with pytest.raises(UserError, match="nothing that is to be divided says who drew it"):
        pack(tmp_path, raw, out="b", split=SHARES)


@pytest.mark.parametrize(
    ("writer", "expected"),
    [(r"_(\d+", r"writer=_\(\\d\+: no regular expression \(missing \)"), ("abc", "the part in .* there is none")],
)
def test_what_finds_nobody_is_refused(tmp_path: Path, writer: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(3)), writer=writer)


@pytest.mark.parametrize("writer", [["a"], True, "x" * 201, "a\x07"])
def test_a_writer_that_is_no_name_is_rejected(tmp_path: Path, writer: object) -> None:
    _, books = pack(tmp_path, write(tmp_path / "a.ndjson", [by(writer, 1), *random_lines(3)]))
    assert books.rejected.total() == 1
    assert next(iter(books.rejected)).startswith("writer ")


def test_writers_that_are_none_are_refused_when_it_is_opened(tmp_path: Path) -> None:
    data, _ = pack_images(tmp_path, folder_of(tmp_path / "raw", 2), writer=r"_(\d+)")
    writer = np.load(data.path / "writer.npy")
    writer[0] = 2
    np.save(data.path / "writer.npy", writer)
    with pytest.raises(UserError, match=r"writer\.npy is damaged \(drawing 0 is by writer 2 of 2\)"):
        open_packed(data.path)


@needs_shared
@pytest.mark.slow
def test_the_drawers_of_omniglot_are_in_the_same_splits_as_strokes_and_as_images(tmp_path: Path) -> None:
    packed: dict[str, Packed] = {}
    for kind, ending in (("images", "png"), ("strokes", "txt")):
        raw = [str(SHARED / "omniglot" / f"{kind}_background_small{n}.zip") for n in (1, 2)]
        settings: dict[str, Any] = {"writer": rf"_(\d+)\.{ending}$", "split": SHARES, "size": 32}
        books = convert(ConvertConfig(raw=raw, out=str(tmp_path / kind), **settings))
        packed[kind] = open_packed(tmp_path / kind)
        assert books.left_out == {"duplicate": 1000}  # the two zips overlap
    strokes, images = packed["strokes"], packed["images"]
    assert isinstance(strokes, PackedStrokes)
    assert len(strokes) == len(images) == 4840
    assert strokes.classes == images.classes
    assert (len(images.classes), images.classes[0]) == (242, "Balinese character01")
    assert writers_of(strokes) == writers_of(images)
    assert [len(names) for names in writers_of(images).values()] == [14, 2, 4]
