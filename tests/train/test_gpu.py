"""What only a GPU can show: nothing waits for it between logs, and it learns what a CPU learns."""

from pathlib import Path

import pytest
import torch

from inkseq.cli import compose_config
from inkseq.config import ConvertConfig, TrainConfig
from inkseq.convert.conversion import convert
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.sampling import make_sampler
from inkseq.devices import ALONE
from inkseq.inference.runs import run_folder
from inkseq.train.learner import Learner
from tests.gpu import needs_gpu, nothing_waits
from tests.samples import random_lines
from tests.train.tiny import run

pytestmark = needs_gpu

each_model = pytest.mark.parametrize(
    "model", [("model=plain", "model.norm=batch"), ("model=bilstm",), ("model=transformer",)], ids=" ".join
)


@pytest.fixture
def data(tmp_path: Path) -> PackedStrokes:
    (tmp_path / "raw.ndjson").write_bytes(b"".join(random_lines(300)))
    convert(ConvertConfig(raw=[str(tmp_path / "raw.ndjson")], out=str(tmp_path / "packed"), workers=1))
    return open_strokes(tmp_path / "packed")


@each_model
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_step_waits_for_nothing(data: PackedStrokes, dtype: torch.dtype, model: tuple[str, ...]) -> None:
    device = torch.device("cuda")
    augment = ["augment=strong", "augment.mirror=0.5", "augment.prefix=0.1"]
    config = compose_config(
        TrainConfig, ["data=x", "ema=0.9", "sampling=balanced", "unrecognized=0.5", *augment, *model]
    )
    learner = Learner(config, data.classes, device, dtype, ALONE)
    sampler = make_sampler(config, data)
    batches = Batches(load_split(data, "train", device), 64, 0, augment=config.augment, sampler=sampler)
    for step in range(3):
        learner.learn(step, batches.step(step), 1e-3)
    with nothing_waits():
        for step in range(3, 6):
            learner.learn(step, batches.step(step), 1e-3)


@each_model
def test_a_gpu_learns_what_a_cpu_learns(data: PackedStrokes, tmp_path: Path, model: tuple[str, ...]) -> None:
    drawn = ("dropout", "conv_dropout", "seen_alone", "read_alone")
    no_lots = ["augment=none", *(f"model.{lot}=0" for lot in drawn)]  # a GPU draws others
    steps = ["batch_size=32", "optim.lr=0.0003", "duration=10 steps", "evaluate=100%", "precision=float32"]
    results = []
    for device in ("cpu", "cuda"):
        places = [f"data={data.path}", f"runs={tmp_path}", f"name={device}", f"device={device}"]
        config = compose_config(TrainConfig, [*places, *steps, *model, *no_lots])
        run_folder(config).mkdir()
        results.append(run(config))
    assert results[0]["val/loss"] == pytest.approx(results[1]["val/loss"], abs=1e-2)
