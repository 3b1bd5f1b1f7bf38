"""Optimiser, learning rate over steps, clipped gradients and averaged weights."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

from inkseq.config import OptimConfig, Schedule
from inkseq.config import Optimizer as Name

START_SHARE = 1 / 25  # of the highest rate, where one_cycle begins; it ends at nothing


def make_optimizer(model: nn.Module, config: OptimConfig) -> Optimizer:
    """Adam or AdamW; only matrices decay."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    kind = Adam if config.name is Name.adam else AdamW
    on_gpu = parameters[0].is_cuda  # where a step may be captured (graphs.py)
    return kind(groups, lr=config.lr, betas=(config.beta1, config.beta2), fused=True, capturable=on_gpu)


def learning_rate(step: int, total: int, warmup: int, config: OptimConfig) -> float:
    """The rate of the step that follows `step` others, of `total`."""
    if config.schedule is Schedule.one_cycle:
        if step < warmup:
            return config.lr * (START_SHARE + (1 - START_SHARE) * _rising_cosine(step / warmup))
        return config.lr * _rising_cosine((total - step) / max(total - warmup, 1))
    rising = min(1.0, (step + 1) / warmup)
    if config.schedule is Schedule.cosine:
        return config.lr * rising * _rising_cosine(min(1.0, (total - step) / max(total - warmup, 1)))
    return config.lr * rising


def _rising_cosine(share: float) -> float:
    """From 0 to 1 along half a cosine."""
    return (1 - math.cos(math.pi * share)) / 2


def pace(step: int, decay: float) -> float:
    """How far an average follows in a step: a young one faster."""
    return 1 - min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, pace: float | Tensor) -> None:
    """Exponential moving average: move an averaged copy of the model towards it."""
    pairs = zip(average.state_dict().values(), model.state_dict().values(), strict=True)
    moving = [(a, b) for a, b in pairs if a.is_floating_point()]
    ours, theirs = [a for a, _ in moving], [b for _, b in moving]
    if isinstance(pace, float):
        torch._foreach_lerp_(ours, theirs, pace)
    else:  # the same in three
        steps = torch._foreach_sub(theirs, ours)
        torch._foreach_mul_(steps, pace)
        torch._foreach_add_(ours, steps)


def clip_(parameters: Iterable[Tensor], clip: float) -> Tensor:
    """Scale gradients down to a norm of `clip`, if it is above 0; returns what the norm was."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if clip > 0:
        torch._foreach_mul_(gradients, (clip / (norm + 1e-6)).clamp(max=1.0))
    return norm


def share_unmoved(optimizer: Optimizer) -> float:
    """The share of all matrices' weights that never had a gradient: by the mean of its square, which forgets none."""
    squares: list[Tensor] = [memory["exp_avg_sq"] for weight, memory in optimizer.state.items() if weight.ndim > 1]
    never = torch.stack([(square == 0).sum() for square in squares]).sum()
    return int(never) / sum(square.numel() for square in squares)
