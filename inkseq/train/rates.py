"""Which learning rate to train with: steps on a copy, each at a higher rate, and what their losses say."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.ticker import StrMethodFormatter
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.config import FindLrConfig
from inkseq.data.batches import Batches
from inkseq.errors import UserError
from inkseq.plots import BLUE, GREY, ORANGE, chart, save
from inkseq.train.diagnostics import memory_explained
from inkseq.train.learner import Learner

GREEN = "#2b8a3e"
SMOOTHING = 0.95  # of the average that the losses are read by
UNREAD = 0.1  # of the steps: an average of few losses is none
EXPLODED = 1.25  # times the best: more is no noise. Behind it a network can look well again that only guesses
VALLEY_SHARE = 2 / 3  # of the way down, in steps
NOISE = 4.0  # standard errors that a loss has to fall by, to have fallen


@dataclass(frozen=True)
class Trial:
    """The losses of steps at rising rates, as they came and smoothed, until they exploded."""

    rate_N: NDArray[np.float64]
    loss_N: NDArray[np.float64]
    smooth_N: NDArray[np.float64]
    begin: int  # where reading begins

    @property
    def down(self) -> slice:
        """The way down: from where reading begins to the lowest loss."""
        lowest = int(self.smooth_N[self.begin :].argmin()) if len(self.smooth_N) > self.begin else 0
        return slice(self.begin, self.begin + lowest + 1)


class Suggestions(NamedTuple):
    """Two readings of a trial. Both err on the low side, so the higher one is to be taken."""

    steepest: float
    valley: float

    @property
    def recommended(self) -> float:
        return max(self.steepest, self.valley)


def check(config: FindLrConfig) -> None:
    if not 0 < config.low < config.high < math.inf:
        raise UserError(f"low={config.low:g} high={config.high:g}: rates go up from low to high, both above 0")
    if config.steps < 20:
        raise UserError(f"steps={config.steps}: a curve takes 20 at least")


def try_rates(learner: Learner, batches: Batches, config: FindLrConfig) -> Trial:
    """Steps on a copy of the learner, which stays as it is, as do the generators."""
    rates = np.geomspace(config.low, config.high, config.steps)
    losses: list[float] = []
    smooth: list[float] = []
    average, best = 0.0, math.inf
    with torch.random.fork_rng([learner.device] if learner.device.type == "cuda" else []):
        for loss in _losses(copy.deepcopy(learner), batches, rates.tolist()):
            losses.append(loss)
            average = SMOOTHING * average + (1 - SMOOTHING) * loss
            smooth.append(average / (1 - SMOOTHING ** len(losses)))  # corrected for having begun at 0
            if len(losses) > config.steps * UNREAD:
                best = min(best, smooth[-1])
                if smooth[-1] > EXPLODED * best:
                    break
    return Trial(rates[: len(losses)], np.array(losses), np.array(smooth), round(config.steps * UNREAD))


def _losses(learner: Learner, batches: Batches, rates: list[float]) -> Iterator[float]:
    """The loss before a step at each rate, until it is no number."""
    for step, rate in enumerate(tqdm(rates, unit="step", leave=False, disable=None)):
        with memory_explained(learner.config):
            loss = learner.learn(step, batches.step(step), rate)[0].item()
        if not math.isfinite(loss):
            if step == 0:
                raise UserError("the loss is not finite before any weight has changed; try precision=float32")
            return
        yield loss


def suggest_rates(trial: Trial) -> Suggestions | None:
    """Rates from the way down to the lowest loss; None where the loss never falls by more than its noise."""
    rate_M, loss_M, smooth_M = (values[trial.down] for values in (trial.rate_N, trial.loss_N, trial.smooth_N))
    if len(smooth_M) < 3:
        return None
    last = slice(-max(len(smooth_M) // 4, 3), None)  # losses scatter more once something is learnt
    error = (loss_M - smooth_M)[last].std() * math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))  # of the average
    if smooth_M.max() - smooth_M[-1] <= NOISE * error:
        return None
    return Suggestions(float(rate_M[steepest(smooth_M)]), float(rate_M[valley(smooth_M)]))


def steepest(smooth_M: NDArray[np.float64]) -> int:
    """The middle of the stretch, a tenth of the curve long, over which it falls most: single steps are noise."""
    width = max(len(smooth_M) // 10, 1)
    return int((smooth_M[:-width] - smooth_M[width:]).argmax()) + width // 2


def valley(smooth_M: NDArray[np.float64]) -> int:
    """Two thirds into the longest descent: the most points in order each of which is lower than the one before."""
    length_M, first_M = np.ones(len(smooth_M), int), np.arange(len(smooth_M))
    for i in range(1, len(smooth_M)):
        before = np.where(smooth_M[:i] > smooth_M[i], length_M[:i], 0)
        longest = int(before.argmax())
        if before[longest]:
            length_M[i], first_M[i] = before[longest] + 1, first_M[longest]
    end = int(length_M.argmax())
    first = int(first_M[end])
    return first + round(VALLEY_SHARE * (end - first))


def draw_trial(trial: Trial, suggestions: Suggestions | None, about: str, path: Path) -> None:
    """A PNG of the loss over the rate, with the suggestions; an exploding end is cut off, for the valley to be seen."""
    figure, axes = chart(9, 4.5)
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
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    verdict = "" if suggestions else ": the loss never falls by more than its noise"
    figure.suptitle(f"{about}{verdict}", x=0.01, ha="left")
    save(figure, path)
