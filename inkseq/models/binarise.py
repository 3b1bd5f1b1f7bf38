"""Ink in black and white (binarisation), each image by itself; whole batches, and nothing that cannot be exported."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from inkseq.families import Binarise

LEVELS = 256
NEAR = 2  # adaptive: around a pixel is half a side
MORE = 0.06  # ink than around it: paper is never quite even


def keep(ink_BYX: Tensor) -> Tensor:
    """As it is."""
    return ink_BYX


def fixed(ink_BYX: Tensor) -> Tensor:
    """Ink is what is more than half."""
    return (ink_BYX > 0.5).float()


def otsu(ink_BYX: Tensor) -> Tensor:
    """Ink is what lies above the level that divides an image's pixels into the two most unlike halves (Otsu 1979)."""
    level_BP = (ink_BYX.flatten(1) * (LEVELS - 1)).round().long()
    level_L = torch.arange(LEVELS, device=ink_BYX.device)
    count_BL = torch.zeros(level_BP.shape[0], LEVELS, dtype=torch.float64, device=ink_BYX.device)
    count_BL = count_BL.scatter_add(1, level_BP, torch.ones_like(level_BP, dtype=torch.float64))
    num_below_BL, sum_below_BL = count_BL.cumsum(1), (count_BL * level_L).cumsum(1)
    num_pixels, sum_B1 = level_BP.shape[1], sum_below_BL[:, -1:]
    apart_BL = (sum_B1 * num_below_BL - num_pixels * sum_below_BL).square()
    between_BL = apart_BL / (num_below_BL * (num_pixels - num_below_BL)).clamp(min=1)  # between-class variance
    return (level_BP > between_BL.argmax(1, keepdim=True)).float().view_as(ink_BYX)


def adaptive(ink_BYX: Tensor) -> Tensor:
    """Ink is what has more of it than there is around it on average."""
    reach = ink_BYX.shape[-1] // NEAR // 2
    around_BYX = avg_pool2d(ink_BYX[:, None], 2 * reach + 1, 1, reach, count_include_pad=False)[:, 0]
    return (ink_BYX > around_BYX + MORE).float()


BINARISE: dict[Binarise, Callable[[Tensor], Tensor]] = {
    Binarise.none: keep,
    Binarise.fixed: fixed,
    Binarise.otsu: otsu,
    Binarise.adaptive: adaptive,
}
