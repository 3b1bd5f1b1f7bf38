"""For all tests of training: a dataset it takes a second to make."""

from pathlib import Path

import pytest

from tests.samples import packed_doodles
from tests.train.tiny import CLASSES


@pytest.fixture(scope="session")
def doodles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 doodles of each of four classes, packed."""
    return packed_doodles(tmp_path_factory.mktemp("doodles"), 60, CLASSES)
