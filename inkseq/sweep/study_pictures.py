"""Pictures of a study: how it went, which settings mattered, how they go together, what it costs to be better."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna.distributions import CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from inkseq.plots import BLUE, GREY, ORANGE, chart, save
from inkseq.sweep.study import SMALLER_IS_BETTER, Account

SCALE = colormaps["viridis"]
ENOUGH = 4  # complete trials, for the pictures of what mattered
RELIABLE = 50  # complete trials, for how much it mattered to be more than a hint
AMONG_BETTER = 5  # trials that PED-ANOVA should have to tell from the others


def draw(
    study: optuna.Study, trials: Sequence[Account], goals: Sequence[str], keys: Sequence[str], folder: Path
) -> list[str]:
    """Write the pictures there is something to see in; returns their names."""
    complete = [one for one in trials if one.state == "complete"]
    figures: dict[str, Figure] = {}
    if len(goals) == 1:
        figures["history"] = history(trials, goals[0])
        figures["learning"] = learning(trials, goals[0])
    else:
        figures["pareto"] = pareto(study, complete, goals)
    if len(complete) >= ENOUGH:
        if decided := importance(study, goals, len(complete)):
            figures["importance"] = decided
        figures["parallel"] = parallel(complete, goals[0], keys)
    for name, figure in figures.items():
        save(figure, folder / f"{name}.png")
    return [f"{name}.png" for name in figures]


def history(trials: Sequence[Account], goal: str) -> Figure:
    """Every trial where it ended, and the best so far."""
    figure, axes = chart(8, 4.5)
    complete = [(one.number, one.last.values[0]) for one in trials if one.state == "complete"]
    pruned = [(one.number, one.last.value) for one in trials if one.state == "pruned" and one.last.value is not None]
    failed = [one.number for one in trials if one.state == "failed"]
    best_of = np.minimum if goal in SMALLER_IS_BETTER else np.maximum
    if complete:
        number, value = np.array(complete).T
        number, value = np.append(number, trials[-1].number), np.append(value, value[-1])
        axes.step(number, best_of.accumulate(value), where="post", color=ORANGE, linewidth=1.5, label="best so far")
        axes.plot(number[:-1], value[:-1], "o", color=BLUE, markersize=5, label="complete")
    if pruned:
        axes.plot(*np.array(pruned).T, "o", color=GREY, mfc="none", markersize=4, label="pruned, where it ended")
    if failed:
        axes.plot(failed, [axes.get_ylim()[0]] * len(failed), "x", color="black", label="failed", clip_on=False)
    axes.set(xlabel="trial", ylabel=f"{goal} on val")
    axes.set_title("How the search went", loc="left")
    axes.legend(frameon=False, loc="lower right")
    return figure


def learning(trials: Sequence[Account], goal: str) -> Figure:
    """The curves of all trials: the complete ones in colour, the pruned ones grey to where they ended."""
    figure, axes = chart(8, 4.5)
    shown = sorted(trials, key=lambda one: (one.state == "complete", (one.last.values or [0])[0]))
    complete = [one for one in shown if one.state == "complete"]
    for one in shown:
        steps, values = list(one.last.intermediate_values), list(one.last.intermediate_values.values())
        if one.state == "complete":
            color = SCALE(complete.index(one) / max(len(complete) - 1, 1))
            axes.plot(steps, values, color=color, linewidth=1.5)
        elif steps:
            axes.plot(steps, values, color=GREY, linewidth=0.8)
            axes.plot(steps[-1], values[-1], "o", color=GREY, markersize=3)
    axes.set(xlabel="evaluation", ylabel=f"{goal} on val")
    axes.set_title("Complete trials in colour, pruned ones grey", loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def importance(study: optuna.Study, goals: Sequence[str], count: int) -> Figure | None:
    """Which settings decided whether a trial was among the better ones: a tenth, or of few trials more of them.

    None where none is better than the others.
    """
    better = min(max(0.1, AMONG_BETTER / count), 0.5)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Target and region quantiles select the same set")
        warnings.filterwarnings("ignore", "Some regimes for parameter")  # of few trials, which the title says
        try:
            shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=better))
        except UserWarning:
            return None
    figure, axes = chart(8, 1.2 + 0.3 * len(shares))
    rows = range(len(shares), 0, -1)
    axes.barh(rows, list(shares.values()), color=BLUE, height=0.7)
    for row, share in zip(rows, shares.values(), strict=True):
        axes.text(share, row, f" {share:.0%}", va="center", fontsize=8)
    axes.set_yticks(rows, list(shares))
    title = f"How much each setting decided {' and '.join(goals)}, by {count} complete trials"
    axes.set_title(title + (": a hint" if count < RELIABLE else ""), loc="left")
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    return figure


def parallel(complete: Sequence[Account], goal: str, keys: Sequence[str]) -> Figure:
    """A line a trial through all its settings, the best ones strong: where they bundle, a setting matters."""
    distributions = {key: value for one in complete for key, value in one.last.distributions.items()}
    keys = [key for key in keys if key in distributions]
    figure, axes = chart(2 + 1.35 * (len(keys) + 1), 4.8)
    sign = -1 if goal in SMALLER_IS_BETTER else 1
    complete = sorted(complete, key=lambda one: sign * one.last.values[0])  # the best are drawn last, over the others
    values = np.array([one.last.values[0] for one in complete])
    columns = [[_place(distributions[key], one.last.params.get(key)) for one in complete] for key in keys]
    low, high = values.min(), values.max()
    columns.append(list((values - low) / max(high - low, 1e-12)))
    heights = np.array(columns, dtype=float).T
    lines = [np.column_stack([np.arange(len(line)), line]) for line in heights]
    colors = [(*SCALE(rank)[:3], 0.25 + 0.75 * rank**2) for rank in np.linspace(0, 1, len(lines))]
    axes.add_collection(LineCollection(lines, colors=colors, linewidths=1.6))
    for column, key in enumerate(keys):
        _ruler(axes, column, distributions[key])
    for height in (0.0, 0.5, 1.0):
        _tick(axes, len(keys), height, f"{low + height * (high - low):.4g}")
    for column in range(len(keys) + 1):
        axes.axvline(column, color="black", linewidth=0.8)
    axes.set(xlim=(-0.5, len(keys) + 0.75), ylim=(-0.06, 1.06), yticks=[])
    axes.set_xticks(range(len(keys) + 1), [*(key.replace(".", ".\n") for key in keys), goal], fontsize=8)
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("The complete trials through their settings, the best ones lightest", loc="left")
    return figure


def _place(distribution: Any, value: Any) -> float:
    """Where a value lies between 0 and 1; nowhere for a setting the trial did not have."""
    if value is None:
        return np.nan
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices.index(value) / max(len(distribution.choices) - 1, 1)
    low, high, value = (np.log(x) if distribution.log else x for x in (distribution.low, distribution.high, value))
    return float((value - low) / (high - low)) if high > low else 0.5


def _ruler(axes: Axes, column: int, distribution: Any) -> None:
    """What the heights of one column stand for."""
    has_choices = isinstance(distribution, CategoricalDistribution)
    for mark in distribution.choices if has_choices else (distribution.low, distribution.high):
        _tick(axes, column, _place(distribution, mark), str(mark) if has_choices else f"{mark:g}")


def _tick(axes: Axes, column: int, height: float, label: str) -> None:
    backed = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5}
    axes.text(column + 0.04, height, label, fontsize=7, va="center", bbox=backed, zorder=3)


def pareto(study: optuna.Study, complete: Sequence[Account], goals: Sequence[str]) -> Figure:
    """What the first goal costs in the second: a trial that no other beats in all goals is on the line."""
    figure, axes = chart(8, 4.5)
    front = {trial.number for trial in study.best_trials}
    best = sorted((one for one in complete if one.last.number in front), key=lambda one: one.last.values[1])
    x, y = ([one.last.values[i] for one in complete] for i in (1, 0))
    best_x, best_y = ([one.last.values[i] for one in best] for i in (1, 0))
    axes.plot(x, y, "o", color=GREY, mfc="none", label="complete")
    axes.plot(best_x, best_y, "o-", color=ORANGE, label="not beaten")
    for one, at_x, at_y in zip(best, best_x, best_y, strict=True):
        axes.annotate(f"{one.number:03d}", (at_x, at_y), (4, 4), textcoords="offset points", fontsize=8)
    axes.set(xlabel=goals[1], ylabel=goals[0])
    axes.set_title(f"What {goals[0]} costs", loc="left")
    axes.legend(frameon=False)
    return figure
