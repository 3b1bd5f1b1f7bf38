"""Weights kept small: matrices and kernels as int8 with a scale for each output channel, all else as float16."""

from torch import Tensor

Weights = dict[str, Tensor]

MOST = 127  # of an int8, either way
LEAST = 1e-12  # of a channel's largest weight, so that one of zeros stays one of zeros


def shrink(weights: Weights) -> tuple[Weights, Weights]:
    """Weights a quarter of the size, and the scales by which `widen` makes them float again."""
    large = {name: x.detach() for name, x in weights.items() if x.is_floating_point() and x.ndim > 1}
    scale = {name: x.flatten(1).abs().amax(1).clamp_min(LEAST) / MOST for name, x in large.items()}
    small = {name: (x / _along(scale[name], x)).round().char() for name, x in large.items()}
    others = {name: x.half() if x.is_floating_point() else x for name, x in weights.items() if name not in large}
    return small | others, scale


def widen(small: Weights, scale: Weights) -> Weights:
    """The weights that were made small, to half a 127th of their channel's largest."""
    return {name: x.float() * _along(scale[name], x) if name in scale else x.float() for name, x in small.items()}


def _along(scale_O: Tensor, x: Tensor) -> Tensor:
    """A scale for each output channel, in as many dimensions as the weights have."""
    return scale_O.reshape(-1, *[1] * (x.ndim - 1))
