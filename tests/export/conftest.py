"""A small recogniser that has everything the default has, and what it was exported as."""

from pathlib import Path
from typing import NamedTuple

import pytest

from inkseq.config import ExportConfig
from inkseq.export.__main__ import run as export
from inkseq.families import HybridConfig
from inkseq.inference.recogniser import Recogniser
from inkseq.inference.runs import run_folder
from inkseq.models.features import INPUTS
from tests.train.tiny import run, tiny

SEEING = HybridConfig(
    inputs=list(INPUTS), channels=[8], kernels=[3], canvas=12, canvas_channels=[4, 8, 8], fold=2, hidden=12, layers=2
)


class Exported(NamedTuple):
    folder: Path  # of the run
    recogniser: Recogniser
    file: Path


@pytest.fixture(scope="session")
def exported(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("exported")
    config = tiny(packed, folder, model=SEEING, duration="4 steps", evaluate="4 steps")
    run(config)
    export(ExportConfig(run=str(run_folder(config)), out=str(folder / "few.onnx")))
    return Exported(run_folder(config), Recogniser(run_folder(config)), folder / "few.onnx")
