"""What a run says and shows of models that look: the pictures they were given, and where countries are missing."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

from inkseq.config import AugmentConfig, ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.families import CnnConfig, PictureConfig
from tests.samples import line
from tests.scans import pack_scans
from tests.train.tiny import run, tiny

UNKNOWN = "country: unknown for all"
PICTURE = PictureConfig(size=32, channels=["ink", "direction", "country"])
MODEL = CnnConfig(channels=[4, 6], picture=PICTURE)


def pack(folder: Path, country: str) -> Path:
    folder.mkdir()
    lines = [line("cat" if i % 2 else "owl", i, countrycode=country) for i in range(80)]
    (folder / "raw.ndjson").write_bytes(b"".join(lines))
    convert(ConvertConfig(raw=[str(folder / "raw.ndjson")], out=str(folder / "packed"), workers=1))
    return folder / "packed"


@pytest.mark.parametrize("country", ["", "US"])
def test_what_the_network_saw_and_that_it_saw_no_country(
    country: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = pack(tmp_path / "data", country)
    augment = AugmentConfig(rotate=20, prefix=0.5, jitter=0.01)
    run(tiny(packed, tmp_path, model=MODEL, augment=augment, duration="2 steps"), pictures=not country)
    said = capsys.readouterr().out
    assert said.count(UNKNOWN) == (0 if country else 1)
    if country:
        return
    assert f"{UNKNOWN} 64 drawings" in said
    folder = tmp_path / "run"
    assert {path.stem for path in (folder / "figures").glob("train-*.png")} == {
        f"train-{name}" for name in PICTURE.channels
    }
    logged = EventAccumulator(str(folder), {"images": 0})
    logged.Reload()
    for name in PICTURE.channels:
        assert [event.step for event in logged.Images(f"train/{name}")] == [2]


def test_of_images_there_are_the_pictures_that_need_no_strokes(tmp_path: Path) -> None:
    packed = pack_scans(tmp_path / "scans", {"train": 60, "val": 30, "test": 30})
    run(tiny(packed, tmp_path, model=MODEL, duration="2 steps"), pictures=True)
    drawn = {path.stem for path in (tmp_path / "run" / "figures").glob("*.png")}
    assert drawn == {"train-ink", *(f"val-{name}" for name in ("confusion", "coverage", "drawings", "reliability"))}
