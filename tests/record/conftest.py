"""Three tiny runs: two seeds of `small`, one of `wide,lr=0.01`, which differs in two settings."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from inkseq.config import OptimConfig, Precision, TrainConfig
from inkseq.families import HybridConfig, Norm
from inkseq.inference.runs import run_folder
from tests.samples import packed_doodles
from tests.train.tiny import run


def train_tiny(data: Path, runs: Path, name: str, hidden: int = 8, lr: float = 0.02, **others: Any) -> Path:
    model = HybridConfig(channels=[8], kernels=[3], hidden=hidden, layers=1, norm=Norm.batch)
    settings: dict[str, Any] = {
        "batch_size": 32,
        "duration": "8 steps",
        "evaluate": "4 steps",
        "log": "2 steps",
        "precision": Precision.float32,
        "device": "cpu",
    }
    optim = OptimConfig(lr=lr)
    config = TrainConfig(data=str(data), runs=str(runs), name=name, model=model, optim=optim, **(settings | others))
    run(config)
    return run_folder(config)


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 doodles of each of three classes."""
    return packed_doodles(tmp_path_factory.mktemp("record"), 40, ["cat", "ladder", "star"])


@pytest.fixture(scope="session")
def trained(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("trained")
    for seed in (0, 1):
        train_tiny(packed, runs, f"small,seed={seed}", seed=seed)
    train_tiny(packed, runs, "wide,lr=0.01", hidden=12, lr=0.01)
    return runs


@pytest.fixture
def runs(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy in runs/ of the current folder, which a test may spoil."""
    shutil.copytree(trained, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return Path("runs")
