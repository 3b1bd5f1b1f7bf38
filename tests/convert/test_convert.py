"""From files to a packed folder: what is kept, where it goes, and what is said of the rest."""

import gzip
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.config import ConvertConfig, Simplify
from inkseq.convert.books import Books
from inkseq.convert.conversion import BUCKET_BYTES, WORKER_BYTES, convert
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.drawings import blocks as lines_room
from inkseq.drawings.ndjson import parse_line
from inkseq.drawings.sources import TASK_BYTES
from inkseq.drawings.strokes import flatten
from inkseq.errors import UserError
from tests.samples import SHARED, line, needs_shared, random_lines


def pack(
    tmp_path: Path,
    *raw: Path,
    out: str = "packed",
    workers: int = 1,
    per_task: int = TASK_BYTES,
    per_bucket: int = BUCKET_BYTES,
    per_worker: int = WORKER_BYTES,
    **settings: Any,
) -> tuple[PackedStrokes, Books]:
    sources = [str(path) for path in raw]
    config = ConvertConfig(raw=sources, out=str(tmp_path / out), workers=workers, **settings)
    books = convert(config, per_task, per_bucket, per_worker)
    return open_strokes(tmp_path / out), books


def write(path: Path, lines: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def contents(data: PackedStrokes) -> dict[str, bytes]:
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
    monkeypatch.setattr(lines_room, "BLOCK_BYTES", 3_000)
    small = {"per_task": 10_000, "per_bucket": 20_000, "per_worker": 1}
    scattered, books = pack(tmp_path, b, out="scattered", workers=2, **small)
    assert books.left_out == {"duplicate": 3}
    assert contents(scattered) == contents(whole)
    other_seed, _ = pack(tmp_path, b, out="other", seed=1, **small)
    assert contents(other_seed) != contents(whole)
    assert sorted(other_seed.key_id) == sorted(whole.key_id)


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


@pytest.mark.slow
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
