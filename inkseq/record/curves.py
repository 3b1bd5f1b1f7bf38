"""The curves of runs, laid over each other: one colour a group, a thin line a run, a thick one their mean."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter
from numpy.typing import NDArray

from inkseq.plots import GREY, save
from inkseq.record.finished import Finished
from inkseq.record.names import short_names
from inkseq.record.results import Row

Floats = NDArray[np.float64]

DRAWINGS, MINUTES = "drawings seen in training", "minutes"
PANELS = (
    ("val: right at first guess (top-1)", "val/top1", DRAWINGS),
    ("the same by the clock", "val/top1", MINUTES),
    ("val: loss", "val/loss", DRAWINGS),
    ("training: loss, label smoothing in it where that is on", "train/loss", DRAWINGS),
)
DISTINCT = 10  # groups that have a colour of their own; more get shades from blue to red, in their order
LEGEND_WIDTH = 110  # letters that fit beside each other


class Curves(NamedTuple):
    """The runs that share a colour, and what they are called."""

    name: str
    runs: Sequence[Finished]


def to_curves(groups: list[list[Finished]], rows: list[Row]) -> list[Curves]:
    """Groups with the names that their rows have, as far as they differ."""
    names = short_names(list(dict.fromkeys(row["group"] for row in rows)))
    return [
        Curves(f"{name} ({len(runs)} seeds)" if len(runs) > 1 else name, runs)
        for name, runs in zip(names, groups, strict=True)
    ]


def draw_curves(groups: Sequence[Curves], heading: str, path: Path) -> None:
    """A PNG with top-1 and losses of all runs; without val there is the training loss alone."""
    columns = max(1, min(len(groups), LEGEND_WIDTH // (max(len(group.name) for group in groups) + 6)))
    rows = -(-len(groups) // columns)
    figure = Figure(figsize=(11, 7.2 + 0.22 * rows))
    several = ": a thin line a seed, a thick one their mean" if any(len(group.runs) > 1 for group in groups) else ""
    figure.suptitle(heading + several, x=0.01, ha="left", fontsize=12)
    with_val = any("val/top1" in row for group in groups for run in group.runs for row in run.logged)
    panels, side = (PANELS, 2) if with_val else (PANELS[-1:], 1)
    for axes, (title, name, over) in zip(figure.subplots(side, side, squeeze=False).flat, panels, strict=True):
        for group, color in zip(groups, _colors(len(groups)), strict=True):
            _draw_group(axes, group.runs, name, over, color)
        _finish(axes, title, name, over)
    lines = [axes.plot([], [], color=color, linewidth=2.5)[0] for color in _colors(len(groups))]
    figure.legend(lines, [g.name for g in groups], loc="outside lower left", ncols=columns, frameon=False, fontsize=9)
    save(figure, path)


def _colors(count: int) -> list[Any]:
    if count <= DISTINCT:
        return [matplotlib.colormaps["tab10"](i) for i in range(count)]
    return [matplotlib.colormaps["turbo"](0.05 + 0.9 * i / (count - 1)) for i in range(count)]


def _curve(run: Finished, name: str) -> tuple[Floats, Floats]:
    """Drawings seen, and a number that was logged then; what was no number is left out."""
    rows = [row for row in run.logged if row.get(name) is not None]
    steps = np.array([row["step"] for row in rows], float)
    return steps * run.drawings_per_step, np.array([row[name] for row in rows], float)


def minutes_at(run: Finished, drawings: Floats) -> Floats:
    """When a run had seen so many: every log holds the rate since the one before, evaluations included."""
    rate = {row["step"]: row["time/drawings_per_second"] for row in run.logged if "time/drawings_per_second" in row}
    seen = np.array([0, *rate], float) * run.drawings_per_step
    seconds = np.diff(seen) / np.array(list(rate.values()), float)
    minutes: Floats = np.interp(drawings, seen, np.concatenate([[0], np.cumsum(seconds)])) / 60
    return minutes


def _draw_group(axes: Axes, runs: Sequence[Finished], name: str, over: str, color: Any) -> None:
    """Thin lines and their mean; a run that is alone is its own mean."""
    curves = [(run, *_curve(run, name)) for run in runs]
    curves = [(run, seen, y) for run, seen, y in curves if len(seen)]
    if not curves:
        return
    if len(curves) > 1:
        for run, seen, y in curves:
            axes.plot(minutes_at(run, seen) if over == MINUTES else seen, y, color=color, linewidth=0.8, alpha=0.5)
    seen, mean = mean_curve([(seen, y) for _, seen, y in curves])
    x = np.mean([minutes_at(run, seen) for run, _, _ in curves], axis=0) if over == MINUTES else seen
    width, dot = (2.2 if len(curves) > 1 else 1.6), ("o" if len(x) == 1 else None)
    axes.plot(x, mean, color=color, linewidth=width, marker=dot, solid_capstyle="round")


def mean_curve(curves: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """The mean of curves at all of their x, as far as every one reaches: later it would be of other runs."""
    begin, end = max(x[0] for x, _ in curves), min(x[-1] for x, _ in curves)
    every = np.unique(np.concatenate([x for x, _ in curves]))
    shared = every[(begin <= every) & (every <= end)]
    return shared, np.mean([np.interp(shared, x, y) for x, y in curves], axis=0)


def _finish(axes: Axes, title: str, name: str, over: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(over, fontsize=9)
    axes.set_xlim(left=0)
    if over == DRAWINGS:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    if name == "val/top1":
        axes.yaxis.set_major_formatter(PercentFormatter(1))  # decimals as close scores need
    axes.grid(color=GREY, alpha=0.2, linewidth=0.6)
    axes.tick_params(labelsize=8, length=0)
