"""Where the points of a drawing lie, changed as another hand might have: stroke by stroke, then as a whole."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from inkseq.config import AugmentConfig
from inkseq.drawings.padded import Ends

WAVES = 4  # that a warp is the sum of
WAVE_NUMBER = 5.0  # spread of their radians to a larger side, in each direction: about one bend across a drawing


def draw_lots(
    draw: Callable[..., Tensor], shapes: Sequence[tuple[int, ...]], generator: torch.Generator
) -> list[Tensor]:
    """Random numbers in these shapes, all drawn at once."""
    sizes = [math.prod(shape) for shape in shapes]
    lots = torch.split(draw(sum(sizes), generator=generator, device=generator.device), sizes)
    return [lot.view(shape) for lot, shape in zip(lots, shapes, strict=True)]


def deform(xy_BT2: Tensor, ends: Ends, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """xy_BT2 with strokes moved, the paper warped, the whole turned, and each point beside its place.

    What is measured in larger sides is so in those of the drawing as it came. Padding may come to lie anywhere.
    """
    num_drawings, num_points, _ = xy_BT2.shape
    strokes = bool(config.stroke_turn or config.stroke_size or config.stroke_shift)
    whole = bool(config.rotate or config.shear or config.stretch or config.mirror)
    warped, jittered = config.warp > 0, config.jitter > 0
    if not (strokes or whole or warped or jittered):
        return xy_BT2
    shapes = [
        (strokes * num_drawings * num_points, 4),
        (warped * num_drawings, WAVES, 5),
        (whole * num_drawings, 3),
        (jittered * num_drawings, num_points, 2),
    ]
    stroke_P4, wave_BW5, whole_B3, noise_BT2 = draw_lots(torch.randn, shapes, generator)
    side_B11 = larger_side(xy_BT2)
    if strokes:
        xy_BT2 = move_strokes(xy_BT2, side_B11, ends, config, stroke_P4)
    if warped:
        xy_BT2 = warp(xy_BT2, side_B11, config.warp, wave_BW5)
    if whole:
        xy_BT2 = xy_BT2 @ turns(config, whole_B3, generator)
    if jittered:
        xy_BT2 = torch.addcmul(xy_BT2, noise_BT2, side_B11, value=config.jitter)
    return xy_BT2


def larger_side(xy_BT2: Tensor) -> Tensor:
    """side_B11: of each drawing's box. A dot has none, and nothing that is measured in sides moves it."""
    low_B12, high_B12 = torch.aminmax(xy_BT2, dim=1, keepdim=True)
    return (high_B12 - low_B12).amax(2, keepdim=True)


def move_strokes(xy_BT2: Tensor, side_B11: Tensor, ends: Ends, config: AugmentConfig, lot_P4: Tensor) -> Tensor:
    """Each stroke shifted, and turned and resized about the middle between its ends."""
    lot_P4 = lot_P4.index_select(0, ends.first_P)  # a stroke's lot is the one where it begins
    if config.stroke_turn or config.stroke_size:
        xy_P2 = xy_BT2.flatten(0, 1)
        middle_P2 = torch.lerp(xy_P2.index_select(0, ends.first_P), xy_P2.index_select(0, ends.last_P), 0.5)
        size_P = (lot_P4[:, 0] * config.stroke_size).exp()
        turn_P = torch.polar(size_P, lot_P4[:, 1] * math.radians(config.stroke_turn))  # a complex number turns, too
        turned_P = torch.view_as_complex(xy_P2 - middle_P2) * turn_P
        xy_BT2 = (torch.view_as_real(turned_P) + middle_P2).view_as(xy_BT2)
    if config.stroke_shift:
        shift_BT2 = lot_P4.view(*xy_BT2.shape[:2], 4)[:, :, 2:]
        xy_BT2 = torch.addcmul(xy_BT2, shift_BT2, side_B11, value=config.stroke_shift)
    return xy_BT2


def warp(xy_BT2: Tensor, side_B11: Tensor, spread: float, lot_BW5: Tensor) -> Tensor:
    """The paper stretched here and there: what lies close together moves alike, by `spread` of the larger side."""
    wave_BW2, height_BW2 = lot_BW5[:, :, :2] / side_B11.clamp(min=1), lot_BW5[:, :, 2:4] * side_B11
    phase_B1W = lot_BW5[:, :, 4][:, None]  # times 2 pi: so wide a spread is anything around the circle alike
    radians_BTW = torch.baddbmm(phase_B1W, xy_BT2, wave_BW2.mT, beta=2 * math.pi, alpha=WAVE_NUMBER)
    # The mean square of a sine is a half.
    return torch.baddbmm(xy_BT2, radians_BTW.sin(), height_BW2, alpha=spread * math.sqrt(2 / WAVES))


def turns(config: AugmentConfig, lot_B3: Tensor, generator: torch.Generator) -> Tensor:
    """to_B22: where the unit steps to the right and down go. Stretch and mirror, then shear, then rotate."""
    angle_B, shear_B, stretch_B = lot_B3.unbind(1)
    angle_B = angle_B * math.radians(config.rotate)
    sin_B, cos_B = angle_B.sin(), angle_B.cos()
    to_B22 = torch.stack([cos_B, sin_B, -sin_B, cos_B], dim=1).view(-1, 2, 2)
    right_B2, down_B2 = to_B22.unbind(1)
    if config.shear:
        down_B2.addcmul_(right_B2, shear_B[:, None], value=config.shear)
    if config.stretch:
        wider_B1 = (stretch_B * (config.stretch / 2)).exp()[:, None]
        right_B2.mul_(wider_B1)
        down_B2.div_(wider_B1)
    if config.mirror:
        chance_B1 = torch.rand(len(lot_B3), 1, generator=generator, device=lot_B3.device)
        right_B2.copy_(torch.where(chance_B1 < config.mirror, -right_B2, right_B2))
    return to_B22
