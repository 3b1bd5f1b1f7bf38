"""For all tests of training: a dataset it takes a second to make."""

from pathlib import Path

import pytest

from inkseq.config import ConvertConfig
from inkseq.data.conversion import convert
from inkseq.data.doodles.write import write_doodles
from tests.training.tiny import CLASSES


@pytest.fixture(scope="session")
def doodles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 doodles of each of four classes, packed."""
    folder = tmp_path_factory.mktemp("doodles")
    write_doodles(folder / "raw", 60, 0, CLASSES)
    convert(ConvertConfig(raw=[str(folder / "raw")], out=str(folder / "packed"), workers=1))
    return folder / "packed"
