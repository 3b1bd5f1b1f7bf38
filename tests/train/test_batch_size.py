"""How large a batch is where nobody says so, and what a run that goes on makes of it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inkseq.config import OptimConfig, TrainConfig
from inkseq.inference import checkpoint
from inkseq.train import batch_size
from inkseq.train.batch_size import choose_batch_size, size_by_data
from tests.train.tiny import run, tiny


@pytest.mark.parametrize(
    ("duration", "count", "expected"),
    [
        ("10 minutes", 4_800, 64),
        ("10 minutes", 40_000, 512),
        ("10 minutes", 50_000_000, 4096),
        ("1000 steps", 3_000_000, 4096),
        ("1 epochs", 3_000_000, 1024),  # 2,930 steps; of twice as many drawings there would be too few
        ("0.1 epochs", 3_000_000, 128),
        ("1e6 drawings", 3_000_000, 256),
        ("3 epochs", 20, 64),
    ],
)
def test_a_run_has_steps_enough_and_an_epoch_batches_enough(duration: str, count: int, expected: int) -> None:
    assert size_by_data(duration, count) == expected


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "choose_device", lambda name: torch.device("cuda" if name == "auto" else name))


@pytest.mark.usefixtures("gpu")
def test_the_rate_goes_with_the_square_root_and_both_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = TrainConfig(optim=OptimConfig(lr=0.002))
    chosen = choose_batch_size(config, 70_000, tmp_path)
    assert (chosen.batch_size, chosen.optim.lr) == (1024, 0.008)
    assert capsys.readouterr().out == "batch_size=1024 by the data, and optim.lr=0.008, 4 times that of 64\n"
    for asked in (replace(config, batch_size=64), replace(config, batch_size=8)):
        assert choose_batch_size(asked, 70_000, tmp_path) == asked
    assert choose_batch_size(replace(config, device="cpu"), 70_000, tmp_path) == replace(
        config, device="cpu", batch_size=64
    )
    assert not capsys.readouterr().out


@pytest.mark.usefixtures("gpu")
def test_a_run_that_goes_on_keeps_its_batch_wherever_and_however_long(doodles: Path, tmp_path: Path) -> None:
    config = tiny(doodles, tmp_path)
    run(replace(config, batch_size=128, optim=replace(config.optim, lr=0.02 * 2**0.5)))
    for device in ("cpu", "auto"):
        chosen = choose_batch_size(replace(config, batch_size=None, device=device), 10**8, tmp_path / "run")
        assert chosen.batch_size == 128
    assert run(replace(config, batch_size=None, duration="25 steps"))["steps"] == 25
    state = checkpoint.load(tmp_path / "run" / "checkpoints" / "last.pt")
    assert state["config"]["batch_size"] == 128
