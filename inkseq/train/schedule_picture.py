"""The learning rate over the steps of a run: as numbers and as a picture."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import StrMethodFormatter
from numpy.typing import NDArray

from inkseq.config import TrainConfig
from inkseq.data.batches import batch_of
from inkseq.data.packed import Packed
from inkseq.data.sampling import make_sampler
from inkseq.devices import ALONE
from inkseq.plots import BLUE, GREY, ORANGE, chart, save
from inkseq.tables import table
from inkseq.train.durations import Plan, plan_steps, says_minutes, time_a_step
from inkseq.train.learner import set_up
from inkseq.train.optim import learning_rate

POINTS = 2000  # of a curve; a longer run is drawn with as many


class Course(NamedTuple):
    """The rate of the step that follows so many others, at steps close enough for a curve, the highest among them."""

    step_N: NDArray[np.int64]
    rate_N: NDArray[np.float64]

    @property
    def highest(self) -> tuple[int, float]:
        at = int(self.rate_N.argmax())
        return int(self.step_N[at]), float(self.rate_N[at])


def plan_run(config: TrainConfig, data: Packed) -> Plan:
    """The plan inkseq.train would make. Only where a duration is in minutes is anything trained, to time a step."""
    seconds = time_a_step(*set_up(config, data, ALONE)[:2]) if says_minutes(config) else None
    return plan_steps(config, len(make_sampler(config, data)), seconds)


def follow_schedule(plan: Plan, config: TrainConfig) -> Course:
    """The rate over the run; schedules bend only at the ends of the warm-up and of the run."""
    corners = [plan.warmup - 1, plan.warmup]
    step_N = np.unique([*np.linspace(0, plan.total - 1, POINTS, dtype=int), *corners])
    step_N = step_N[step_N < plan.total]
    rates = [learning_rate(step, plan.total, plan.warmup, config.optim) for step in step_N.tolist()]
    return Course(step_N, np.array(rates))


def evaluations(plan: Plan, data: Packed) -> NDArray[np.int64]:
    """The numbers of steps after which val is evaluated; the end is always one."""
    if not data.split("val"):
        return np.empty(0, int)
    return np.append(np.arange(plan.evaluate_every, plan.total, plan.evaluate_every), plan.total)


def schedule_table(plan: Plan, config: TrainConfig, data: Packed) -> str:
    """One row with what the picture shows."""
    course = follow_schedule(plan, config)
    step, rate = course.highest
    row = {
        "steps": plan.total,
        "epochs": f"{round(plan.total / plan.steps_per_epoch, 2):g}",
        "warm-up": plan.warmup,
        "highest rate": f"{rate:.3g}",
        "at step": step,
        "last rate": f"{course.rate_N[-1]:.3g}",
        "evaluations": len(evaluations(plan, data)),
    }
    return table([*row], [[*row.values()]])


def draw_schedule(plan: Plan, config: TrainConfig, data: Packed, path: Path) -> None:
    """A PNG of the rate over steps and epochs with the warm-up, the highest rate and the evaluations."""
    course = follow_schedule(plan, config)
    step, rate = course.highest
    warmup = min(plan.warmup, plan.total)
    figure, axes = chart(9, 4.5)
    axes.axvspan(0, warmup, color=ORANGE, alpha=0.12, linewidth=0, label=f"warm-up, {warmup:,} steps")
    axes.plot(course.step_N, course.rate_N, color=BLUE, linewidth=2, label="learning rate")
    axes.plot(step, rate, "o", color=BLUE, label=f"highest, {rate:.3g} at step {step:,}")
    at = evaluations(plan, data)
    shown = at[:: -(-len(at) // POINTS)] if len(at) else at
    below = axes.get_xaxis_transform()
    axes.vlines(shown, 0, 0.04, GREY, linewidth=1, transform=below, zorder=1, label=f"evaluations, {len(at):,}")
    axes.set(xlabel="steps", ylabel="learning rate", xlim=(0, plan.total))
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    epoch = plan.steps_per_epoch
    scales = (lambda step: np.divide(step, epoch), lambda epochs: np.multiply(epochs, epoch))
    axes.secondary_xaxis("top", functions=scales).set_xlabel("epochs")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    words = f"{config.optim.schedule.name}, {config.duration} with batches of {batch_of(config)}"
    figure.suptitle(f"{words} on {data.path.name}", x=0.01, ha="left")
    save(figure, path)
