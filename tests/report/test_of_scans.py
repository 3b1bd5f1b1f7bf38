"""The report of a run on images: what is there, what is not, and each image once and as it is stored."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkseq.config import ReportConfig, TrainConfig
from inkseq.data.packed import PackedImages, open_packed
from inkseq.errors import UserError
from inkseq.evaluate.explanation import Heat
from inkseq.report.ink import AGAINST, FOR, credit_over_image, heat_over_image
from inkseq.report.words import named, spoken
from tests.report.conftest import NAMES, pack, report
from tests.report.test_report import read
from tests.train.tiny import run, tiny

SYMBOL = re.compile(r'<g id="d(\d+)"><image class="scan" href="data:image/png;base64,([^"]+)"')


def pixels(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address))))


def test_each_image_is_there_once_as_it_is_stored(scanned: TrainConfig, image_page: Path) -> None:
    data, source = open_packed(scanned.data), image_page.read_text("utf-8")
    assert isinstance(data, PackedImages)
    found = SYMBOL.findall(source)
    assert sorted(int(i) for i, _ in found) == list(data.split("test"))  # all are on the map
    for i, address in found:
        grey_YX = pixels(address)
        assert grey_YX.dtype == np.uint8
        np.testing.assert_array_equal(grey_YX, 255 - data.images[int(i)])
    assert "image-rendering: pixelated" in source


def test_what_needs_strokes_is_absent_and_the_rest_is_there(image_page: Path) -> None:
    source, text = image_page.read_text("utf-8"), read(image_page)
    sections = re.findall(r'<section id="(\w+)">', source)
    assert sections == ["known", "scores", "classes", "confusion", "drawings", "looked", "trust", "map"]
    assert re.findall(r'<li><a href="#(\w+)">', source) == sections
    for word in ("troke", "points", "country", "half of a drawing"):
        assert word not in text
    for title in ("The surest mistakes", "The least sure", "The surest right answers", "Thresholds"):
        assert title in text
    assert source.count("which pixels spoke for") == source.count("where it looked to say") >= 6


def test_names_are_in_their_own_script_with_their_code_points(image_page: Path) -> None:
    source, text = image_page.read_text("utf-8"), read(image_page)
    assert '<bdi>あ</bdi> <span class="code">U+3042</span>' in source
    assert "𠀋 U+2000B" in text
    assert "שלום U+" not in text
    assert named("a<b") == "<bdi>a&lt;b</bdi>"
    assert spoken("cat") == "cat"
    assert spoken("あ") == "\u2068あ\u2069 U+3042"
    assert spoken("שלום") == "\u2068שלום\u2069"


def test_two_runs_on_images_side_by_side(scanned: TrainConfig, tmp_path: Path) -> None:
    other = tiny(Path(scanned.data), tmp_path, model=scanned.model, seed=1, duration="4 steps")
    run(other)
    report(ReportConfig(run=f"{scanned.runs}/run", against=f"{other.runs}/run", out=str(tmp_path / "report")))
    assert read(tmp_path / "report" / "index.html").count("gets right and") == 2


def test_strokes_are_drawn_for_a_run_of_images(scanned: TrainConfig, tmp_path: Path) -> None:
    strokes = pack(tmp_path / "data", NAMES)
    report(ReportConfig(run=f"{scanned.runs}/run", data=str(strokes), out=str(tmp_path / "report")))
    sections = re.findall(r'<section id="(\w+)">', (tmp_path / "report" / "index.html").read_text("utf-8"))
    assert {"strokes", "early"} <= set(sections)
    assert "looked" not in sections


def test_images_are_refused_by_a_run_that_needs_strokes(
    scanned: TrainConfig, trained: TrainConfig, tmp_path: Path
) -> None:
    config = ReportConfig(run=f"{trained.runs}/run", data=scanned.data, out=str(tmp_path / "report"))
    with pytest.raises(UserError, match=r"holds images, which are ink alone; .* needs data= of strokes"):
        report(config)
    config = ReportConfig(run=f"{scanned.runs}/run", against=f"{trained.runs}/run", out=str(tmp_path / "report"))
    with pytest.raises(UserError, match="needs data= of strokes"):
        report(config)
    assert not (tmp_path / "report").exists()


def test_pixels_that_spoke_for_it_are_red() -> None:
    credit_YX = np.zeros((4, 4), np.float32)
    credit_YX[1, 2], credit_YX[3, 0] = 3, -3
    picture = credit_over_image(7, credit_YX, "a < b")
    assert '<use href="#d7"' in picture
    assert 'aria-label="a &lt; b"' in picture
    shades_YX4 = pixels(re.findall(r"base64,([^\"]+)", picture)[0])
    for at, color in (((1, 2), FOR), ((3, 0), AGAINST)):
        assert "#" + bytes(shades_YX4[at][:3]).hex() == color
        assert shades_YX4[at][3] == 255
    assert shades_YX4[0, 0, 3] == 0
    assert str(credit_over_image(7, 0 * credit_YX, "blank"))


def test_heat_lies_over_the_pixels_it_is_of() -> None:
    picture = heat_over_image(7, Heat(np.ones((16, 16), np.float32), -0.25, 0.75), "where")
    assert 'class="heat"' in picture
    x, width = (float(re.findall(rf'{name}="([-\d.]+)"', picture)[-1]) for name in ("x", "width"))
    assert x == pytest.approx(255 / 4, abs=0.1)
    assert width == 255
