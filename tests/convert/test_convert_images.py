"""From image files to a packed folder: class folders and zips, in which split what is, and what is rejected."""

import json
import resource
import signal
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkseq.config import ConvertConfig, Simplify, SplitBy, SplitConfig, SplitOrder, SplitUnit
from inkseq.convert.__main__ import run
from inkseq.data.packed import open_packed
from inkseq.errors import UserError
from inkseq.files import whole_folder
from tests.convert.pictures import counts_of, pack_images, png, put, put_folders, scribble, zipped
from tests.drawings.test_scans import of_size
from tests.processes import Command, wait_for
from tests.samples import random_lines


def test_every_image_arrives_as_it_was_under_the_name_of_its_folder(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 20, "dog": 10, "日本": 5})
    data, books = pack_images(tmp_path, raw)
    assert data.classes == ["cat", "dog", "日本"]
    assert (data.meta["kind"], data.meta["size"]) == ("images", 16)
    assert books.lines == books.kept == len(data) == 35
    found = {image.tobytes(): data.classes[label] for image, label in zip(data.images, data.labels, strict=True)}
    words = ["cat"] * 20 + ["dog"] * 10 + ["日本"] * 5
    assert found == {scribble(seed).tobytes(): word for seed, word in enumerate(words, 1)}
    assert counts_of(data) == {
        "train": {"cat": 16, "dog": 8, "日本": 3},
        "val": {"cat": 2, "dog": 1, "日本": 1},
        "test": {"cat": 2, "dog": 1, "日本": 1},
    }
    assert sum(source["lines"] for source in data.meta["sources"]) == 35
    assert "min_points" not in data.meta["options"]


def test_folder_zip_files_and_number_of_processes_change_nothing(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {f"c{n:02}": 30 for n in range(20)})
    first, _ = pack_images(tmp_path, raw, out="one")
    again, _ = pack_images(tmp_path, raw, out="two", workers=2, per_worker=1)
    by_zip, _ = pack_images(tmp_path, zipped(raw, tmp_path / "a.zip"), out="zip", workers=2, per_worker=1)
    for other in (again, by_zip):
        assert other.meta["digests"] == first.meta["digests"]
        assert other.meta["splits"] == first.meta["splits"]
    assert pack_images(tmp_path, raw, out="seed", seed=1)[0].meta["digests"] != first.meta["digests"]
    assert not list(tmp_path.glob(".*"))


def test_folders_keep_their_splits(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"train/cat": 10, "valid/cat": 3, "cat/test": 4, "train/dog": 2})
    data, _ = pack_images(tmp_path, raw)
    assert counts_of(data) == {"train": {"cat": 10, "dog": 2}, "val": {"cat": 3}, "test": {"cat": 4}}
    data, _ = pack_images(tmp_path, raw / "train", out="some", val_from_train=0.2)
    assert counts_of(data) == {"train": {"cat": 8, "dog": 2}, "val": {"cat": 2}, "test": {}}


def test_what_looks_the_same_is_there_once_and_in_one_split(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 40, "dog": 40})
    for number in range(40):
        put(raw / "again" / "cat" / f"{number}.png", (raw / "cat" / f"{number}.png").read_bytes())
        put(raw / "other" / "owl" / f"{number}.png", (raw / "dog" / f"{number}.png").read_bytes())
    put(raw / "test" / "cat" / "x.png", (raw / "dog" / "0.png").read_bytes())
    by_file = SplitConfig(SplitUnit.count, SplitOrder.file, train=12, val=12, test=24)
    by_writer = SplitConfig(train=0.5, val=0.25, test=0.25, by=SplitBy.writer)
    settings: list[dict[str, Any]] = [{"seed": 0}, {"seed": 1}, {"split": by_file}]
    settings.append({"split": by_writer, "writer": r"(\d\d?)\.png$"})
    for some in settings:
        data, books = pack_images(tmp_path, raw, overwrite=True, **some)
        assert books.left_out == {"duplicate": 40}
        where = [{image.tobytes() for image in data.images[data.split(name)]} for name in ("train", "val", "test")]
        assert not (where[0] & where[1]) | (where[0] & where[2]) | (where[1] & where[2])
        assert len(data) == 121
        assert books.notes[0].startswith("81 images stand under two words or more, as one does under '")


def test_counts_and_the_order_of_files_divide_too(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 20, "dog": 4})
    split = SplitConfig(SplitUnit.count, SplitOrder.file, train=6, val=2, test=0)
    data, books = pack_images(tmp_path, raw, split=split)
    assert counts_of(data) == {"train": {"cat": 6, "dog": 3}, "val": {"cat": 2, "dog": 1}, "test": {}}
    assert books.left_out == {"surplus": 12}
    names = sorted(f"{number}.png" for number in range(20))
    first = {scribble(int(name.removesuffix(".png")) + 1).tobytes() for name in names[:6]}
    cats = data.images[data.split("train")][data.labels[data.split("train")] == 0]
    assert {image.tobytes() for image in cats} == first


def test_a_class_of_one_goes_to_train_and_what_is_rare_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 20, "dog": 6, **{f"once{n}": 1 for n in range(8)}})
    config = ConvertConfig(raw=[str(raw)], out=str(tmp_path / "packed"), split=SplitConfig(train=0.2, val=0, test=0.8))
    (raw / "empty").mkdir()
    assert run(config) == 0
    said = capsys.readouterr().out
    assert "34 images read = 34 kept + 0 left out + 0 rejected" in said
    rest = "1 drawing: dog, once0, once1, once2, once3 and 4 more"
    assert f"\n10 of 10 classes have fewer than 10 drawings to train on; {rest}\n" in said
    assert f"\nno images in {raw / 'empty'}\n" in said


def test_some_classes_only(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 5, "dog": 3})
    data, books = pack_images(tmp_path, raw, classes=["dog"])
    assert (data.classes, len(data), books.left_out) == (["dog"], 3, {"other_class": 5})
    with pytest.raises(UserError, match=r"no drawing of 'dgo' .* did you mean 'dog'"):
        pack_images(tmp_path, raw, out="b", classes=["dgo"])


def test_folders_whose_names_look_alike_are_one_class(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "が") for form in ("NFC", "NFD"))
    data, books = pack_images(tmp_path, put_folders(tmp_path / "raw", {composed: 3, apart: 3, "cat": 1}))
    assert data.classes == ["cat", composed]
    assert books.notes == [f"folders whose names look alike are one class: {composed}"]


def test_omniglots_numbered_folders_are_called_after_their_alphabets(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"Greek/character01": 1, "Latin/character01": 1, "Latin/character02": 1})
    data, _ = pack_images(tmp_path, raw)
    assert data.classes == ["Greek character01", "Latin character01", "Latin character02"]


def test_what_is_no_image_is_named_and_the_books_balance(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 6})
    whole = png(scribble(99))
    put(raw / "cat" / "a.png", b"")
    put(raw / "cat" / "b.jpg", b"no image")
    put(raw / "cat" / "c.png", whole[:-30])
    (raw / "cat" / "d.png").symlink_to(tmp_path / "gone.png")
    (raw / "cat" / "e").symlink_to(tmp_path / "gone")
    put(raw / "cat" / "f.png", of_size(60_000, 60_000))
    put(raw / "cat" / "g.png", png(np.zeros((1000, 1000), np.uint8)))
    put(raw / "c\x07t" / "e.png", whole)
    data, books = pack_images(tmp_path, raw)
    found = [json.loads(line) for line in (data.path / "rejected.ndjson").read_text().splitlines()]
    assert [(Path(one["file"]).name, one["reason"]) for one in found] == [
        ("e.png", "word has unprintable characters"),
        ("a.png", "empty"),
        ("b.jpg", "no PNG, JPEG or TIFF image"),
        ("c.png", "an image that breaks off"),
        ("d.png", "a link to what is not there"),
        ("f.png", "more than 33,554,432 pixels"),
        ("e", "a link to what is not there"),
    ]
    meta = data.meta
    assert meta["read"] == meta["kept"] + sum(meta["rejected"].values()) == 7 + 7
    assert books.lines == sum(source["lines"] for source in meta["sources"])
    with pytest.raises(UserError, match="no drawing is left to pack"):
        pack_images(tmp_path, raw / "c\x07t", out="b")
    assert json.loads((tmp_path / "b.rejected.ndjson").read_text())["reason"] == "word has unprintable characters"


def test_strokes_and_images_are_not_packed_together(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 2})
    put(raw / "a.ndjson", b"".join(random_lines(2)))
    with pytest.raises(UserError, match=r"a\.ndjson holds strokes and .*/cat/0\.png images; convert each by itself"):
        pack_images(tmp_path, raw)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"size": 4}, "size=4: 8 to 1024 is needed"),
        ({"size": 5000}, "size=5000: 8 to 1024 is needed"),
        ({"min_points": 3}, "min_points is of strokes; these are images"),
        ({"simplify": Simplify.never}, "simplify is of strokes; these are images"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(tmp_path: Path, settings: dict[str, object], expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        pack_images(tmp_path, put_folders(tmp_path / "raw", {"cat": 2}), **{"size": 16, **settings})  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_an_existing_folder_is_replaced_only_when_told_and_a_busy_one_never(tmp_path: Path) -> None:
    raw = put_folders(tmp_path / "raw", {"cat": 2})
    pack_images(tmp_path, raw)
    with pytest.raises(UserError, match="overwrite=true"):
        pack_images(tmp_path, raw)
    with whole_folder(tmp_path / "busy", "busy"), pytest.raises(UserError, match="another conversion is writing"):
        pack_images(tmp_path, raw, out="busy")
    assert pack_images(tmp_path, raw, overwrite=True, size=32)[0].images.shape == (2, 32, 32)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_said_in_a_line(tmp_path: Path, workers: int) -> None:
    """No file above a megabyte; 64 images of 512 pixels a side are 16."""
    put_folders(tmp_path / "raw", {"cat": 64})
    words = ["raw=raw", "out=packed", "size=512", f"workers={workers}"]
    process = Command(tmp_path, "inkseq.convert", *words, limits={resource.RLIMIT_FSIZE: 2**20})
    _, err = process.communicate()
    assert (process.returncode, err) == (1, "inkseq: packed: File too large\n")
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_stopped_anywhere_no_half_dataset_is_left_and_a_rerun_succeeds(tmp_path: Path, blow: signal.Signals) -> None:
    put_folders(tmp_path / "raw", {"cat": 2000, "dog": 2000})
    partial = tmp_path / ".packed.partial"
    words = ["inkseq.convert", "raw=raw", "out=packed", "size=128", "workers=2"]
    for moment in (partial / "pixels", partial / "new" / "labels.npy"):
        process = Command(tmp_path, *words)
        wait_for(moment, process)
        process.send_signal(blow)
        process.communicate()
        assert process.returncode == {signal.SIGKILL: -9}.get(blow, 130)
        assert not (tmp_path / "packed").exists()
    process = Command(tmp_path, *words)
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert len(open_packed(tmp_path / "packed")) == 4000
    assert not partial.exists()
