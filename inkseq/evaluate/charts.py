"""Curves of a recogniser: how sure against how right, how much it answers, how early it knows."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from inkseq.evaluate.calibration import Bins
from inkseq.evaluate.early import Early
from inkseq.evaluate.trust import Curve
from inkseq.plots import BLUE, GREY, ORANGE

Array = NDArray[Any]

SIZE = (5.2, 3.6)  # inches; a phone shows it at two thirds


def reliability_chart(as_said: Bins, calibrated: Bins | None) -> Figure:
    """How often it was right, of drawings about which it was equally sure; on the dotted line sureness is honest."""
    figure, axes = _chart("how sure it was", "how often it was right", "Is it as right as it is sure?")
    axes.plot([0, 1], [0, 1], ":", color=GREY, label="honest")
    for bins, color, name in ((as_said, BLUE, "as it says"), (calibrated, ORANGE, "with its temperature")):
        if bins is None:
            continue
        some = bins.count > 0
        size = 8 + 120 * np.sqrt(bins.count[some] / bins.count.sum())
        axes.plot(bins.confidence[some], bins.right[some], color=color, linewidth=1, alpha=0.6)
        axes.scatter(bins.confidence[some], bins.right[some], size, color=color, label=name, alpha=0.85)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    return figure


def coverage_chart(curve: Curve) -> Figure:
    """How right it is on the drawings that it is surest about, the more of them the further right."""
    figure, axes = _chart("share answered, the surest first", "of those right", "Fewer answers, better ones")
    marker = "." if len(curve.coverage) < 10 else ""
    axes.plot(curve.coverage, curve.accuracy, color=BLUE, linewidth=2, marker=marker)
    low = float(curve.accuracy.min())
    axes.set(ylim=(max(0.0, min(low - 0.15 * (1 - low), 0.9)), 1.005))
    return figure


def early_charts(seen: Early) -> tuple[Figure, Figure]:
    """How right it is after so much of a drawing: by its points, and by its strokes."""
    by_points, axes = _chart("share of the points drawn", "right", "By points")
    _early(axes, seen.share_S, seen.top1_S, seen.top3_S)
    axes.plot(seen.share_S, seen.known_S, ":", color=BLUE, label="at first guess, and stays so")
    by_strokes, others = _chart("strokes drawn (who has fewer is finished)", "right", "By strokes", percent_x=False)
    _early(others, np.arange(1, len(seen.top1_X) + 1), seen.top1_X, seen.top3_X)
    others.set(xlim=(0.5, max(len(seen.top1_X), 2) + 0.5))
    others.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="best", frameon=False, fontsize=9)
    return by_points, by_strokes


def _early(axes: Axes, much_X: Array, top1_X: Array, top3_X: Array) -> None:
    axes.plot(much_X, top3_X, ".-", color=ORANGE, label="among three guesses")
    axes.plot(much_X, top1_X, ".-", color=BLUE, label="at first guess")
    axes.set(ylim=(0, 1.02))


def _chart(x: str, y: str, title: str, percent_x: bool = True) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE)
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set(xlabel=x, ylabel=y)
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    if percent_x:
        axes.set(xlim=(-0.01, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.grid(color="#e6e8ec", linewidth=0.7)
    return figure, axes
