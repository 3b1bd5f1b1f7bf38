"""Images as another hand, pen, sheet and scan might have them: augmentation of arrays of ink, on their device."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from inkseq.config import AugmentConfig
from inkseq.data.deform import WAVES, draw_lots, turns, warp
from inkseq.drawings.pixels import Images

FAINT = 0.5  # of its ink, at most, comes through from the back of a sheet
SMALL = 0.5  # of a side, at most, is wiped


def augment_images(images: Images, config: AugmentConfig, generator: torch.Generator) -> Images:
    """The images changed at random, in an array of the same shape."""
    ink_BYX = move(images.ink_BYX, config, generator)
    num_images = len(ink_BYX)
    shapes = [
        (num_images * bool(config.bleed), 2),
        (num_images * bool(config.erase), 5),
    ]
    through_B2, wipe_B5 = draw_lots(torch.rand, shapes, generator)
    if config.thickness:
        ink_BYX = thicken(ink_BYX, config.thickness, generator)
    if config.bleed:
        ink_BYX = bleed(ink_BYX, config.bleed, through_B2)
    if config.erase:
        ink_BYX = erase(ink_BYX, config.erase, wipe_B5)
    return Images(ink_BYX)


def move(ink_BYX: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """The paper warped, turned and shifted, all by one look at where each pixel's ink comes from.

    Lots are as likely one way as the other, so it does not matter that `warp` and `turns` say where points go.
    """
    num_images, size, _ = ink_BYX.shape
    whole = bool(config.rotate or config.shear or config.stretch or config.mirror)
    if not (whole or config.warp or config.shift):
        return ink_BYX
    shapes = [
        (num_images * bool(config.warp), WAVES, 5),
        (num_images * whole, 3),
        (num_images * bool(config.shift), 1, 2),
    ]
    wave_BW5, whole_B3, shift_B12 = draw_lots(torch.randn, shapes, generator)
    middle_S = middles(ink_BYX) * 2 - 1
    from_YX2 = torch.stack(torch.meshgrid(middle_S, middle_S, indexing="xy"), dim=-1)
    from_BP2 = from_YX2.view(1, -1, 2).expand(num_images, -1, -1)
    if config.warp:
        from_BP2 = warp(from_BP2, from_BP2.new_full((num_images, 1, 1), 2.0), config.warp, wave_BW5)
    if whole:
        from_BP2 = from_BP2 @ turns(config, whole_B3, generator)
    if config.shift:
        from_BP2 = torch.add(from_BP2, shift_B12, alpha=2 * config.shift)
    from_BYX2 = from_BP2.view(num_images, size, size, 2)
    moved_BYX: Tensor = grid_sample(ink_BYX[:, None], from_BYX2, align_corners=False)[:, 0]
    return moved_BYX


def middles(ink_BYX: Tensor) -> Tensor:
    """Where the pixels of a side lie, from 0 to 1."""
    size = ink_BYX.shape[-1]
    return (torch.arange(size, device=ink_BYX.device) + 0.5) / size


def thicken(ink_BYX: Tensor, spread: float, generator: torch.Generator) -> Tensor:
    """More ink, up to a pixel all around it (dilation), or less (erosion)."""
    lot_B11 = torch.randn(len(ink_BYX), 1, 1, generator=generator, device=ink_BYX.device)
    by_B11 = (lot_B11 * spread).clamp(-1, 1)
    most_BYX, least_BYX = max_pool2d(ink_BYX, 3, 1, 1), -max_pool2d(-ink_BYX, 3, 1, 1)
    return ink_BYX.lerp(torch.where(by_B11 > 0, most_BYX, least_BYX), by_B11.abs())


def bleed(ink_BYX: Tensor, probability: float, lot_B2: Tensor) -> Tensor:
    """Another image of the batch from behind: mirrored, faint, and nothing where there is more ink in front."""
    faint_B = FAINT * lot_B2[:, 0] * (lot_B2[:, 1] < probability)
    return torch.maximum(ink_BYX, ink_BYX.roll(1, 0).flip(2) * faint_B[:, None, None])


def erase(ink_BYX: Tensor, probability: float, lot_B5: Tensor) -> Tensor:
    """A rectangle wiped, anywhere."""
    middle_S, reach_B2 = middles(ink_BYX), lot_B5[:, 2:4] * (SMALL / 2)
    across_BX, down_BY = ((middle_S - lot_B5[:, i, None]).abs() < reach_B2[:, i, None] for i in (0, 1))
    wiped_BY = down_BY & (lot_B5[:, 4, None] < probability)
    return ink_BYX.masked_fill(wiped_BY[:, :, None] & across_BX[:, None], 0)
