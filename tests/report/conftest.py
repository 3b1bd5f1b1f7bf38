"""Small runs on drawings whose words try to break a page, and on images with names in other scripts; their reports."""

import json
from pathlib import Path

import pytest

from inkseq.config import ConvertConfig, ReportConfig, TrainConfig
from inkseq.convert.conversion import convert
from inkseq.families import CnnConfig, PictureConfig
from inkseq.report.__main__ import run as report_command
from tests.samples import random_lines
from tests.scans import pack_scans
from tests.train.tiny import run, tiny

WORDS = ["cat", '<script>alert("cat")</script>', "aurora & 'borealis' $x$ " + "long" * 10]

NAMES = ["שלום", "あ", "𠀋"]


def report(config: ReportConfig) -> None:
    report_command(config, [f"run={config.run}"])


def pack(folder: Path, words: list[str], seed: int = 0, count: int = 240) -> Path:
    """A dataset of random drawings, which differ in nothing that could be learnt; fewest of the last word."""
    folder.mkdir()
    lines = [
        line for i, line in enumerate(random_lines(count, seed, words)) if i % len(words) < len(words) - 1 or i % 2
    ]
    (folder / "raw.ndjson").write_bytes(b"".join(lines))
    convert(ConvertConfig(raw=[str(folder / "raw.ndjson")], out=str(folder / "packed"), workers=1, seed=seed))
    return folder / "packed"


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    folder = tmp_path_factory.mktemp("reported")
    config = tiny(pack(folder / "data", WORDS), folder / "runs")
    run(config)
    return config


@pytest.fixture(scope="session")
def page(trained: TrainConfig) -> Path:
    """index.html of a report on the run."""
    report(ReportConfig(run=f"{trained.runs}/run"))
    return Path(trained.runs) / "run" / "report" / "index.html"


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """A run that knows most images."""
    folder = tmp_path_factory.mktemp("scanned")
    packed = pack_scans(folder / "scans", {"train": 180, "val": 30, "test": 45})
    meta = json.loads((packed / "meta.json").read_text("utf-8"))
    (packed / "meta.json").write_text(json.dumps(meta | {"classes": NAMES}), "utf-8")
    model = CnnConfig(channels=[4, 6], picture=PictureConfig(size=32, channels=["ink"]))
    config = tiny(packed, folder / "runs", model=model)
    run(config)
    return config


@pytest.fixture(scope="session")
def image_page(scanned: TrainConfig) -> Path:
    """index.html of a report on it."""
    report(ReportConfig(run=f"{scanned.runs}/run"))
    return Path(scanned.runs) / "run" / "report" / "index.html"
