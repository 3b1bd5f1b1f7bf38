"""The rows of a GPU, as far as a CPU goes: small, and for what they say rather than how fast."""

from pathlib import Path

import pytest
import torch

from inkseq.bench import gpu, usual
from inkseq.bench.__main__ import run
from inkseq.bench.benchmark import Gauge
from inkseq.config import BenchConfig
from inkseq.errors import UserError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"COUNT": 300, "STEPS": 2, "BATCHES": (8, 16), "COPIED": 100, "SIDE": 16, "LAUNCHES": 3, "POINTS": 5}
    for name, size in {**sizes, "HIDDEN": (4,)}.items():
        monkeypatch.setattr(gpu, name, size)


def test_the_rows_of_a_gpu_can_be_taken_on_a_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "usual_rate", lambda *_: 100.0)
    assert [row.unit for row in gpu.bench_rates(CPU)] == ["GB/s", "GB/s", "TFLOP/s", "TFLOP/s", "us"]
    assert len(gpu.bench_lstm(CPU)) == 6
    drawn = gpu.bench_drawing(CPU, tmp_path / "none", tmp_path)
    assert [row.name.split(" drawn")[0] for row in drawn] == ["pictures of 64 pixels", "pictures of 128 pixels"]
    assert all(row.value > 0 and row.unit == "drawings/s" for row in drawn)
    rows = gpu.bench_steps(CPU, tmp_path / "none", tmp_path)
    names = [row.name for row in rows if row.unit == "drawings/s"]
    assert names[1:] == [f"{m}, batches of {b}, launched" for m in ("bilstm", "tutorial") for b in (8, 16)]
    assert all(0 < row.value <= 1 for row in rows if row.name.endswith("real"))
    rows.append(Gauge("bilstm, batches of 8, captured", 1000.0, "drawings/s"))
    gpu.draw_rates(rows, "a GPU", tmp_path / "rates.png")
    assert (tmp_path / "rates.png").stat().st_size > 10_000


def test_the_usual_way_is_measured(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "SECONDS", 0.05)
    monkeypatch.setattr(usual, "WORKERS", 0)
    monkeypatch.setattr(usual, "BATCH", 16)
    assert usual.measure_loaded(str(packed), "cpu") > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^device=cuda: this machine has no GPU that torch can use"):
        run(BenchConfig(device="cuda"))
