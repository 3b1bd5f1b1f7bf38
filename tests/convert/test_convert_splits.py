"""Which split a drawing goes to: its source's own, else one by its rank, and what cannot be asked for."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.config import ConvertConfig, SplitConfig, SplitOrder, SplitUnit
from inkseq.convert.__main__ import run
from inkseq.convert.splits import rank_bounds
from inkseq.data.packed import PackedStrokes
from inkseq.errors import UserError
from tests.convert.test_convert import CSV_HEADER, csv_row, pack, write
from tests.samples import random_lines


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


def test_the_tutorial_takes_the_first_of_every_class(tmp_path: Path) -> None:
    lines = random_lines(200, words=["cat", "dog"])
    split = SplitConfig(SplitUnit.count, SplitOrder.file, train=30, val=10, test=0)
    data, _ = pack(tmp_path, write(tmp_path / "raw.ndjson", lines), split=split, per_task=5_000)
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


@pytest.mark.parametrize(
    ("folder", "split", "expected"),
    [
        ("train", SplitConfig(), "; val_from_train=0.1 makes one"),
        ("mine", SplitConfig(val=0), "; split.val= (of a train/ folder val_from_train=0.1) makes one"),
        ("mine", SplitConfig(), None),
    ],
)
def test_it_says_how_to_get_a_val_split(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, split: SplitConfig, expected: str | None
) -> None:
    write(tmp_path / folder / "x.ndjson", random_lines(90))
    assert run(ConvertConfig(raw=[str(tmp_path / folder)], out=str(tmp_path / "packed"), split=split, workers=1)) == 0
    said = capsys.readouterr().out
    assert ("there is no val split" in said) == (expected is not None)
    assert (expected or "") in said


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


def test_every_split_of_a_small_class_gets_a_drawing_where_there_are_enough() -> None:
    def sizes(split: SplitConfig, *totals: int) -> list[list[int]]:
        return [np.diff(bounds).tolist() for bounds in rank_bounds(split, np.array(totals))]

    eighty = SplitConfig()
    assert sizes(eighty, 0, 1, 2, 3, 4, 5) == [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 1], [2, 1, 1], [3, 1, 1]]
    assert sizes(eighty, 10, 20, 300) == [[8, 1, 1], [16, 2, 2], [240, 30, 30]]
    assert sizes(SplitConfig(train=1 / 3, val=1 / 3, test=1 / 3), 1, 2) == [[1, 0, 0], [1, 1, 0]]
    assert sizes(SplitConfig(train=0.9, val=0.0, test=0.1), 2, 3) == [[1, 0, 1], [2, 0, 1]]
    assert sizes(SplitConfig(train=0.1, val=0.0, test=0.0), 1, 3, 30) == [[1, 0, 0], [1, 0, 0], [3, 0, 0]]
    many = SplitConfig(SplitUnit.count, train=1000, val=100, test=100)
    assert sizes(many, 4, 12, 5000) == [[2, 1, 1], [10, 1, 1], [1000, 100, 100]]


def splits_of(data: PackedStrokes) -> dict[str, int]:
    return {name: end - start for name, (start, end) in data.meta["splits"].items() if end > start}


def test_a_folder_keeps_its_split_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = random_lines(90)
    raw = tmp_path / "raw"
    for name, part in (("train", lines[:60]), ("Val", lines[60:75]), ("test", lines[75:])):
        write(raw / name / "x.ndjson", part)
    for number, (some, expected) in enumerate(
        [
            ([raw], {"train": 60, "val": 15, "test": 15}),
            ([raw / "train", raw / "test"], {"train": 60, "test": 15}),
            ([raw / "train" / "x.ndjson"], {"train": 60}),
            ([raw, raw / "train"], {"train": 60, "val": 15, "test": 15}),
            ([raw / "test", raw], {"train": 60, "val": 15, "test": 15}),
        ]
    ):
        data, _ = pack(tmp_path, *some, out=str(number))
        assert splits_of(data) == expected
    monkeypatch.chdir(raw / "test")
    assert splits_of(pack(tmp_path, Path(), out="here")[0]) == {"test": 15}


def test_what_came_divided_can_be_divided_like_everything_else(tmp_path: Path) -> None:
    lines = random_lines(100, words=["cat"])
    for name, part in (("train", lines[:60]), ("test", lines[60:])):
        write(tmp_path / "raw" / name / "x.ndjson", part)
    write(tmp_path / "flat" / "x.ndjson", lines)
    data, _ = pack(tmp_path, tmp_path / "raw", split=SplitConfig(own=False))
    assert splits_of(data) == {"train": 80, "val": 10, "test": 10}
    flat, _ = pack(tmp_path, tmp_path / "flat", out="flat_packed")
    assert (data.key_id[:] == flat.key_id[:]).all()


def test_a_file_that_has_a_split_under_one_name_has_it_under_all(tmp_path: Path) -> None:
    file = write(tmp_path / "real" / "x.ndjson", random_lines(30))
    (tmp_path / "train").symlink_to(file.parent)
    assert splits_of(pack(tmp_path, tmp_path / "train", tmp_path / "real")[0]) == {"train": 30}


def test_folders_in_a_zip_keep_their_splits(tmp_path: Path) -> None:
    lines = random_lines(90)
    with zipfile.ZipFile(tmp_path / "a.ZIP", "w") as archive:
        for name, part in (("train", lines[:60]), ("test", lines[60:])):
            archive.writestr(f"quick/{name}/x.ndjson", b"".join(part))
            archive.writestr(f"__MACOSX/quick/{name}/._x.ndjson", b"resource fork")
            archive.writestr(f"quick/{name}/._x.ndjson", b"resource fork")
    data, books = pack(tmp_path, tmp_path / "a.ZIP")
    assert splits_of(data) == {"train": 60, "test": 30}
    assert books.lines == 90


def test_the_order_of_files_counts_only_drawings_without_a_split(tmp_path: Path) -> None:
    lines = random_lines(50, words=["cat"])
    write(tmp_path / "raw" / "test" / "x.ndjson", lines[:30])
    write(tmp_path / "raw" / "x.ndjson", lines[30:])
    split = SplitConfig(SplitUnit.count, SplitOrder.file, train=15, val=5, test=0)
    data, books = pack(tmp_path, tmp_path / "raw", split=split)
    assert splits_of(data) == {"train": 15, "val": 5, "test": 30}
    assert set(data.key_id[data.split("train")].tolist()) == set(range(10**15 + 30, 10**15 + 45))
    assert not books.left_out


def test_a_class_may_be_called_like_the_split_without_words(tmp_path: Path) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(20, words=["unlabelled"])))
    assert data.classes == ["unlabelled"]
    assert splits_of(data) == {"train": 16, "val": 2, "test": 2}


@pytest.mark.parametrize(
    "settings",
    [
        {"max_rejected": float("nan")},
        {"max_rejected": -0.1},
        {"val_from_train": 1.5},
        {"min_points": 0},
        {"workers": 0},
        {"split": SplitConfig(train=float("nan"))},
        {"split": SplitConfig(train=float("inf"))},
        {"split": SplitConfig(SplitUnit.count, train=1.5)},
        {"split": SplitConfig(train=0.0, val=0.0, test=0.0)},
        {"split": SplitConfig(train=0.9, val=0.2)},
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(settings))):
        pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(3)), **settings)
