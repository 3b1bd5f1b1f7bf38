"""The picture of a trial of learning rates."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from inkseq.plots import BLUE, GREY, ORANGE, save
from inkseq.train.rates import Suggestions, Trial

GREEN = "#2b8a3e"


def draw_trial(trial: Trial, suggestions: Suggestions | None, about: str, path: Path) -> None:
    """A PNG of the loss over the rate, with the suggestions; an exploding end is cut off, for the valley to be seen."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(trial.rate_N, trial.loss_N, color=GREY, alpha=0.35, linewidth=1, label="loss of a batch")
    axes.plot(trial.rate_N, trial.smooth_N, color=BLUE, linewidth=2, label="smoothed")
    if suggestions:
        for name, rate, color in (("steepest", suggestions.steepest, GREEN), ("valley", suggestions.valley, ORANGE)):
            chosen = "  (recommended)" if rate == suggestions.recommended else ""
            axes.axvline(rate, color=color, linestyle="--", linewidth=1.5, label=f"{name}: {rate:.1e}{chosen}")
    read = trial.smooth_N[trial.down]
    if len(read):
        height = max(float(read.max() - read.min()), 0.02)
        axes.set_ylim(read.min() - 0.5 * height, read.max() + 0.8 * height)
    axes.set(xscale="log", xlabel="learning rate", ylabel="training loss")
    axes.margins(x=0)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # the usual 10^-3 needs the parsing of math
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    verdict = "" if suggestions else ": the loss never falls by more than its noise"
    figure.suptitle(f"{about}{verdict}", x=0.01, ha="left")
    save(figure, path)
