"""For all tests: one thread, since on models as small as theirs threads do little but wait; and a few doodles."""

from pathlib import Path

import pytest
import torch

from inkseq.config import ConvertConfig
from inkseq.data.conversion import convert
from inkseq.data.doodles.write import write_doodles


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 doodles of each of three classes; the raw ones are beside them."""
    folder = tmp_path_factory.mktemp("few")
    write_doodles(folder / "raw", 50, 0, ["cat", "ladder", "star"])
    convert(ConvertConfig(raw=[str(folder / "raw")], out=str(folder / "packed"), workers=1))
    return folder / "packed"
