"""Which points, and which places on the canvas, speak for a class: what gradients tell.

*Integrated gradients.* On the straight way from nothing (all numbers shown are zero) to what is shown, the target
rises by the sum, over every number shown, of the number times its gradient, averaged over the way. Each point's share
of that sum is its credit. *Grad-CAM* weighs what a layer sees in each cell by what the target makes of it.

The target is a class's logit less the mean of all logits: what lifts all of them alike changes no probability.
"""

from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from inkseq.drawings.pixels import Images, Input
from inkseq.inference.ask import together
from inkseq.models.contract import Explainable, Sight

PIECES = 32, 256  # of the way: to begin with, and so many that no more are halved
HALVED = 8  # at a time
ENOUGH = 0.01  # of the rise that credits may miss it by
SMALL_RISE = 0.01  # of a smaller one, they may miss as much as of this
MOST_DRAWINGS, MOST_POINTS = 64, 16_384  # computed at a time


class Shown(NamedTuple):
    """What a model is shown of drawings, and the class that is asked about."""

    drawings: Input
    target_B: Tensor
    numbers: tuple[Tensor, ...]

    def take(self, index_N: Tensor) -> "Shown":
        """Some of the drawings, each as often as it is named."""
        drawings = type(self.drawings)(*(part[index_N] for part in self.drawings))
        return Shown(drawings, self.target_B[index_N], tuple(part[index_N] for part in self.numbers))


class Way(NamedTuple):
    """What is found at places on drawings' ways, in order: 0 is nothing, 1 all that is shown."""

    place_BN: Tensor
    target_BN: Tensor
    slope_BNT: Tensor  # of the target along the way: what each point contributes

    def add_up(self) -> Tensor:
        """credit_BT: the mean slope over the way, each piece having the mean of its ends."""
        piece_BP = self.place_BN.diff()
        weight_BN = (pad(piece_BP, (1, 0)) + pad(piece_BP, (0, 1))) / 2
        return (weight_BN[:, None] @ self.slope_BNT)[:, 0]

    def missed(self) -> Tensor:
        """missed_BP: how much more the target rises along each piece than the slopes at its ends say."""
        slope_BN = self.slope_BNT.sum(2)
        return self.target_BN.diff() - self.place_BN.diff() * (slope_BN[:, 1:] + slope_BN[:, :-1]) / 2

    def take(self, index_N: Tensor) -> "Way":
        return Way(*(part[index_N] for part in self))

    def join(self, other: Self) -> "Way":
        """The places of both."""
        place_BN, target_BN, slope_BNT = (torch.cat(both, dim=1) for both in zip(self, other, strict=True))
        place_BN, order_BN = place_BN.sort(dim=1)
        order_BNT = order_BN[:, :, None].expand_as(slope_BNT)
        return Way(place_BN, target_BN.gather(1, order_BN), slope_BNT.gather(1, order_BNT))


def integrated_gradients(
    model: Explainable, drawings: Input, target_B: Tensor, pieces: tuple[int, int] = PIECES, enough: float = ENOUGH
) -> tuple[Tensor, Tensor]:
    """credit_BT of every point in class `target_B`, and the share gap_B of the target's rise that credits miss it by.

    Of images it is that of every pixel shown, row by row.

    Credits add up to target(shown) - target(nothing). Every rectifier and every maximum bends the target somewhere on
    the way, hundreds of times, which is nothing for rules that want smooth functions; but how far it rises along a
    piece is known for certain. So the pieces whose slopes explain that worst are halved until the whole is explained.
    """
    open_B = torch.arange(len(target_B), device=target_B.device)
    shown = Shown(drawings, target_B, model.show(drawings))
    even_N = torch.linspace(0, 1, pieces[0] + 1, device=target_B.device)
    way = walk(model, shown, even_N.expand(len(target_B), -1))
    credit_BT, gap_B = way.add_up(), gap(way)
    while True:
        wanting_N = (gap(way) > enough).nonzero()[:, 0]
        if not len(wanting_N) or way.place_BN.shape[1] > pieces[1]:
            return credit_BT, gap_B
        open_B, way = open_B[wanting_N], way.take(wanting_N)
        way = way.join(walk(model, shown.take(open_B), worst_middles(way)))
        credit_BT[open_B], gap_B[open_B] = way.add_up(), gap(way)


def gap(way: Way) -> Tensor:
    """gap_B: by how much of the target's rise the credits miss it."""
    rise_B = way.target_BN[:, -1] - way.target_BN[:, 0]
    return (way.add_up().sum(1) - rise_B).abs() / rise_B.abs().clamp(min=SMALL_RISE)


def worst_middles(way: Way) -> Tensor:
    """place_BN: the middles of the pieces whose ends explain them worst."""
    worst_BN = way.missed().abs().topk(HALVED).indices
    return (way.place_BN.gather(1, worst_BN) + way.place_BN.gather(1, worst_BN + 1)) / 2


def walk(model: Explainable, shown: Shown, place_BN: Tensor, most_points: int = MOST_POINTS) -> Way:
    """What is at these places of each drawing's way."""
    num_drawings, num_places = place_BN.shape
    drawing_R = torch.arange(num_drawings, device=place_BN.device).repeat_interleave(num_places)
    num_points = 1 if isinstance(shown.drawings, Images) else shown.drawings.pen_BT.shape[1]
    length_R = np.full(len(drawing_R), num_points)
    at_a_time = [torch.from_numpy(some) for some in together(length_R, np.asarray, most_points, MOST_DRAWINGS)]
    found = [stop(model, shown.take(drawing_R[at]), place_BN.flatten()[at]) for at in at_a_time]
    target_R, slope_RT = (torch.cat(columns) for columns in zip(*found, strict=True))
    return Way(place_BN, target_R.view_as(place_BN), slope_RT.view(num_drawings, num_places, -1))


def stop(model: Explainable, shown: Shown, place_B: Tensor) -> tuple[Tensor, Tensor]:
    """target_B and slope_BT at one place of each drawing's way."""
    parts = tuple((number * place_B.view(-1, *[1] * (number.ndim - 1))).requires_grad_() for number in shown.numbers)
    target_B = ask_target(model, shown._replace(numbers=parts))
    gradients = torch.autograd.grad(target_B.sum(), parts)
    worth = tuple(gradient * number for gradient, number in zip(gradients, shown.numbers, strict=True))
    return target_B.detach(), model.share_out(shown.drawings, worth)


def ask_target(model: Explainable, shown: Shown) -> Tensor:
    """target_B: the class's logit less the mean of all."""
    logits_BK: Tensor = model.head(model.read(shown.drawings, shown.numbers))
    return (logits_BK - logits_BK.mean(1, keepdim=True)).gather(1, shown.target_B[:, None])[:, 0]


def grad_cam(model: Explainable, sight: Sight, drawings: Input, target_B: Tensor) -> Tensor:
    """heat_BYX, 0..1: where what was seen speaks for class `target_B`, all of it 0 where nothing does.

    Each cell has its own gradient. With their mean over the grid, as it was first done, the paper is as hot as the ink.
    """
    seen: list[Tensor] = []

    def keep(module: nn.Module, given: tuple[Tensor, ...], out_BCYX: Tensor) -> Tensor:
        seen.append(out_BCYX.detach().requires_grad_())
        return seen[-1].clone()  # which the next layer may change in place

    hook = sight.layer.register_forward_hook(keep)
    try:
        target_B = ask_target(model, Shown(drawings, target_B, model.show(drawings)))
        (gradient_BCYX,) = torch.autograd.grad(target_B.sum(), seen)
    finally:
        hook.remove()
    heat_BYX = (seen[0].detach() * gradient_BCYX).sum(1).clamp(min=0)
    return heat_BYX / heat_BYX.amax((1, 2), keepdim=True).clamp(min=1e-9)
