"""What only a GPU can show: nothing waits for it between logs, and it learns what a CPU learns."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from inkseq.config import (
    AugmentConfig,
    BiLSTMConfig,
    ConvertConfig,
    Norm,
    OptimConfig,
    Precision,
    Sampling,
    TrainConfig,
)
from inkseq.data.batches import Batches
from inkseq.data.conversion import convert
from inkseq.data.packed import Packed, open_packed
from inkseq.data.resident import Drawings
from inkseq.data.sampling import make_sampler
from inkseq.devices import ALONE
from inkseq.runs import run_folder
from inkseq.training.learner import Learner
from inkseq.training.loop import train
from tests.drawings import random_lines

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


@pytest.fixture
def data(tmp_path: Path) -> Packed:
    (tmp_path / "raw.ndjson").write_bytes(b"".join(random_lines(300)))
    convert(ConvertConfig(raw=[str(tmp_path / "raw.ndjson")], out=str(tmp_path / "packed"), workers=1))
    return open_packed(tmp_path / "packed")


@pytest.fixture
def waiting_is_an_error() -> Iterator[None]:
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_step_waits_for_nothing(data: Packed, dtype: torch.dtype, waiting_is_an_error: None) -> None:
    device = torch.device("cuda")
    augment = AugmentConfig(rotate=10, drop_points=0.1, drop_strokes=0.1, reverse=0.1, jitter=0.01)
    config = TrainConfig(data="", model=BiLSTMConfig(norm=Norm.batch), ema=0.9, augment=augment)
    learner = Learner(config, data.classes, device, dtype, ALONE)
    sampler = make_sampler(TrainConfig(sampling=Sampling.balanced, unrecognized=0.5), data)
    batches = Batches(Drawings(data, "train", device), 64, 0, augment=augment, sampler=sampler)
    for step in range(3):
        learner.learn(step, batches.step(step), 1e-3)
    torch.cuda.set_sync_debug_mode("error")
    for step in range(3, 6):
        learner.learn(step, batches.step(step), 1e-3)


def test_a_gpu_learns_what_a_cpu_learns(data: Packed, tmp_path: Path) -> None:
    results = []
    for device in ("cpu", "cuda"):
        model = BiLSTMConfig(channels=[12], kernels=[3], hidden=12, layers=1, conv_dropout=0, dropout=0)
        config = TrainConfig(
            data=str(data.path), runs=str(tmp_path), name=device, device=device, model=model, batch_size=32,
            optim=OptimConfig(lr=0.01), duration="10 steps", precision=Precision.float32,
        )  # fmt: skip
        run_folder(config).mkdir()
        results.append(train(config, run_folder(config), ALONE))
    assert results[0]["val/loss"] == pytest.approx(results[1]["val/loss"], abs=1e-3)
