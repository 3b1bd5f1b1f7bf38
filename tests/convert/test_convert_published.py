"""Images as they are published: MNIST's idx files, Kuzushiji's npz pairs, pages with a table of boxes."""

import csv
import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inkseq.errors import UserError
from tests.convert.pictures import Grey, counts_of, pack_images, png, put, scribble
from tests.samples import SHARED, needs_shared


def idx(array: NDArray[np.uint8]) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def images(count: int) -> Grey:
    return np.stack([scribble(seed) for seed in range(count)])


def labels(count: int) -> NDArray[np.uint8]:
    return np.arange(count, dtype=np.uint8) % 3


def test_the_files_of_mnist_are_pairs_by_their_names(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    put(raw / "train-images-idx3-ubyte.gz", gzip.compress(idx(images(30))))
    put(raw / "train-labels-idx1-ubyte.gz", gzip.compress(idx(labels(30))))
    put(raw / "t10k-images.idx3-ubyte", idx(images(36)[30:]))
    put(raw / "t10k-labels.idx1-ubyte", idx(labels(6)))
    data, books = pack_images(tmp_path, raw)
    assert counts_of(data) == {"train": {"0": 10, "1": 10, "2": 10}, "val": {}, "test": {"0": 2, "1": 2, "2": 2}}
    where = {image.tobytes(): label for image, label in zip(data.images, data.labels.tolist(), strict=True)}
    assert [where[image.tobytes()] for image in images(36)] == [*labels(30), *labels(6)]
    assert [(Path(one["file"]).name, one["lines"]) for one in data.meta["sources"]] == [
        ("t10k-images.idx3-ubyte", 6),
        ("train-images-idx3-ubyte.gz", 30),
    ]
    assert books.lines == 36


def test_the_pairs_of_kuzushiji_have_the_names_of_their_class_map(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, first, count in (("k49-train", 0, 30), ("k49-test", 30, 9), ("kmnist", 39, 12)):
        np.savez_compressed(raw / f"{name}-imgs.npz", images(60)[first : first + count])
        np.savez_compressed(raw / f"{name}-labels.npz", labels(count))
    put(raw / "k49_classmap.csv", "index,codepoint,char\n0,U+3042,あ\n1,U+3044,い\n2,U+3046,う\n".encode())
    put(raw / "kmnist_classmap.csv", "index,codepoint,char\n0,U+304A,お\n1,U+304D,き\n2,U+3059,す\n".encode())
    data, _ = pack_images(tmp_path, raw)
    assert data.classes == ["あ", "い", "う", "お", "き", "す"]
    assert counts_of(data)["val"] == {"お": 1, "き": 1, "す": 1}  # which its name leaves to be divided
    (raw / "k49_classmap.csv").unlink()
    (raw / "kmnist_classmap.csv").unlink()
    assert pack_images(tmp_path, raw, out="numbers")[0].classes == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("train-labels-idx1-ubyte", idx(labels(4)), "5 images and 4 labels"),
        ("train-labels-idx1-ubyte", None, r"train-images-idx3-ubyte: no labels of the same name; raw= takes both"),
        ("train-images-idx3-ubyte", None, r"train-labels-idx1-ubyte: no images of the same name; raw= takes both"),
        ("train-images-idx3-ubyte", idx(images(5))[:-1], "breaks off: it says that it holds 5"),
        ("train-images-idx3-ubyte", b"", "idx3-ubyte: the file is damaged"),
        ("train-images-idx3-ubyte", b"\0\0\x0d\3" + bytes(12), "no idx file of bytes"),
        ("train-images-idx3-ubyte", b"\0\0\x08\3" + b"\xff" * 12, "is neither images nor labels"),
        ("train-images-idx3-ubyte", idx(labels(5)), "images are bytes in rows"),
        ("train-images-idx3-ubyte", b"\x1f\x8bno gzip", "the file is damaged"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(
    tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    raw = tmp_path / "raw"
    put(raw / "train-images-idx3-ubyte", idx(images(5)))
    put(raw / "train-labels-idx1-ubyte", idx(labels(5)))
    put(raw / name, content or b"")
    if content is None:
        (raw / name).unlink()
    with pytest.raises(UserError, match=expected):
        pack_images(tmp_path, raw)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_an_npz_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "a-imgs.npz", np.array([{}], object))
    np.savez(tmp_path / "a-labels.npz", labels(1))
    with pytest.raises(UserError, match="is neither images nor labels"):
        pack_images(tmp_path, tmp_path)


def page(raw: Path, name: str, boxes: list[tuple[int, int, Grey]], folder: str = "train_images") -> None:
    """A page of paper with some ink on it."""
    ink = np.zeros((100, 80), np.uint8)
    for x, y, character in boxes:
        ink[y : y + 16, x : x + 16] = character
    put(raw / folder / f"{name}.png", png(ink))


def table(raw: Path, rows: list[tuple[str, str]]) -> None:
    raw.mkdir(exist_ok=True)
    with (raw / "train.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image_id", "labels"), *rows])


def test_the_characters_of_pages_are_cut_out(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    page(raw, "p_1", [(10, 20, scribble(1)), (40, 60, scribble(2))])
    page(raw, "p_2", [(64, 84, scribble(3))])
    page(raw, "t_1", [], folder="test_images")
    table(raw, [("p_1", "U+306F 10 20 16 16 U+4E00 40 60 16 16"), ("p_2", "U+306F 64 84 99 99"), ("p_3", "")])
    put(raw / "unicode_translation.csv", "Unicode,char\nU+306F,は\n".encode())
    put(raw / "sample_submission.csv", b"image_id,labels\nt_1,U+003F 1 1\n")
    page(raw, "p_3", [])
    data, books = pack_images(tmp_path, raw)
    assert data.classes == ["U+4E00", "は"]
    assert {image.tobytes() for image in data.images} == {scribble(seed).tobytes() for seed in (1, 2, 3)}
    assert data.writer is not None
    by = {image.tobytes(): data.meta["writers"][who] for image, who in zip(data.images, data.writer, strict=True)}
    assert [by[scribble(seed).tobytes()] for seed in (1, 2, 3)] == ["p_1", "p_1", "p_2"]
    assert [Path(name).name for name in books.others] == ["t_1.png", "sample_submission.csv"]


def test_boxes_and_pages_that_are_wrong_are_named(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    page(raw, "p_1", [(0, 0, scribble(1))])
    put(raw / "train_images" / "p_2.png", b"no image")
    rows = [
        ("p_1", "U+306F -5 -5 21 21 U+306F 200 0 9 9 U+306F 1 1 0 9 あ 0 0 9 9 U+306F 0 0 x 9"),
        ("gone", "U+306F 0 0 9 9"),
        ("p_2", "U+306F 0 0 9 9"),
        ("p_1", "U+306F 0 0 9"),
    ]
    table(raw, rows)
    data, books = pack_images(tmp_path, raw)
    assert (data.images[0] == scribble(1)).all()
    found = [json.loads(line) for line in (data.path / "rejected.ndjson").read_text().splitlines()]
    assert [(one["line"], one["reason"], one["text"]) for one in found] == [
        (2, "a box of nothing on the page", "p_1 U+306F 200 0 9 9"),
        (2, "a box of nothing on the page", "p_1 U+306F 1 1 0 9"),
        (2, "a code point is not U+XXXX", "p_1 あ 0 0 9 9"),
        (2, "a box is not four whole numbers", "p_1 U+306F 0 0 x 9"),
        (3, "no page of this name beside the table", "gone"),
        (4, "no PNG, JPEG or TIFF image", "p_2"),
        (5, "labels are not U+XXXX x y width height, again and again", "p_1"),
    ]
    assert {Path(one["file"]).name for one in found} == {"train.csv"}
    assert books.lines == 8


@needs_shared
def test_the_real_kuzushiji_images(tmp_path: Path) -> None:
    data, books = pack_images(tmp_path, SHARED / "kuzushiji", size=28)
    with np.load(SHARED / "kuzushiji" / "kmnist-imgs.npz") as archive:
        assert {image.tobytes() for image in data.images} == {image.tobytes() for image in archive["arr_0"]}
    assert len(data) == books.lines == 8000
    assert len(data.classes) == 10
