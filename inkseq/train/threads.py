"""With how many threads a CPU trains: on the short steps of a small model one is often faster than all."""

import copy
import os
from statistics import median

import torch

from inkseq.config import TrainConfig
from inkseq.data.batches import Batches
from inkseq.train.durations import seconds_of
from inkseq.train.graphs import EagerSteps
from inkseq.train.learner import Learner

MOST_STEPS, MOST_SECONDS = 8, 1.0  # of trying


def choose_threads(config: TrainConfig, batches: Batches, learner: Learner, before: int | None) -> str:
    """Set how many threads compute, and say so where it was measured. A run goes on with as many as `before`,
    since sums come out otherwise, in their last bits, when they are shared among others.
    """
    if (number := config.threads or before) is not None:
        torch.set_num_threads(number)
    elif learner.device.type == "cpu" and learner.ranks.world == 1 and "OMP_NUM_THREADS" not in os.environ:
        return _measure(batches, learner, torch.get_num_threads())
    return ""


def _measure(batches: Batches, learner: Learner, cores: int) -> str:
    """Try the same steps with one thread and with all by turns, on a copy: other work disturbs both alike."""
    if cores == 1:
        return ""
    trial = EagerSteps(batches, copy.deepcopy(learner))

    def seconds_with(number: int, step: int) -> float:
        torch.set_num_threads(number)
        return seconds_of(step, trial, learner.config)

    seconds_with(1, 0)  # the first warms up
    pairs: list[tuple[float, float]] = []
    while len(pairs) < MOST_STEPS and sum(map(sum, pairs)) < MOST_SECONDS:
        pairs.append((seconds_with(1, len(pairs)), seconds_with(cores, len(pairs))))
    one, all_cores = map(median, zip(*pairs, strict=True))
    number = 1 if one < all_cores else cores
    torch.set_num_threads(number)
    return f"threads={number}: a step takes {one * 1e3:.0f} ms with 1, {all_cores * 1e3:.0f} ms with {cores}"
