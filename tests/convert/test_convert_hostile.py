"""Files that are damaged, hostile, or nothing: the books balance, and a line says what was wrong."""

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.config import ConvertConfig, Simplify
from inkseq.convert import read as reading
from inkseq.convert.conversion import convert
from inkseq.drawings import blocks as lines_room
from inkseq.drawings.ndjson import Record, parse_line
from inkseq.errors import UserError
from tests.convert.test_convert import CSV_HEADER, csv_row, pack, sketchrnn_file, write
from tests.drawings.test_ndjson import mutate
from tests.samples import line, random_lines


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    path = tmp_path / "cat.npz"
    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    np.savez(path, train=bomb)
    write(tmp_path / "good.ndjson", random_lines(3))
    _, books = pack(tmp_path, path, tmp_path / "good.ndjson")
    assert not (tmp_path / "exploded").exists()
    assert books.rejected.total() == 1
    assert "has no place in an array" in next(iter(books.rejected))


def test_rejected_lines_are_named_by_file_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_room, "BLOCK_BYTES", 1_500)
    lines = random_lines(100)
    bad = {1: b"\n", 30: lines[30][:50] + b"\n", 99: b'{"word":"x"}\n'}
    path = write(tmp_path / "a.ndjson", [bad.get(i, text) for i, text in enumerate(lines)])
    csv = CSV_HEADER + csv_row(lines[0]) + 'US,"[[[0,1\n' + csv_row(lines[1]) + "US,5\n"
    csv_path = write(tmp_path / "b.csv", [csv.encode()])
    data, books = pack(tmp_path, path, csv_path, per_task=4_000)
    found = [json.loads(text) for text in (data.path / "rejected.ndjson").read_text().splitlines()]
    assert [(Path(r["file"]).name, r["line"], r["reason"]) for r in found] == [
        ("a.ndjson", 2, "empty line"),
        ("a.ndjson", 31, "malformed"),
        ("a.ndjson", 100, "no drawing"),
        ("b.csv", 3, "malformed"),
        ("b.csv", 5, "malformed"),
    ]
    assert books.lines == 104
    assert books.left_out == {"duplicate": 1}  # line 2 of the CSV is the first of the ndjson; its other is line 2


def test_the_books_balance_on_hostile_input(tmp_path: Path) -> None:
    """read = kept + left out + rejected, of files that are mostly wrong."""
    rng = np.random.default_rng(11)
    originals = random_lines(300, seed=5)
    texts = [
        mutate(originals[rng.integers(300)], rng) if rng.random() < 0.7 else originals[i % 300] for i in range(9000)
    ]
    path = write(tmp_path / "a.ndjson", texts)
    damaged = write(tmp_path / "b.ndjson.gz", [gzip.compress(b"".join(originals))[:-3000]])
    garbage = write(tmp_path / "c.csv", [CSV_HEADER.encode(), rng.bytes(50_000)])
    empty = write(tmp_path / "d.ndjson", [])
    data, books = pack(tmp_path, path, damaged, garbage, empty, recognized_only=True, min_points=5, per_task=100_000)
    meta = data.meta
    assert meta["read"] == meta["kept"] + sum(meta["left_out"].values()) + sum(meta["rejected"].values())
    assert meta["kept"] == len(data) == books.kept
    assert meta["read"] == sum(source["lines"] for source in meta["sources"])
    rejected = (data.path / "rejected.ndjson").read_text().splitlines()
    assert len(rejected) == sum(meta["rejected"].values()) > 3000
    assert any("damaged" in reason for reason in meta["rejected"])


def test_a_file_that_ends_in_the_middle_of_its_compression_keeps_what_came_before(tmp_path: Path) -> None:
    text = b"".join(random_lines(3000))
    path = write(tmp_path / "a.ndjson.gz", [gzip.compress(text)[:-30_000]])
    data, books = pack(tmp_path, path)
    assert 1000 < len(data) < 3000
    assert books.rejected.total() <= 2  # the damage, and perhaps the line it cut


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda p: p / "nothing", "does not exist"),
        (lambda p: (p / "empty").mkdir() or p / "empty", "nothing to convert"),
        (lambda p: write(p / "a.txt", [b"x"]), "not one of"),
        (lambda p: write(p / "a.zip", [b"x"]), "not a zip file"),
        (lambda p: write(p / "a.ndjson", []), "no drawing is left"),
        (lambda p: write(p / "a.ndjson", [b"{}\n"]), "no drawing is left"),
        (lambda p: write(p / "a.csv", [b"key_id,word\n1,cat\n"]), "no drawing is left"),
    ],
)
def test_nothing_to_convert_is_said(tmp_path: Path, make: Any, expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        pack(tmp_path, make(tmp_path))
    assert not (tmp_path / "packed").exists()
    assert not list(tmp_path.glob(".*"))


def test_rejected_lines_are_kept_even_where_nothing_else_is(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        pack(tmp_path, write(tmp_path / "a.ndjson", [b"{}\n"]))
    assert json.loads((tmp_path / "packed.rejected.ndjson").read_text())["reason"] == "no word"


def test_a_damaged_file_fails_the_command_however_few_its_lines(tmp_path: Path) -> None:
    write(tmp_path / "good.ndjson", random_lines(3000))
    text = b"".join(random_lines(3000, seed=1))
    write(tmp_path / "bad.ndjson.gz", [gzip.compress(text)[:-30_000]])
    words = ["inkseq.convert", "raw=.", "out=packed"]
    ended = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "inkseq: only what comes before the damage was read of bad.ndjson.gz\n"
    assert "packed" in ended.stdout


def corrupt(path: Path, at: float) -> Path:
    """Some bytes changed."""
    data = bytearray(path.read_bytes())
    middle = int(len(data) * at)
    data[middle : middle + 20] = b"\xff" * 20
    return write(path, [bytes(data)])


def zipped(path: Path, method: int) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("x.ndjson", b"".join(random_lines(500)))
    return path


def with_byte(path: Path, header: bytes, offset: int, value: int) -> Path:
    """One byte changed in every zip header of a kind."""
    data = bytearray(path.read_bytes())
    data[data.index(header) + offset] = value
    return write(path, [bytes(data)])


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def torn_npz(path: Path) -> Path:
    """An .npy header that breaks off within a bracket."""
    header = b"{'descr': ('|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    return path


CENTRAL = b"PK\x01\x02"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: corrupt(zipped(p / "b.zip", zipfile.ZIP_DEFLATED), 0.5), "damaged"),
        (lambda p: corrupt(zipped(p / "b.zip", zipfile.ZIP_BZIP2), 0.5), "damaged"),
        (lambda p: corrupt(zipped(p / "b.zip", zipfile.ZIP_LZMA), 0.5), "damaged"),
        (lambda p: with_byte(zipped(p / "b.zip", zipfile.ZIP_STORED), CENTRAL, 10, 99), "compression method"),
        (lambda p: with_byte(zipped(p / "b.zip", zipfile.ZIP_STORED), CENTRAL, 8, 1), "encrypted"),
        (lambda p: corrupt(write(p / "b.ndjson.GZ", [gzip.compress(b"".join(random_lines(500)))]), 0.5), "damaged"),
        (lambda p: write(p / "b.npz", [b"nonsense"]), "damaged"),
        (lambda p: corrupt(npz(p / "b.npz", train=np.zeros((5, 4, 3), np.int16)), 0.01), "damaged"),
        (lambda p: torn_npz(p / "b.npz"), "damaged"),
        (lambda p: npz(p / "b.npz", drawings=np.zeros((5, 4, 3), np.int16)), "no arrays called train"),
        (lambda p: npz(p / "b.npz", train=np.array(7)), "no arrays called train"),
        (lambda p: npz(p / "b.npz", train=np.full((1, 4, 3), np.inf)), "not finite"),
        (lambda p: npz(p / "b.npz", train=np.array([["x"]], object)), "rows of"),
        (lambda p: write(p / "b.csv", [b"word,picture\n", b"cat,1\n"]), "no column 'drawing'"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_rejected_line_and_others_go_on(
    tmp_path: Path, make: Any, reason: str
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    good = random_lines(30, seed=9)
    write(raw / "a.ndjson", good[:15])
    make(raw)
    write(raw / "c.ndjson", good[15:])
    data, books = pack(tmp_path, raw)
    assert {9 * 10**15 + 10**15 + i for i in range(30)} <= {int(key) for key in data.key_id}
    assert reason in str(books.rejected)


def test_an_empty_table_says_nothing(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "header.csv", [CSV_HEADER.encode()])
    write(tmp_path / "raw" / "sample_submission.csv", [b"key_id,word\n", b"1,cat\n"])
    _, books = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(3)), tmp_path / "raw")
    assert books.lines == 3


def test_cells_may_be_as_long_as_lines(tmp_path: Path) -> None:
    text = line(strokes=[[[i % 256 for i in range(40_000)], [i // 7 % 256 for i in range(40_000)]]])
    data, _ = pack(tmp_path, write(tmp_path / "a.csv", [CSV_HEADER.encode(), csv_row(text).encode()]))
    assert data.meta["num_points"] == 40_000


def test_two_files_of_a_class_lose_nothing(tmp_path: Path) -> None:
    def drawing(i: int) -> list[tuple[int, int, int]]:
        return [(0, 0, 0), (255, 0, 0), (-i, 255, 1)]

    one = sketchrnn_file(tmp_path / "cat.npz", 2, train=[drawing(i) for i in range(5)])
    other = sketchrnn_file(tmp_path / "sketchrnn_cat.full.npz", 2, train=[drawing(i) for i in range(4, 9)])
    data, books = pack(tmp_path, one, other)
    assert len(data) == 10
    assert not books.left_out


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    lines = random_lines(20)
    write(tmp_path / "raw" / "a.ndjson", lines[:10])
    write(tmp_path / "elsewhere" / "b.ndjson", lines[10:])
    (tmp_path / "raw" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "raw")
    (tmp_path / "raw" / "self").symlink_to(tmp_path / "raw")
    assert pack(tmp_path, tmp_path / "raw")[1].lines == 20


def test_a_link_to_nothing_is_one_rejected_line(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.ndjson", random_lines(10))
    for name in ("b.ndjson", "c.npz", "d.svg", "folder"):
        (tmp_path / "raw" / name).symlink_to(tmp_path / "gone")
    data, books = pack(tmp_path, tmp_path / "raw")
    assert books.rejected == {"a link to what is not there": 4}
    assert not books.damaged
    found = [json.loads(text)["file"] for text in (data.path / "rejected.ndjson").read_text().splitlines()]
    assert [Path(file).name for file in found] == ["b.ndjson", "c.npz", "d.svg", "folder"]


def test_a_name_in_no_alphabet_is_shown_with_question_marks(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number in range(2):
        write(raw / os.fsdecode(b"a\xff%d\n.ndjson" % (0xFE + number)), [*random_lines(10, seed=number), b"{}\n"])
    write(raw / os.fsdecode(b"a\xfe255\n.ndjson"), random_lines(1, seed=2))
    data, books = pack(tmp_path, raw)
    assert (books.kept, books.rejected) == (21, {"no word": 2})
    meta = json.loads((data.path / "meta.json").read_text("utf-8"))
    assert [(Path(row["file"]).name, row["lines"]) for row in meta["sources"]] == [
        ("a?255?.ndjson", 1),
        ("a?254?.ndjson", 11),
        ("a?255?.ndjson", 11),
    ]
    rejected = (data.path / "rejected.ndjson").read_text("utf-8").splitlines()
    assert [Path(json.loads(text)["file"]).name for text in rejected] == ["a?254?.ndjson", "a?255?.ndjson"]


@pytest.mark.parametrize("name", [b"c\xffat", b"c\nat", b"c\x1b[2Jat", b" "])
def test_a_word_from_a_name_follows_the_rules_of_ndjson(tmp_path: Path, name: bytes) -> None:
    drawings = np.array([[(0, 0, 0), (255, 9, 1)]], np.int16)
    write(tmp_path / "raw" / "a.ndjson", random_lines(10))
    npz(tmp_path / "raw" / f"{os.fsdecode(name)}.npz", train=drawings)
    write(tmp_path / "raw" / os.fsdecode(name) / "1.json", [b"[[[0,255],[0,9]]]"])
    data, books = pack(tmp_path, tmp_path / "raw")
    assert data.classes == ["cat", "dog", "snail"]
    reason = "empty word" if name == b" " else "word has unprintable characters"
    assert (books.kept, books.rejected) == (10, {reason: 2})


def test_a_reason_may_quote_what_is_in_no_alphabet(tmp_path: Path) -> None:
    path = tmp_path / "cat.npz"
    np.savez(path, train=np.array([None], object))
    with zipfile.ZipFile(path) as archive:
        header = archive.read("train.npy")[:128]
    strange = b"\x80\x04\x8c\x03\xed\xb3\xbf\x8c\x01x\x93."  # a pickle that asks for a module of half a surrogate
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.npy", header + strange)
    _, books = pack(tmp_path, path, write(tmp_path / "a.ndjson", random_lines(3)))
    assert ["?.x has no place" in reason for reason in books.rejected] == [True]


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "raw" / "a.ndjson", random_lines(3))
    write(tmp_path / "raw" / "locked" / "b.ndjson", random_lines(3))
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        pack(tmp_path, tmp_path / "raw")


def test_a_dataset_among_the_raw_files_is_no_input(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(raw / "a.ndjson", [*random_lines(30), b"{}\n"])
    convert(ConvertConfig(raw=[str(raw)], out=str(raw / "packed"), workers=1))
    assert (raw / "packed" / "rejected.ndjson").exists()
    assert pack(tmp_path, raw)[1].lines == 31


def test_no_drawing_left_says_where_the_rejected_lines_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"packed\.rejected\.ndjson names file, line and reason"):
        pack(tmp_path, write(tmp_path / "a.ndjson", [b"{}\n"]))


def test_recognized_may_be_unknown(tmp_path: Path) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", [line(recognized=None)]))
    assert data.recognized.tolist() == [True]
    rows = [CSV_HEADER.encode(), csv_row(line()).replace("True", "perhaps").encode()]
    with pytest.raises(UserError, match=r"\brecognized is not"):
        pack(tmp_path, write(tmp_path / "b.csv", rows), out="b")


def test_a_fault_of_a_reader_is_a_rejected_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(line: bytes, mode: Simplify) -> Record:
        return [][len(line)] if b"snail" in line else parse_line(line, mode)

    monkeypatch.setattr(reading, "parse_line", faulty)
    lines = [text.replace(b",", b", ", 1) for text in random_lines(30)]  # no longer those of the bulk path
    data, books = pack(tmp_path, write(tmp_path / "a.ndjson", lines))
    assert (len(data), data.classes) == (20, ["cat", "dog"])
    assert books.rejected == {"cannot be read (IndexError)": 10}


def test_a_row_cannot_say_more_than_its_cells(tmp_path: Path) -> None:
    rows = ['US,"[[[0],[0]]],""word"":""spam""",1,True,,cat\n', '{"word":"spam","drawing":[[[0],[0]]]}\n']
    good = csv_row(line())
    data, books = pack(tmp_path, write(tmp_path / "a.csv", [CSV_HEADER.encode(), *map(str.encode, [*rows, good])]))
    assert data.classes == ["cat"]
    assert books.rejected == {"drawing is not a list of strokes": 1, "malformed": 1}


def test_lines_that_are_nothing_are_counted_but_not_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_WRONG", 100)
    monkeypatch.setattr(lines_room, "BLOCK_BYTES", 150)
    path = write(tmp_path / "a.ndjson", [line(), b"\n" * 1000, line(key_id=2)])
    other = write(tmp_path / "b.ndjson", [b"\n" * 90, line(key_id=3), b"\n" * 90])
    data, books = pack(tmp_path, path, other)
    assert sorted(data.key_id.tolist()) == [1, 3]
    assert books.lines == 1002 + 181
    found = [json.loads(text) for text in (data.path / "rejected.ndjson").read_text().splitlines()]
    [(number, reason)] = [(r["line"], r["reason"]) for r in found if r["reason"].startswith("not read")]
    assert books.rejected[reason] == 1002 - (number - 1) < 1000
    assert [r["line"] for r in found if r["file"].endswith("b.ndjson")] == [*range(1, 91), *range(92, 182)]
