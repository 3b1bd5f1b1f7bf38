"""Durations as people say them, as steps. The loop counts in nothing else."""

import copy
import re
import time
from dataclasses import dataclass, replace

from inkseq.config import TrainConfig
from inkseq.data.batches import Batches, batch_of
from inkseq.errors import UserError
from inkseq.train.diagnostics import memory_explained
from inkseq.train.graphs import Steps, choose_steps
from inkseq.train.learner import Learner

TRIAL_STEPS = 16
UNITS = "epochs, steps, drawings, minutes or %"


def to_steps(
    text: str,
    steps_per_epoch: int,
    drawings_per_epoch: int,
    step_seconds: float | None = None,
    total: int | None = None,
) -> int:
    """`20 epochs`, `1000 steps`, `1e6 drawings`, `7 minutes`, `10%` (of `total`): at least one step."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e\+?[0-9]+)?)\s*(epoch|step|drawing|minute|%)s?\s*", text)
    if match is None or match[1].count(".") > 1:
        raise UserError(f"'{text}' is no duration: say a number and {UNITS}")
    number, unit = float(match[1]), match[2]
    if unit == "%" and total is None:
        raise UserError(f"'{text}': a share of what? say {UNITS.replace(' or %', '')}")
    steps = {
        "step": number,
        "epoch": number * steps_per_epoch,
        "drawing": number * steps_per_epoch / drawings_per_epoch,
        "minute": number * 60 / (step_seconds or 1),
        "%": number / 100 * (total or 1),
    }
    return max(1, round(steps[unit]))


@dataclass(frozen=True)
class Plan:
    """The whole run in steps."""

    total: int
    warmup: int
    evaluate_every: int
    log_every: int
    steps_per_epoch: int
    drawings_per_step: float  # on average: an epoch's last batch is what is left
    step_seconds: float | None  # where a duration is in minutes


def make_plan(config: TrainConfig, batches: Batches, learner: Learner, step_seconds: float | None) -> Plan:
    """Turn the config's durations into steps, timing some where minutes are asked for."""
    if step_seconds is None and says_minutes(config):
        step_seconds = time_a_step(batches, learner)
    return plan_steps(config, len(batches.sampler), step_seconds)


def says_minutes(config: TrainConfig) -> bool:
    return any("minute" in text for text in _durations(config))


def plan_steps(config: TrainConfig, drawings: int, step_seconds: float | None) -> Plan:
    """The config's durations in steps, of epochs of so many drawings."""
    duration, *others = _durations(config)
    steps_per_epoch = -(-drawings // batch_of(config))
    total = to_steps(duration, steps_per_epoch, drawings, step_seconds)
    warmup, evaluate_every, log_every = (
        to_steps(text, steps_per_epoch, drawings, step_seconds, total) for text in others
    )
    per_step = drawings / steps_per_epoch
    return Plan(total, warmup, evaluate_every, log_every, steps_per_epoch, per_step, step_seconds)


def keep_to_time(plan: Plan, config: TrainConfig, step: int, seconds: float) -> Plan:
    """Where the whole is to last minutes: with as many steps as those hold, going by how long the first ones took.

    A few steps tried before a run do not tell it: other work on the machine comes and goes, and evaluations take time.
    """
    if "minute" not in config.duration:
        return plan
    step_seconds = seconds / step
    total = to_steps(config.duration, 1, 1, step_seconds)  # minutes know no epochs
    return replace(plan, total=max(total, step + 1), step_seconds=step_seconds)


def _durations(config: TrainConfig) -> tuple[str, ...]:
    return config.duration, config.optim.warmup, config.evaluate, config.log


def time_a_step(batches: Batches, learner: Learner) -> float:
    """Seconds of a step, tried on a copy. A GPU takes the same steps thrice, since it captures the second of a kind."""
    steps = choose_steps(batches, copy.deepcopy(learner))
    for _ in range(3 if learner.device.type == "cuda" else 1):
        timed = [seconds_of(step, steps, learner.config) for step in range(TRIAL_STEPS)][TRIAL_STEPS // 4 :]
    return learner.ranks.largest(sum(timed) / len(timed), learner.device)  # ranks must plan the same steps


def seconds_of(step: int, steps: Steps, config: TrainConfig) -> float:
    """How long a step takes that nothing is learnt in."""
    start = time.perf_counter()
    with memory_explained(config):
        steps.learn(step, steps.fetch(step), 0.0)[0].item()
    return time.perf_counter() - start
