"""What a run says of how it uses its machine: the names, the numbers, and a warning when it is due, once."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from inkseq.data.batches import Batches
from inkseq.train.health import Health, peaks_mb
from tests.train.tiny import rows, run, tiny

CPU = torch.device("cpu")
GPU = torch.device("cuda")


class Clock:
    """A perf_counter that stands still unless told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


@pytest.fixture
def fake_gpu(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A GPU as torch.cuda tells of one; its use, in percent, can be set."""
    reading = {"use": 100}
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 3_000_000)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
    monkeypatch.setattr(torch.cuda, "utilization", lambda _: reading["use"])
    return reading


def steps(health: Health, clock: Clock, count: int, waiting: float, learning: float) -> dict[str, float]:
    """A window of steps that take so many seconds each."""
    for _ in range(count):
        with health.fetching():
            clock.now += waiting
        clock.now += learning
    return health.window(count)


def test_the_clock_of_steps_stands_still_while_a_run_evaluates(clock: Clock) -> None:
    health = Health(CPU, drawings_per_step=8, steps_per_epoch=9)
    with health.fetching():
        clock.now += 1
    clock.now += 2
    health.pause()
    clock.now += 9  # an evaluation
    with health.fetching():
        clock.now += 0
    clock.now += 1
    report = health.window(2)
    assert report["time/step_seconds"] == 2
    assert report["time/data_share"] == 0.25
    assert report["time/drawings_per_second"] == 16 / 13
    assert steps(health, clock, 4, waiting=0, learning=0.5)["time/step_seconds"] == 0.5
    summary = health.summary()
    assert summary["step_seconds"] == pytest.approx(6 / 6)
    assert summary["data_share"] == pytest.approx(1 / 6, abs=1e-4)


def test_waiting_for_data_is_said_once_and_not_of_the_first_window(clock: Clock) -> None:
    health = Health(CPU, drawings_per_step=8, steps_per_epoch=9)
    said = []
    for waiting in (0.9, 0.05, 0.2, 0.3):
        steps(health, clock, 5, waiting, 1 - waiting)
        said.append([*health.warnings()])
    assert said[:2] == [[], []]
    assert said[2] == [
        "warning: training waits for its data 20% of the time; try augment=none or a larger batch_size, "
        "and more memory where the drawings are memory-mapped"
    ]
    assert said[3] == []


def test_no_larger_batch_is_advised_where_there_are_no_more_drawings(clock: Clock, fake_gpu: dict[str, int]) -> None:
    health = Health(GPU, drawings_per_step=8, steps_per_epoch=1)
    said: list[str] = []
    for _ in range(4):
        fake_gpu["use"] = 10
        steps(health, clock, 5, 0.5, 0.5)
        said += health.warnings()
    assert len(said) == 1
    assert "waits for its data" in said[0]
    assert "batch_size" not in said[0]


def test_an_idle_gpu_is_said_once_and_a_busy_one_starves_for_nothing(clock: Clock, fake_gpu: dict[str, int]) -> None:
    health = Health(GPU, drawings_per_step=8, steps_per_epoch=9)
    said = []
    for use, waiting in ((10, 0.0), (95, 0.5), (49, 0.0), (30, 0.0), (20, 0.0), (10, 0.0)):
        fake_gpu["use"] = use
        report = steps(health, clock, 5, waiting, 1 - waiting)
        assert report["time/gpu_use"] == use / 100
        assert report["memory/gpu_peak_mb"] == 3
        said.append([*health.warnings()])
    assert said == [[], [], [], [], ["warning: cuda computes only 33% of the time; try a larger batch_size"], []]
    summary = health.summary()
    assert summary["gpu_use"] == 0.3567
    assert summary["gpu_peak_memory_mb"] == 3


def test_a_gpu_whose_use_nobody_can_tell_is_left_out(
    clock: Clock, fake_gpu: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Any) -> int:
        raise ModuleNotFoundError("nvidia-ml-py does not seem to be installed")

    monkeypatch.setattr(torch.cuda, "utilization", missing)
    health = Health(GPU, drawings_per_step=8, steps_per_epoch=9)
    for _ in range(2):
        assert "time/gpu_use" not in steps(health, clock, 5, 0.0, 1.0)
    assert [*health.warnings()] == []
    assert "gpu_use" not in health.summary()


def test_gradients_that_vanish_are_said_once(clock: Clock) -> None:
    health = Health(CPU, drawings_per_step=8, steps_per_epoch=9)
    said: list[str] = []
    for vanished in (0.9, 0.05, 0.5, 0.9):
        steps(health, clock, 5, 0.0, 1.0)
        said += health.warnings(vanished)
    assert said == ["warning: 50% of the gradients vanish in float16 (underflow); try precision=float32"]


def test_memory_is_in_mb() -> None:
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("only Linux says it in two places")
    kilobytes = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    assert peaks_mb(CPU) == {"peak": pytest.approx(kilobytes * 1024 / 1e6, rel=0.01)}


def test_memory_of_which_nobody_can_tell_is_left_out(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    health = Health(CPU, drawings_per_step=8, steps_per_epoch=9)
    assert "memory/peak_mb" not in steps(health, clock, 5, 0.0, 1.0)
    assert "peak_memory_mb" not in health.summary()


def test_a_run_logs_and_keeps_its_health(doodles: Path, tmp_path: Path) -> None:
    result = run(tiny(doodles, tmp_path))
    curves = {}
    for name in ("time/drawings_per_second", "time/step_seconds", "time/data_share", "memory/peak_mb"):
        curves[name] = rows(tmp_path / "run", name)
        assert list(curves[name]) == [5, 10, 15, 20]
    assert result["step_seconds"] == pytest.approx(sum(curves["time/step_seconds"].values()) / 4, abs=1e-6)
    assert 0 < result["data_share"] < 1
    assert result["peak_memory_mb"] >= max(curves["memory/peak_mb"].values()) - 0.1
    assert "time/gpu_use" not in json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[0])
    assert "gpu_use" not in result


def test_a_run_that_starves_says_so_once(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Batches made a hundred times over are slow ones."""
    step = Batches.step
    monkeypatch.setattr(Batches, "step", lambda self, n: [step(self, n) for _ in range(100)].pop())
    run(tiny(doodles, tmp_path))
    assert capsys.readouterr().out.count("training waits") == 1


def test_a_run_without_a_step_has_no_time_a_step(doodles: Path, tmp_path: Path) -> None:
    result = run(tiny(doodles, tmp_path, max_minutes=0.0))
    assert "step_seconds" not in result
    assert result["peak_memory_mb"] > 0
