"""Logits made up, and the facts of them."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.evaluate.facts import Answers, Facts, collect
from inkseq.evaluate.metrics import Metrics


def made_up(num: int, num_classes: int, seed: int, rounded: bool = False) -> tuple[Tensor, Tensor]:
    """logits_NK and label_N; rounded logits are full of ties. The last class of several is never drawn."""
    generator = torch.Generator().manual_seed(seed)
    label_N = torch.randint(max(num_classes - 1, 1), (num,), generator=generator)
    logits_NK = 2 * torch.randn(num, num_classes, generator=generator)
    logits_NK[torch.arange(num), label_N] += 2
    return logits_NK.round() if rounded else logits_NK, label_N


def in_batches(logits_NK: Tensor, label_N: Tensor, index_N: NDArray[np.int64], seed: int = 0) -> list[Answers]:
    """As a model gives them: in any order, three drawings at a time."""
    order = np.random.default_rng(seed).permutation(len(label_N))
    return [(index_N[some], label_N[some], logits_NK[some]) for some in np.split(order, range(3, len(order), 3))]


def facts_of(logits_NK: Tensor, label_N: Tensor, temperature: float = 1.0) -> Facts:
    index_N = np.arange(len(label_N))
    answers = in_batches(logits_NK, label_N, index_N)
    return collect(answers, index_N, temperature)


def take(facts: Facts, which: NDArray[Any]) -> Facts:
    """The facts of some drawings, by a mask or by positions."""
    arrays = {field.name: getattr(facts, field.name) for field in fields(facts) if "_N" in field.name}
    return replace(facts, **{name: array[which] for name, array in arrays.items()})


def metrics_of(logits_NK: Tensor, label_N: Tensor) -> Metrics:
    metrics = Metrics(logits_NK.shape[1], "cpu")
    metrics.update(logits_NK, label_N)
    return metrics
