"""For tests of what is said about a recogniser: one that learns in a moment, and the drawings it was not shown."""

from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.resident import Drawings
from inkseq.inference.runs import Run
from inkseq.models.zoo import make_model
from tests.samples import packed_doodles
from tests.train.tiny import CLASSES, tiny

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> PackedStrokes:
    """60 doodles of each of four classes."""
    return open_strokes(packed_doodles(tmp_path_factory.mktemp("evaluated"), 60, CLASSES))


@pytest.fixture(scope="session")
def trained(data: PackedStrokes) -> Run:
    """Good enough to be right and wrong, without the pictures and files of a real run."""
    config = tiny(data.path, Path("runs"))
    torch.manual_seed(0)
    model, batches = make_model(config.model, len(CLASSES)), Batches(load_split(data, "train", CPU), 32, seed=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(15):
        loss = torch.stack([cross_entropy(model(x.drawings), x.label_B) * w for x, w in batches.step(step)])
        optimizer.zero_grad()
        torch.autograd.backward(loss.sum())
        optimizer.step()
    return Run(Path("runs/run"), config, CLASSES, model.eval(), 15)


@pytest.fixture
def drawings(data: PackedStrokes) -> Drawings:
    """24 of the test split, which a test may spoil."""
    return load_split(data, "test", CPU)
