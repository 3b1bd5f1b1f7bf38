"""One thread or all: timed, said, kept, and nothing else touched by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from inkseq.devices import ALONE
from inkseq.inference import checkpoint
from inkseq.train.learner import set_up
from inkseq.train.prepare import prepare
from inkseq.train.threads import choose_threads
from tests.train.tiny import run, tiny


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def test_timing_chooses_one_or_all_and_touches_no_weight(doodles: Path, tmp_path: Path) -> None:
    config, data, _ = prepare(tiny(doodles, tmp_path))
    batches, learner, _ = set_up(config, data, ALONE)
    before = {name: value.clone() for name, value in learner.model.state_dict().items()}
    said = choose_threads(config, batches, learner, None)
    assert said.startswith(f"threads={torch.get_num_threads()}: a step takes ")
    assert torch.get_num_threads() in (1, 2)
    assert all(torch.equal(value, before[name]) for name, value in learner.model.state_dict().items())
    assert not learner.optimizer.state_dict()["state"]


def test_what_is_told_or_was_before_is_not_measured(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, data, _ = prepare(tiny(doodles, tmp_path, threads=1))
    batches, learner, _ = set_up(config, data, ALONE)
    assert choose_threads(config, batches, learner, 2) == ""
    assert torch.get_num_threads() == 1
    config.threads = None
    assert choose_threads(config, batches, learner, 2) == ""
    assert torch.get_num_threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert choose_threads(config, batches, learner, None) == ""


def test_a_run_keeps_its_threads_and_its_bits(doodles: Path, tmp_path: Path) -> None:
    run(tiny(doodles, tmp_path / "a", duration="4 steps"))
    measured = checkpoint.load(tmp_path / "a" / "run" / "checkpoints" / "last.pt")
    torch.set_num_threads(2)
    run(tiny(doodles, tmp_path / "b", duration="4 steps", threads=measured["threads"]))
    told = checkpoint.load(tmp_path / "b" / "run" / "checkpoints" / "last.pt")
    assert told["threads"] == measured["threads"]
    assert all(torch.equal(value, told["model"][name]) for name, value in measured["model"].items())
