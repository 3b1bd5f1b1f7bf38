"""The finder finds the valley of a curve, says so where there is none, and leaves everything as it was."""

import copy
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from numpy.typing import NDArray

from inkseq.config import FindLrConfig, TrainConfig
from inkseq.data.packed import open_strokes
from inkseq.devices import ALONE
from inkseq.errors import UserError
from inkseq.find_lr import run as find_lr
from inkseq.train.learner import Learner, set_up
from inkseq.train.rates import Suggestions, Trial, steepest, suggest_rates, try_rates, valley
from tests.train.tiny import run, tiny

TINY = ["batch_size=32", "device=cpu", "precision=float32", "augment=none", "name=a"]
TINY += [
    "model=plain",
    "model.channels=[12]",
    "model.kernels=[3]",
    "model.hidden=12",
    "model.layers=1",
    "model.norm=batch",
]


def trial(smooth_N: NDArray[np.float64], noise: float = 0.0) -> Trial:
    rates = np.geomspace(1e-6, 1, len(smooth_N))
    scatter = np.random.default_rng(0).normal(0, noise, len(smooth_N))
    return Trial(rates, smooth_N + scatter, smooth_N, len(smooth_N) // 10)


def test_both_readings_of_a_curve_whose_answer_is_known() -> None:
    log_rate = np.linspace(-6, 0, 301)
    curve = 3 - 1 / (1 + np.exp(-4 * (log_rate + 3.5))) + 2 * np.exp(8 * (log_rate + 1.5))  # falls about 10^-3.5
    found = suggest_rates(trial(curve))
    assert found is not None
    assert np.log10(found.steepest) == pytest.approx(-3.5, abs=0.15)
    start, end = -5.4, log_rate[curve.argmin()]  # falls from the first that is read to the lowest
    assert np.log10(found.valley) == pytest.approx(start + 2 / 3 * (end - start), abs=0.05)
    assert found.recommended == max(found.steepest, found.valley)


def test_the_longest_descent_steps_over_noise() -> None:
    smooth = np.array([5.0, 6, 5, 4, 9, 3, 2, 8, 1, 0, 7, 6])
    assert valley(smooth) == 6  # 6 5 4 . 3 2 . 1 0: from 1 to 9, two thirds in
    assert steepest(np.array([9.0, 8, 7, 3, 2])) == 2


@pytest.mark.parametrize("curve", [np.full(100, 2.0), np.linspace(2, 3, 100)])
def test_a_curve_that_never_falls_suggests_nothing(curve: NDArray[np.float64]) -> None:
    assert suggest_rates(trial(curve, noise=0.1)) is None


def test_a_fall_within_the_noise_is_none() -> None:
    curve = np.linspace(2.0, 1.95, 100)
    assert suggest_rates(trial(curve, noise=0.01)) is not None
    assert suggest_rates(trial(curve, noise=0.3)) is None


def start(config: TrainConfig) -> tuple[Any, Learner]:
    batches, learner, _ = set_up(config, open_strokes(config.data), ALONE)
    for step in range(3):  # that the optimiser has something to remember
        learner.learn(step, batches.step(step), 0.01)
    return batches, learner


def test_everything_is_as_before_to_the_bit(doodles: Path, tmp_path: Path) -> None:
    batches, learner = start(tiny(doodles, tmp_path, ema=0.9))
    torch.manual_seed(123)
    before = copy.deepcopy(learner.state())
    generators = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]
    threads, training = torch.get_num_threads(), learner.model.training
    tried = try_rates(learner, batches, FindLrConfig(steps=30))
    assert not np.allclose(tried.loss_N[0], tried.loss_N[-1])
    after = learner.state()
    for part in ("model", "average"):
        for name, value in before[part].items():
            assert torch.equal(value, after[part][name]), name
    for number, moments in before["optimizer"]["state"].items():
        for name, value in moments.items():
            assert torch.equal(value, after["optimizer"]["state"][number][name]), name
    assert before["optimizer"]["param_groups"] == after["optimizer"]["param_groups"]
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert np.array_equal(np.random.get_state()[1], generators[1])  # type: ignore[index]
    assert (torch.get_num_threads(), learner.model.training) == (threads, training)
    assert all(parameter.grad is None for parameter in learner.model.parameters())


def test_rates_rise_evenly_and_stop_where_the_loss_explodes(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, learner = start(tiny(doodles, tmp_path))
    seen: list[float] = []

    def learn(self: Learner, step: int, groups: object, rate: float) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(rate)
        return torch.tensor(1.0 if rate < 0.01 else 9.0), torch.zeros(())

    monkeypatch.setattr(Learner, "learn", learn)
    tried = try_rates(learner, batches, FindLrConfig(low=1e-6, high=1, steps=61))
    np.testing.assert_allclose(seen, 10 ** (-6 + 0.1 * np.arange(41)), rtol=1e-9)
    np.testing.assert_allclose(tried.smooth_N[:-1], 1.0)  # corrected for its beginning
    assert len(tried.loss_N) == 41

    monkeypatch.setattr(Learner, "learn", lambda *_: (torch.tensor(torch.nan), torch.zeros(())))
    with pytest.raises(UserError, match="not finite before any weight has changed"):
        try_rates(learner, batches, FindLrConfig())


def test_a_rate_to_paste_and_a_picture_and_nothing_else(
    doodles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    find_lr(FindLrConfig(steps=60), [f"data={doodles}", *TINY])
    out, err = capsys.readouterr()
    assert out.startswith("plain, batches of 32, adamw, on packed\n")
    (line,) = (line for line in out.splitlines() if line.startswith("optim.lr="))
    assert 1e-4 < float(line.removeprefix("optim.lr=")) < 0.3  # 0.02 is known to learn
    assert "step/s" not in err  # no bar where nobody looks
    assert imread("runs/a-find_lr.png").shape[:2] == (495, 990)
    assert [path.name for path in tmp_path.rglob("*")] == ["runs", "a-find_lr.png"]


def test_it_takes_what_training_takes(doodles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tiny(doodles, tmp_path))
    frozen = [f"data={doodles}", *TINY, f"init_from={tmp_path / 'run'}", "freeze=true", "micro_batch=20"]
    find_lr(FindLrConfig(steps=60, out=str(tmp_path / "frozen.png"), low=1e-4, high=10), frozen)
    assert "optim.lr=" in capsys.readouterr().out
    tutorial = [f"data={doodles}", "model=tutorial", "model.hidden=8", "model.layers=1", "device=cpu"]
    find_lr(FindLrConfig(steps=60, out=str(tmp_path / "tutorial.png")), tutorial)
    assert "tutorial, batches of 8, adam, on packed" in capsys.readouterr().out
    assert (tmp_path / "tutorial.png").exists()


def test_no_suggestion_is_an_error_with_a_picture(doodles: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"never falls by more than its noise \(.*a.png\); .* try steps=90"):
        find_lr(FindLrConfig(steps=30, low=1e-9, high=1e-8, out=str(tmp_path / "a.png")), [f"data={doodles}", *TINY])
    assert (tmp_path / "a.png").exists()


def test_a_loss_that_explodes_at_once_is_no_crash(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, torch.nan])
    monkeypatch.setattr(Learner, "learn", lambda *_: (torch.tensor(next(losses)), torch.zeros(())))
    with pytest.raises(UserError, match="never falls"):
        find_lr(FindLrConfig(out=str(tmp_path / "a.png")), [f"data={doodles}", *TINY])
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("config", "words", "expected"),
    [
        (FindLrConfig(low=1, high=0.1), [], "low=1 high=0.1: rates go up"),
        (FindLrConfig(low=0), [], "low=0 high=1: rates go up"),
        (FindLrConfig(steps=19), [], "steps=19: a curve takes 20 at least"),
        (FindLrConfig(), ["batch_size=1000"], "batch_size=1000, but"),
        (FindLrConfig(), ["hihg=1"], "'hihg'; .*'high'"),
    ],
)
def test_mistakes_are_said_in_a_line(doodles: Path, config: FindLrConfig, words: list[str], expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        find_lr(config, [f"data={doodles}", *TINY, *words])


@pytest.mark.slow
def test_ctrl_c_ends_it_with_130_and_leaves_nothing(doodles: Path, tmp_path: Path) -> None:
    slow = "import inkseq.train.learner as l; learn = l.Learner.learn\n"
    slow += "def said(*words): print('step', flush=True); return learn(*words)\nl.Learner.learn = said\n"
    slow += "import runpy; runpy.run_module('inkseq.find_lr', run_name='__main__')"
    process = subprocess.Popen(
        [sys.executable, "-c", slow, f"data={doodles}", *TINY, "steps=1000000", "low=1e-9", "high=1e-8"], cwd=tmp_path,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    assert said[1:] == ["1000000 steps at rates from 1e-09 to 1e-08\n", "step\n"]
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (130, "inkseq: stopped.\n")
    assert [*tmp_path.iterdir()] == []


def test_the_higher_reading_is_recommended() -> None:
    assert Suggestions(1e-3, 2e-4).recommended == Suggestions(2e-4, 1e-3).recommended == 1e-3
