"""From files to a packed folder: what is kept, where it goes, what is said of the rest, and what survives a kill."""

import gzip
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.config import ConvertConfig, Simplify, SplitConfig, SplitOrder, SplitUnit
from inkseq.data import conversion, sources
from inkseq.data import lines as lines_room
from inkseq.data.books import Books
from inkseq.data.conversion import convert
from inkseq.data.ndjson import parse_line
from inkseq.data.packed import Packed, open_packed
from inkseq.errors import UserError
from inkseq.strokes import flatten
from tests.data.test_ndjson import mutate
from tests.drawings import SHARED, line, needs_shared, random_lines


def pack(tmp_path: Path, *raw: Path, out: str = "packed", workers: int = 1, **settings: Any) -> tuple[Packed, Books]:
    sources = [str(path) for path in raw]
    books = convert(ConvertConfig(raw=sources, out=str(tmp_path / out), workers=workers, **settings))
    return open_packed(tmp_path / out), books


def write(path: Path, lines: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def contents(data: Packed) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in data.path.glob("*.npy")}


def test_every_drawing_arrives_as_it_was(tmp_path: Path) -> None:
    lines = random_lines(500)
    data, books = pack(tmp_path, write(tmp_path / "raw.ndjson", lines))
    assert data.classes == ["cat", "dog", "snail"]
    assert books.kept == len(data) == 500
    where = {int(key): i for i, key in enumerate(data.key_id)}
    for text in lines:
        record = parse_line(text, Simplify.auto)
        i = where[record.key_id]
        points, pen = data.drawing(i)
        assert (points == record.points).all()
        assert (pen == record.pen).all()
        assert data.classes[data.labels[i]] == record.word
        assert data.countrycode[i] == record.countrycode.encode()
        assert data.recognized[i] == record.recognized


def test_the_order_depends_on_seed_and_keys_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on files, their order, the size of tasks, the number of buckets or of workers."""
    lines = random_lines(600)
    doubles = [line("dog", 77, [[[0, 255], [0, i]]]) for i in range(3)] + [line("cat", 77)]
    whole, _ = pack(tmp_path, write(tmp_path / "a" / "all.ndjson", lines + doubles), out="whole")
    order = np.random.default_rng(0).permutation(len(lines))
    b = tmp_path / "b"
    write(b / "1.ndjson", doubles[2:] + [lines[i] for i in order[:100]])
    write(b / "2.ndjson", [lines[i] for i in order[100:]] + doubles[:2][::-1])
    monkeypatch.setattr(sources, "TASK_BYTES", 10_000)
    monkeypatch.setattr(lines_room, "BLOCK_BYTES", 3_000)
    monkeypatch.setattr(conversion, "BUCKET_BYTES", 20_000)
    monkeypatch.setattr(conversion, "WORKER_BYTES", 1)
    scattered, books = pack(tmp_path, b, out="scattered", workers=2)
    assert books.left_out == {"duplicate": 3}
    assert contents(scattered) == contents(whole)
    other_seed, _ = pack(tmp_path, b, out="other", seed=1)
    assert contents(other_seed) != contents(whole)
    assert sorted(other_seed.key_id) == sorted(whole.key_id)


def test_fractions_divide_every_class(tmp_path: Path) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "raw.ndjson", random_lines(300)))
    assert data.meta["splits"] == {"train": [0, 240], "val": [240, 270], "test": [270, 300]}
    for name, count in (("train", 80), ("val", 10), ("test", 10)):
        some = data.split(name)
        assert np.bincount(data.labels[some.start : some.stop]).tolist() == [count] * 3
    assert len({int(k) for k in data.key_id}) == 300


def test_counts_take_what_they_ask_for_and_scale_for_small_classes(tmp_path: Path) -> None:
    lines = random_lines(100, words=["cat"]) + random_lines(12, seed=1, words=["dog"])
    split = SplitConfig(SplitUnit.count, SplitOrder.hash, train=20, val=2, test=2)
    data, books = pack(tmp_path, write(tmp_path / "raw.ndjson", lines), split=split)
    of = {name: np.bincount(data.labels[data.split(name)[0] : data.split(name)[-1] + 1]) for name in ("train", "val")}
    assert of["train"].tolist() == [20, 10]
    assert of["val"].tolist() == [2, 1]
    assert books.left_out == {"surplus": 76}


def test_the_tutorial_takes_the_first_of_every_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "TASK_BYTES", 5_000)
    lines = random_lines(200, words=["cat", "dog"])
    split = SplitConfig(SplitUnit.count, SplitOrder.file, train=30, val=10, test=0)
    data, _ = pack(tmp_path, write(tmp_path / "raw.ndjson", lines), split=split)
    first = 10**15
    assert sorted(data.key_id[data.split("train")]) == list(range(first, first + 60))
    assert sorted(data.key_id[data.split("val")]) == list(range(first + 60, first + 80))


def test_folders_keep_their_splits(tmp_path: Path) -> None:
    lines = random_lines(90)
    for name, part in (("train", lines[:60]), ("valid", lines[60:75]), ("test", lines[75:])):
        write(tmp_path / "raw" / name / "x.ndjson", part)
    data, _ = pack(tmp_path, tmp_path / "raw")
    assert data.meta["splits"] == {"train": [0, 60], "val": [60, 75], "test": [75, 90]}
    assert set(data.key_id[75:].tolist()) == set(range(10**15 + 75, 10**15 + 90))


def test_val_can_be_taken_from_train(tmp_path: Path) -> None:
    lines = random_lines(90)
    write(tmp_path / "raw" / "train" / "x.ndjson", lines[:60])
    write(tmp_path / "raw" / "test" / "x.ndjson", lines[60:])
    data, _ = pack(tmp_path, tmp_path / "raw", out="a")
    assert data.meta["splits"] == {"train": [0, 60], "val": [60, 60], "test": [60, 90]}
    data, _ = pack(tmp_path, tmp_path / "raw", out="b", val_from_train=0.1)
    assert data.meta["splits"] == {"train": [0, 54], "val": [54, 60], "test": [60, 90]}
    assert np.bincount(data.labels[54:60]).tolist() == [2, 2, 2]


def test_the_filters_and_their_books(tmp_path: Path) -> None:
    lines = [
        line("cat", 1, [[[0, 255], [0, 9]]]),
        line("cat", 2, [[[0], [0]]]),
        line("cat", 3, [[[0, 255] * 10, [0, 9] * 10]]),
        line("cat", 4, recognized=False),
        line("dog", 5),
        line("cat", 1),
    ]
    settings: dict[str, Any] = {"classes": ["cat"], "recognized_only": True, "min_points": 2, "max_points": 19}
    data, books = pack(tmp_path, write(tmp_path / "raw.ndjson", lines), **settings)
    assert data.key_id.tolist() == [1]
    for reason in ("other_class", "unrecognized", "too_few_points", "too_many_points", "duplicate"):
        assert books.left_out[reason] == 1
    assert data.meta["per_class"]["dog"] == {"read": 1, "kept": 0, "left_out": {"other_class": 1}}
    assert data.meta["left_out"]["duplicate"] == 1
    with pytest.raises(UserError, match="did you mean 'cat'"):
        pack(tmp_path, tmp_path / "raw.ndjson", out="b", classes=["catt"])


CSV_HEADER = "countrycode,drawing,key_id,recognized,timestamp,word\n"


def csv_row(text: bytes) -> str:
    f = json.loads(text)
    drawing = json.dumps(f["drawing"])
    return f'{f["countrycode"]},"{drawing}",{f["key_id"]},{f["recognized"]},{f["timestamp"]},{f["word"]}\n'


def test_every_form_of_input_gives_the_same_arrays(tmp_path: Path) -> None:
    lines = random_lines(60)
    text = b"".join(lines)
    csv = (CSV_HEADER + "".join(map(csv_row, lines))).encode()
    write(tmp_path / "a.ndjson", [text])
    write(tmp_path / "crlf.ndjson", [b"\xef\xbb\xbf", text.replace(b"\n", b"\r\n").rstrip()])
    write(tmp_path / "a.ndjson.gz", [gzip.compress(text)])
    write(tmp_path / "a.csv", [csv])
    write(tmp_path / "a.csv.gz", [gzip.compress(csv)])
    with zipfile.ZipFile(tmp_path / "kaggle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train_simplified/cat.csv", csv)
        archive.writestr("sample_submission.csv", "key_id,word\n1,cat\n")
    expected = contents(pack(tmp_path, tmp_path / "a.ndjson", out="expected")[0])
    for name in ("crlf.ndjson", "a.ndjson.gz", "a.csv", "a.csv.gz", "kaggle.zip"):
        data, books = pack(tmp_path, tmp_path / name, out=f"packed-{name}")
        assert contents(data) == expected, name
        assert books.lines == 60


def test_drawings_without_a_word_are_a_split_of_their_own(tmp_path: Path) -> None:
    rows = [csv_row(text).split(",", 1)[1] for text in random_lines(5, seed=1)]
    test = "drawing,key_id\n" + "".join(f"{row[: row.index(']]]') + 4]},{i}\n" for i, row in enumerate(rows))
    data, _ = pack(
        tmp_path,
        write(tmp_path / "train.csv", [CSV_HEADER.encode(), *[csv_row(t).encode() for t in random_lines(20)]]),
        write(tmp_path / "test_simplified.csv", [test.encode()]),
    )
    assert data.classes == ["cat", "dog", "snail"]
    assert data.meta["splits"]["unlabelled"] == [20, 25]
    assert data.labels[20:].tolist() == [-1] * 5
    assert sorted(data.key_id[20:]) == [0, 1, 2, 3, 4]


def sketchrnn_file(path: Path, protocol: int, **splits: list[list[tuple[int, int, int]]]) -> Path:
    arrays = {}
    for name, drawings in splits.items():
        array = np.empty(len(drawings), object)
        array[:] = [np.array(rows, np.int16).reshape(-1, 3) for rows in drawings]
        arrays[name] = array
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": "|O", "fortran_order": False, "shape": array.shape}
                )
                pickle.dump(array, file, protocol=protocol)
    return path


@pytest.mark.parametrize("protocol", [2, 4])
def test_sketchrnn_files_keep_their_splits(tmp_path: Path, protocol: int) -> None:
    triangle = [(10, 20, 0), (200, 0, 0), (0, 255, 1), (-200, -255, 1)]
    path = sketchrnn_file(
        tmp_path / "sketchrnn_cat.full.npz", protocol, train=[triangle] * 3, valid=[triangle], test=[triangle, []]
    )
    data, books = pack(tmp_path, path)
    assert data.meta["splits"] == {"train": [0, 3], "val": [3, 4], "test": [4, 5]}
    assert data.classes == ["cat"]
    points, pen = data.drawing(0)
    assert points.tolist() == [[0, 0], [200, 0], [200, 255], [0, 0]]
    assert pen.tolist() == [0, 0, 1, 1]
    assert books.rejected == {"empty drawing": 1}


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
    monkeypatch.setattr(sources, "TASK_BYTES", 4_000)
    monkeypatch.setattr(lines_room, "BLOCK_BYTES", 1_500)
    lines = random_lines(100)
    bad = {1: b"\n", 30: lines[30][:50] + b"\n", 99: b'{"word":"x"}\n'}
    path = write(tmp_path / "a.ndjson", [bad.get(i, text) for i, text in enumerate(lines)])
    csv = CSV_HEADER + csv_row(lines[0]) + 'US,"[[[0,1\n' + csv_row(lines[1]) + "US,5\n"
    csv_path = write(tmp_path / "b.csv", [csv.encode()])
    data, books = pack(tmp_path, path, csv_path)
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


def test_the_books_balance_on_hostile_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """read = kept + left out + rejected, of files that are mostly wrong."""
    monkeypatch.setattr(sources, "TASK_BYTES", 100_000)
    rng = np.random.default_rng(11)
    originals = random_lines(300, seed=5)
    texts = [
        mutate(originals[rng.integers(300)], rng) if rng.random() < 0.7 else originals[i % 300] for i in range(9000)
    ]
    path = write(tmp_path / "a.ndjson", texts)
    damaged = write(tmp_path / "b.ndjson.gz", [gzip.compress(b"".join(originals))[:-3000]])
    garbage = write(tmp_path / "c.csv", [CSV_HEADER.encode(), rng.bytes(50_000)])
    empty = write(tmp_path / "d.ndjson", [])
    data, books = pack(tmp_path, path, damaged, garbage, empty, recognized_only=True, min_points=5)
    meta = data.meta
    assert meta["read"] == meta["kept"] + sum(meta["left_out"].values()) + sum(meta["rejected"].values())
    assert meta["kept"] == len(data) == books.kept
    assert meta["read"] == sum(source["lines"] for source in meta["sources"])
    rejected = (data.path / "rejected.ndjson").read_text().splitlines()
    assert len(rejected) == sum(meta["rejected"].values()) > 3000
    assert any("damaged from here on" in reason for reason in meta["rejected"])


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


def test_an_existing_folder_is_replaced_only_when_told(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.ndjson", random_lines(30))
    pack(tmp_path, raw)
    with pytest.raises(UserError, match="overwrite=true"):
        pack(tmp_path, raw)
    data, _ = pack(tmp_path, raw, overwrite=True, classes=["cat"])
    assert data.classes == ["cat"]
    other = tmp_path / "precious"
    write(other / "thesis.txt", [b"x"])
    with pytest.raises(UserError, match="will not delete"):
        pack(tmp_path, raw, out="precious", overwrite=True)
    assert (other / "thesis.txt").exists()
    assert not list(tmp_path.glob(".*"))


def damage_format(path: Path) -> None:
    meta = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps(meta | {"format": 99}))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (damage_format, "format 99"),
        (lambda p: (p / "meta.json").write_text("{"), "meta.json is damaged"),
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
    with pytest.raises(UserError, match=expected):
        open_packed(data.path)


def command(tmp_path: Path, *words: str, before: str = "exec") -> subprocess.Popen[str]:
    """`python -m inkseq.convert raw=a.ndjson out=packed ...` in `tmp_path`."""
    python = f"{before} {sys.executable} -m inkseq.convert raw=a.ndjson out=packed {' '.join(words)}"
    return subprocess.Popen(
        ["bash", "-c", python], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_the_command_says_what_it_did_and_fails_where_too_much_is_wrong(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", [*random_lines(97), b"{}\n", b"\n", b"x\n"])
    out, err = command(tmp_path).communicate()
    assert "100 lines read = 97 kept + 0 left out + 3 rejected" in out
    assert "more than max_rejected=0.01" in err
    process = command(tmp_path, "overwrite=true", "max_rejected=0.05")
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert len(open_packed(tmp_path / "packed")) == 97


@pytest.mark.parametrize(
    ("blow", "workers"), [(signal.SIGKILL, 1), (signal.SIGKILL, 2), (signal.SIGINT, 2), (signal.SIGTERM, 1)]
)
def test_stopped_anywhere_no_half_dataset_is_left_and_a_rerun_succeeds(
    tmp_path: Path, blow: signal.Signals, workers: int
) -> None:
    """Two blows: as soon as the folder to work in is there, and as soon as the packed arrays are."""
    lines = random_lines(300)
    write(tmp_path / "a.ndjson", [t.replace(b'"key_id":"1', b'"key_id":"%d' % n) for n in range(1, 300) for t in lines])
    partial = tmp_path / ".packed.partial"
    for moment in (partial / "packed", partial / "packed" / "labels.npy"):
        process = command(tmp_path, f"workers={workers}")
        while not moment.exists() and process.poll() is None:
            pass
        process.send_signal(blow)
        _, err = process.communicate()
        assert process.returncode == {signal.SIGKILL: -9}.get(blow, 130)
        assert not (tmp_path / "packed").exists()
        if blow != signal.SIGKILL:
            assert "inkseq: stopped" in err
            assert "Traceback" not in err
            assert not partial.exists()
    process = command(tmp_path, f"workers={workers}")
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert not partial.exists()
    assert open_packed(tmp_path / "packed").meta["read"] == 299 * 300


def test_a_full_disk_is_said_in_a_line(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", random_lines(3000))
    process = command(tmp_path, before="ulimit -f 64; exec")  # no file above 64 KiB
    _, err = process.communicate()
    assert process.returncode == 1
    assert err.startswith("inkseq: ")
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["a.ndjson"]


@needs_shared
@pytest.mark.parametrize(
    ("name", "count", "classes"),
    [
        ("quickdraw16", 6400, 16),
        ("quickdraw345", 6900, 345),
        ("quickdraw_raw/raw.ndjson", 400, 235),
        ("pendigits", 10_992, 10),
    ],
)
def test_the_real_drawings_convert(tmp_path: Path, name: str, count: int, classes: int) -> None:
    data, books = pack(tmp_path, SHARED / name)
    assert (len(data), len(data.classes)) == (count, classes)
    assert not books.rejected
    offsets = np.asarray(data.offsets)
    largest = np.maximum.reduceat(data.points.max(axis=1), offsets[:-1])
    assert largest.min() >= 200  # nothing was left as small as its device drew it


@needs_shared
def test_simplified_drawings_are_left_alone_and_raw_ones_become_the_same(tmp_path: Path) -> None:
    simplified, _ = pack(tmp_path, SHARED / "quickdraw_raw" / "simplified.ndjson", out="a")
    raw, _ = pack(tmp_path, SHARED / "quickdraw_raw" / "raw.ndjson", out="b")
    for text in (SHARED / "quickdraw_raw" / "simplified.ndjson").read_bytes().splitlines():
        fields = json.loads(text)
        i = int(np.flatnonzero(simplified.key_id == int(fields["key_id"]))[0])
        points, _ = simplified.drawing(i)
        assert points.tolist() == flatten(fields["drawing"])[0].tolist()
    same = [
        np.array_equal(simplified.drawing(i)[0], raw.drawing(i)[0]) and raw.key_id[i] == simplified.key_id[i]
        for i in range(len(raw))
    ]
    assert np.mean(same) >= 0.93
