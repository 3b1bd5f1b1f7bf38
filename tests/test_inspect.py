"""From doodles to pictures, through the commands a newcomer types."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from inkseq import inspect, plots
from inkseq.config import ConvertConfig, InspectConfig
from inkseq.convert.conversion import convert
from inkseq.data import overview
from inkseq.drawings.padded import Strokes
from inkseq.errors import UserError
from inkseq.inspect import run
from inkseq.models.picture import CHANNELS, Picture
from tests.processes import Command
from tests.samples import line, random_lines
from tests.scans import pack_scans

CHANNEL_PAGES = {f"picture-{name}.png" for name in CHANNELS if name != "country"}


def pack(folder: Path, lines: list[bytes]) -> Path:
    (folder / "raw.ndjson").write_bytes(b"".join(lines))
    convert(ConvertConfig(raw=[str(folder / "raw.ndjson")], out=str(folder / "packed"), workers=1))
    return folder / "packed"


@pytest.mark.slow
def test_doodles_convert_inspect(tmp_path: Path) -> None:
    for words in (
        ["inkseq.doodles", "out=raw", "per_class=20", "classes=cat,snail"],
        ["inkseq.convert", "raw=raw", "out=packed"],
        ["inkseq.inspect", "data=packed", "page=12"],
    ):
        ended = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""  # no bar where there is no terminal
    assert "all splits: 40 drawings of 2 classes" in ended.stdout
    pictures = {path.name for path in (tmp_path / "packed" / "inspect").iterdir()}
    of_classes = {"000-cat.png", "001-snail.png"}
    assert pictures == {"classes.png", "lengths.png", "drawings.png"} | of_classes | CHANNEL_PAGES
    for picture in pictures:
        pixels = imread(tmp_path / "packed" / "inspect" / picture)
        assert np.ptp(pixels[..., :3]) > 0.5, picture  # something dark on something light


def test_one_split_can_be_looked_at(tmp_path: Path) -> None:
    packed = pack(tmp_path, random_lines(30))
    words = ["inkseq.inspect", f"data={packed}", "split=train", "page=1"]
    process = Command(tmp_path, *words)
    said, complaints = process.communicate()
    assert process.returncode == 0, complaints
    assert "split train: 24 drawings of 3 classes" in said


def test_drawings_without_a_word_have_a_bar_and_a_page_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f'"[[[0,255],[0,{i}]]]",{i}\n' for i in range(4)]
    (tmp_path / "test.csv").write_text("drawing,key_id\n" + "".join(rows))
    (tmp_path / "cat.ndjson").write_bytes(b"".join(random_lines(10, words=["cat"])))
    convert(ConvertConfig(raw=[str(tmp_path)], out=str(tmp_path / "packed"), workers=1))
    counted: dict[str, int] = {}

    def bars(names: Sequence[str], counts: dict[str, NDArray[np.int64]], heading: str, path: Path) -> None:
        counted.update(zip(names, sum(counts.values()).tolist(), strict=True))  # type: ignore[union-attr]

    monkeypatch.setattr(overview, "bars", bars)
    run(InspectConfig(data=str(tmp_path / "packed")))
    assert counted == {"cat": 10, "unlabelled": 4}
    assert (tmp_path / "packed" / "inspect" / "unlabelled.png").exists()


def test_the_bar_that_holds_all_longer_ones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(plots, "save", lambda figure, _: drawn.append(figure))
    few = np.arange(1, 13)
    plots.histograms({"points": np.array([*range(1, 121)] * 5 + [400, 900]), "strokes": few}, "", Path())
    points, strokes = drawn[0].axes
    (last,) = points.texts
    assert last.get_text().strip() == "119 and more"
    assert last.get_position()[1] == points.patches[-1].get_height() == 5 * 2 + 2  # type: ignore[attr-defined]
    assert strokes.texts[0].get_text().strip() == "11 and more"


def test_a_page_holds_at_least_one_drawing(tmp_path: Path) -> None:
    packed = pack(tmp_path, random_lines(3))
    for page in (0, -1):
        with pytest.raises(UserError, match=f"page={page}: at least 1"):
            run(InspectConfig(data=str(packed), page=page))


def test_the_table_counts_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line("cat", i, [[[0, 255], [0, i]], [[5], [6]]], recognized=i < 5) for i in range(10)]
    run(InspectConfig(data=str(pack(tmp_path, lines)), page=1))
    said = capsys.readouterr().out
    row = next(text for text in said.splitlines() if text.startswith("cat"))
    assert row.split() == ["cat", "8", "1", "1", "3.0", "3", "3", "2.0", "50%"]
    assert "countries: US 10" in said


def test_words_cannot_lead_out_of_the_folder_nor_break_a_picture(tmp_path: Path) -> None:
    lines = [line(word, i) for i, word in enumerate(["../../evil", "a$b$^", "привет", "x" * 300, "日本語" * 90])]
    packed = pack(tmp_path, lines)
    run(InspectConfig(data=str(packed)))
    assert len(list((packed / "inspect").iterdir())) == 8 + len(CHANNEL_PAGES)
    assert {path.name for path in tmp_path.iterdir()} == {"raw.ndjson", "packed"}


def test_what_is_drawn_of_channels_comes_from_countries_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each class one drawing, from a country that is known if there is any."""
    titled: list[Sequence[str]] = []

    def no_pages(picture: Picture, drawings: Strokes, titles: Sequence[str]) -> list[tuple[str, Figure]]:
        titled.append([*titles, *map(str, drawings.country_B.tolist())])
        return []

    monkeypatch.setattr(inspect, "pages", no_pages)
    lines = [line("cat", i, countrycode="SE" if i == 7 else "") for i in range(20)]
    lines += [line("owl", i) for i in range(20, 30)]
    run(InspectConfig(data=str(pack(tmp_path, lines)), page=1))
    sweden, america = (str(1 + 26 * (ord(a) - 65) + ord(b) - 65) for a, b in ("SE", "US"))
    assert titled == [["cat SE", "owl US", sweden, america]]


def test_images_are_looked_at_as_drawings_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = pack_scans(tmp_path / "scans", {"train": 60, "val": 3, "test": 6})
    run(InspectConfig(data=str(packed), page=4))
    said = capsys.readouterr().out
    row = next(text for text in said.splitlines() if text.startswith("blot"))
    assert row.split()[:4] == ["blot", "20", "1", "2"]
    assert "all splits: 69 images of 3 classes, 32 x 32, " in said
    assert "rare" not in said
    of_all = {"classes.png", "drawings.png", "binarise.png"}
    pictures = {path.name for path in (packed / "inspect").iterdir()}
    assert pictures == {"000-across.png", "001-blot.png", "002-down.png"} | of_all
    run(InspectConfig(data=str(packed), split="test"))
    assert "split test: 6 images of 3 classes" in capsys.readouterr().out


def test_what_is_rare_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line("cat", i) for i in range(60)] + [line("owl", i) for i in range(60, 64)]
    run(InspectConfig(data=str(pack(tmp_path, lines)), page=1))
    assert "which has 48 to learn from: owl 2" in capsys.readouterr().out


def test_of_very_many_classes_the_rarest_have_bars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "MOST_BARS", 2)
    shown: list[Sequence[str]] = []
    monkeypatch.setattr(overview, "bars", lambda names, *_: shown.append(names))
    lines = [line(word, i) for i, word in enumerate(["cat", "cat", "owl", "yak", "owl", "cat"])]
    run(InspectConfig(data=str(pack(tmp_path, lines)), page=1))
    assert shown == [["owl", "yak"]]


def test_an_empty_or_unknown_split_is_said(tmp_path: Path) -> None:
    packed = pack(tmp_path, random_lines(3))
    with pytest.raises(UserError, match=r"the split val of .* is empty"):
        run(InspectConfig(data=str(packed), split="val"))
    with pytest.raises(UserError, match="no split 'dev', only train, val, test"):
        run(InspectConfig(data=str(packed), split="dev"))
