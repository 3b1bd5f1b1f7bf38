"""Image files: named beside drawings by who can see them, passed over or refused by who cannot."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inkseq
from inkseq.drawings.blocks import MAX_WHOLE
from inkseq.drawings.reader import find, read_entries
from inkseq.errors import UserError
from inkseq.predict.table import columns
from tests.predict.conftest import Predict
from tests.samples import random_lines


@pytest.fixture
def folder(of_scans: Path, tmp_path: Path) -> Path:
    """Two images, a drawing, what is no image, and what nobody reads."""
    images = np.load(of_scans.parent / "scans" / "images.npy")
    folder = tmp_path / "mixed"
    (folder / "down").mkdir(parents=True)
    Image.fromarray(255 - images[0]).save(folder / "a.png")
    (folder / "b.ndjson").write_bytes(random_lines(1, words=["cat"])[0])
    Image.fromarray(images[2]).resize((200, 200)).save(folder / "down" / "C.TIF")
    (folder / "down" / "d.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("nothing")
    return folder


def test_each_is_answered_as_what_it_is(folder: Path, of_scans: Path, name_them: Predict) -> None:
    code, out, err = name_them(folder, run=str(of_scans), top=2)
    found = {row.pop("source").removeprefix(f"{folder}/"): row for row in map(json.loads, out.splitlines())}
    assert list(found) == ["a.png", "b.ndjson:1", "down/C.TIF", "down/d.jpg"]
    assert (code, found["down/d.jpg"]) == (1, {"error": "empty"})
    recogniser = inkseq.load(of_scans)
    for name, of in (("a.png", "across"), ("down/C.TIF", "down")):
        assert found[name]["answer"] == of == recogniser.predict(folder / name)[0].word
    assert found["b.ndjson:1"]["word"] == "cat"
    assert len(found["b.ndjson:1"]["guesses"]) == 2
    assert err.splitlines()[0] == f"inkseq: 1 of other kinds passed over: {folder}/notes.txt"
    assert "3 drawings, 0 of the 1 with a word right at first guess (0.0%), 1 error" in err
    table = name_them(folder, "table", run=str(of_scans))[1]
    assert "down/d.jpg  error: empty" in table
    assert (
        name_them(folder, "csv", run=str(of_scans), top=1)[1].splitlines()[1].startswith(f"{folder}/a.png,,,across,,")
    )


def test_signs_of_two_columns_keep_a_table_straight(name_them: Predict, folder: Path, of_scans: Path) -> None:
    assert columns("お/1.png") == 8
    (folder / "a.png").rename(folder / "き.png")
    rows = name_them(folder, "table", run=str(of_scans))[1].splitlines()[2:]
    assert len({columns(row[: row.index("█")]) for row in rows if "█" in row}) == 1


def test_a_zip_of_them_is_as_good(folder: Path, of_scans: Path, name_them: Predict) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(folder / "a.png", "x/a.png")
        archive.writestr("x/b.png", b"\x89PNG\r\n\x1a\n")
    code, out, _ = name_them(folder / "all.zip", run=str(of_scans))
    first, second = map(json.loads, out.splitlines())
    assert (code, first["answer"], first["source"]) == (1, "across", f"{folder}/all.zip/x/a.png")
    assert second["error"] == "no PNG, JPEG or TIFF image"


def test_who_needs_strokes_passes_images_over_or_says_so(folder: Path, name_them: Predict) -> None:
    (folder / "down" / "d.jpg").unlink()
    code, out, err = name_them(folder)
    assert (code, len(out.splitlines())) == (0, 1)
    assert err.startswith("inkseq: 3 of other kinds passed over")
    for alone in (folder / "a.png", folder / "down"):
        with pytest.raises(UserError, match=r"an image has no strokes, and .*run needs them"):
            name_them(alone)


def test_a_file_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(MAX_WHOLE + 1)  # which takes no room on the disk
    [task] = find(str(tmp_path))
    [entry] = read_entries(task, lambda _: None, 32)
    assert (entry.drawing, entry.error) == (None, "longer than 64 MB")
