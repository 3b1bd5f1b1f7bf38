"""SVG, InkML and JSON strokes: their classes by folder, and what is no drawing among them."""

import gzip
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from inkseq.config import Simplify
from inkseq.data.packed import PackedStrokes
from inkseq.drawings.canonical import canonical
from inkseq.errors import UserError
from tests.convert.test_convert import pack, write
from tests.predict.conftest import entries_of
from tests.samples import line


def svg(number: int) -> bytes:
    return f'<svg><polyline points="0,0 90,40 20,{number}"/></svg>'.encode()


def inkml(number: int, word: str = "") -> bytes:
    note = f'<annotation type="truth">{word}</annotation>' if word else ""
    return f"<ink>{note}<trace>0 0, 90 40, 20 {number}</trace></ink>".encode()


def strokes(number: int) -> list[list[list[int]]]:
    return [[[0, 90, 20], [0, 40, number]]]


def counts(data: PackedStrokes) -> dict[str, dict[str, int]]:
    """How many drawings of each class are in each split."""
    found = {}
    for name, (start, end) in data.meta["splits"].items():
        words, numbers = np.unique(np.asarray(data.labels[start:end]), return_counts=True)
        found[name] = {data.classes[word]: int(number) for word, number in zip(words, numbers, strict=True)}
    return found


def test_folders_are_classes_and_splits(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(raw / "train" / "cat" / "1.svg", [svg(1)])
    write(raw / "train" / "ice cream" / "2.svg.gz", [gzip.compress(svg(2))])
    write(raw / "val" / "cat" / "3.inkml", [inkml(3)])
    write(raw / "cat" / "test" / "4.json", [json.dumps(strokes(4)).encode()])
    with zipfile.ZipFile(raw / "train" / "owl.zip", "w") as archive:
        archive.writestr("5.svg", svg(5))
        archive.writestr("bat/6.svg", svg(6))
        archive.writestr("bat/test/7.inkml", inkml(7))
        archive.writestr("said.inkml", inkml(8, "star"))
    data, books = pack(tmp_path, raw)
    assert not books.rejected
    assert counts(data) == {
        "train": {"bat": 1, "cat": 1, "ice cream": 1, "owl": 1, "star": 1},
        "val": {"cat": 1},
        "test": {"bat": 1, "cat": 1},
    }


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz", "a.zip"])
@pytest.mark.parametrize("form", ["lines", "list", "line by line within a list", "indented"])
def test_json_is_one_text_or_one_a_line(tmp_path: Path, name: str, form: str) -> None:
    objects = [
        {"drawing": strokes(1)},
        {"drawing": strokes(2), "word": "dog", "key_id": 7, "recognized": False},
        {"drawing": strokes(3), "word": "dog", "key_id": str(2**64 - 1)},
    ]
    lines = [json.dumps(one) for one in objects]
    texts = {
        "lines": "\n".join(lines),
        "list": json.dumps(objects),
        "line by line within a list": "[" + ",\n".join(lines) + "]",
        "indented": json.dumps(objects, indent=1),
    }
    text = texts[form].encode()
    path = write(tmp_path / "cat" / name, [gzip.compress(text) if name.endswith(".gz") else text])
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("cat/a.json", text)
    data, books = pack(tmp_path, path)
    assert data.classes == ["cat", "dog"]
    assert {7, 2**64 - 1} < set(data.key_id.tolist())
    assert books.lines == books.kept == 3
    assert pack(tmp_path, path, out="known", recognized_only=True)[1].left_out == {"unrecognized": 1}


def test_bare_strokes_and_lists_of_them(tmp_path: Path) -> None:
    write(tmp_path / "cat" / "one.json", [json.dumps(strokes(1)).encode()])
    write(tmp_path / "cat" / "two.json", [json.dumps([strokes(2), strokes(3)]).encode()])
    write(tmp_path / "cat" / "three.jsonl", [json.dumps(strokes(i)).encode() + b"\n" for i in (4, 5, 6)])
    data, _ = pack(tmp_path, tmp_path / "cat")
    assert (len(data), data.classes) == (6, ["cat"])


def test_the_same_drawing_is_packed_once_under_a_word(tmp_path: Path) -> None:
    for folder in ("cat", "dog"):
        for name in ("1.svg", "2.svg"):
            write(tmp_path / "raw" / folder / name, [svg(1)])
    data, books = pack(tmp_path, tmp_path / "raw")
    assert len(set(data.key_id.tolist())) == len(data) == 2
    assert books.left_out == {"duplicate": 2}


def test_what_is_no_drawing_costs_itself_alone(tmp_path: Path) -> None:
    raw = tmp_path / "cat"
    for i in range(3):
        write(raw / f"good{i}.svg", [svg(i)])
    write(raw / "bad1.svg", [])
    write(raw / "bad2.svg", [b"\x89PNG\r\n\x1a\n", bytes(range(256))])
    write(raw / "bad3.svg", [b"<html></html>"])
    write(raw / "bad4.inkml", [b"<ink><trace>1 T</trace></ink>"])
    write(raw / "bad5.svg.gz", [gzip.compress(svg(9))[:-12]])
    write(raw / "bad6.json", [b"hello"])
    objects = [{"drawing": strokes(i), "key_id": key} for i, key in enumerate(["mine-7", 2**64, -1, 1.5, "12"])]
    write(raw / "keys.json", [json.dumps(objects).encode()])
    write(raw / "text.jsonl", [b"\n", json.dumps(strokes(7)).encode(), b"\n", b'{"drawing":[]}\n'])
    data, books = pack(tmp_path, raw)
    found = [json.loads(text) for text in (data.path / "rejected.ndjson").read_text().splitlines()]
    no_key = r"key_id .*2\^64"
    expected = [
        ("bad1.svg", 1, "empty"),
        ("bad2.svg", 1, "malformed XML"),
        ("bad3.svg", 1, "XML, but .*"),
        ("bad4.inkml", 1, "a trace .*no number"),
        ("bad5.svg.gz", 1, ".* damaged .*"),
        ("bad6.json", 1, "malformed"),
        ("keys.json", 1, no_key),
        ("keys.json", 2, no_key),
        ("keys.json", 3, no_key),
        ("keys.json", 4, "key_id .*neither text.*"),
        ("text.jsonl", 1, "empty line"),
        ("text.jsonl", 3, "empty drawing"),
    ]
    for record, (file, number, reason) in zip(found, expected, strict=True):
        assert (Path(record["file"]).name, record["line"]) == (file, number)
        assert re.fullmatch(reason, record["reason"].partition(" (")[0])
    assert [Path(name).name for name in books.damaged] == ["bad5.svg.gz"]
    meta = data.meta
    assert meta["read"] == meta["kept"] + sum(meta["left_out"].values()) + sum(meta["rejected"].values()) == 17
    assert (meta["kept"], data.classes) == (5, ["cat"])


def test_what_was_read_before_damage_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = "".join(f"{json.dumps([rng.integers(0, 256, (2, 20)).tolist()])}\n" for _ in range(2000))
    data, books = pack(tmp_path, write(tmp_path / "cat" / "a.jsonl.gz", [gzip.compress(text.encode())[:-9000]]))
    assert 1000 < len(data) < 2000
    assert books.lines == len(data) + books.rejected.total()
    assert len(books.damaged) == 1
    named = entries_of(tmp_path / "cat")
    assert (len(named), sum(entry.drawing is not None for entry in named)) == (books.lines, len(data))


def test_simplify_is_respected(tmp_path: Path) -> None:
    small = [[[0, 9, 20, 3], [0, 4, 9, 8]]]
    path = write(tmp_path / "cat" / "a.json", [json.dumps(small).encode()])
    never, _ = pack(tmp_path, path, simplify=Simplify.never)
    assert never.drawing(0)[0].T.tolist() == small[0]
    auto, _ = pack(tmp_path, path, out="auto")
    np.testing.assert_array_equal(auto.drawing(0)[0], canonical(small)[0])
    straight = [[[0, 100, 255], [0, 100, 255]]]  # canonical, with a point that simplification leaves out
    write(path, [line(strokes=straight)])
    assert [
        len(pack(tmp_path, path, out=mode.name, overwrite=True, simplify=mode)[0].drawing(0)[0]) for mode in Simplify
    ] == [{"auto": 3, "always": 2, "never": 3}[mode.name] for mode in Simplify]
    halves = write(tmp_path / "cat" / "b.svg", [b'<svg><path d="M.5 0L9 9"/></svg>'])
    with pytest.raises(UserError, match="coordinates are not whole numbers"):
        pack(tmp_path, halves, out="halves", simplify=Simplify.never)
