"""For all tests: one thread, since on models as small as theirs threads do little but wait; and a few doodles."""

from pathlib import Path

import pytest
import torch

from tests.samples import packed_doodles


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 doodles of each of three classes; the raw ones are beside them."""
    return packed_doodles(tmp_path_factory.mktemp("few"), 50, ["cat", "ladder", "star"])
