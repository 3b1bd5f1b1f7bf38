"""Curves: when a run was where, and what the mean of several is."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from inkseq.config import TrainConfig
from inkseq.record.curves import Curves, draw_curves, mean_curve, minutes_at
from inkseq.record.finished import Finished


def finished(logged: list[dict[str, float | None]]) -> Finished:
    result = {"steps": 25, "drawings": 25 * 60}
    return Finished(Path("a"), TrainConfig(data="x", batch_size=64), {}, result, list(logged))


def test_time_is_the_sum_of_what_the_steps_took() -> None:
    rates: list[dict[str, float | None]] = [{"step": 10, "time/drawings_per_second": 10}]  # 600 drawings: a minute
    rates += [{"step": 20, "time/drawings_per_second": 5}, {"step": 25, "time/drawings_per_second": 10}]
    minutes = minutes_at(finished(rates), 60 * np.array([0, 5, 10, 15, 25], float))
    assert minutes == pytest.approx([0, 0.5, 1, 2, 3.5])


def test_the_mean_ends_where_a_run_ends() -> None:
    short = np.array([1.0, 3.0]), np.array([0.0, 2.0])
    long = np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 9.0])
    x, y = mean_curve([short, long])
    assert x.tolist() == [1, 2, 3]
    assert y.tolist() == [0.5, 1.5, 3.75]


def test_a_picture_of_many_long_names_and_missing_numbers(tmp_path: Path) -> None:
    lines: list[dict[str, float | None]] = [
        {"step": 10, "train/loss": 2.0, "time/drawings_per_second": 10},
        {"step": 20, "train/loss": None, "time/drawings_per_second": 10},
        {"step": 20, "val/top1": 0.5, "val/loss": None},
    ]
    groups = [Curves(f"hidden={2**i}," * 5, [finished(lines)]) for i in range(12)]
    draw_curves(groups, "many", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_without_val_there_is_the_training_loss_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr("inkseq.record.curves.save", lambda figure, path: figures.append(figure))
    learning: list[dict[str, float | None]] = [{"step": 10, "train/loss": 2.0, "time/drawings_per_second": 10}]
    watched: list[dict[str, float | None]] = [*learning, {"step": 10, "val/top1": 0.5, "val/loss": 1.0}]
    for logged in (learning, watched):
        draw_curves([Curves("a", [finished(logged)])], "one", tmp_path / "curves.png")
    assert [len(figure.axes) for figure in figures] == [1, 4]
    assert all(axes.lines for figure in figures for axes in figure.axes)


def test_scores_that_are_close_have_marks_that_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr("inkseq.record.curves.save", lambda figure, path: figures.append(figure))
    logged: list[dict[str, float | None]] = [
        {"step": step, "val/top1": top1, "time/drawings_per_second": 10} for step, top1 in ((10, 0.99), (20, 0.995))
    ]
    draw_curves([Curves("a", [finished(logged)])], "one", tmp_path / "curves.png")
    axis = figures[0].axes[0].yaxis
    marks = axis.get_major_formatter().format_ticks([0.990, 0.992, 0.994])
    assert len(set(marks)) == 3
