"""Where the points of a drawing lie, changed as another hand might have: stroke by stroke, then as a whole."""

import math

import torch
from torch import Tensor

from inkseq.config import AugmentConfig
from inkseq.drawings.padded import Strokes, pick_points, stay_at_end, stroke_begins_at, stroke_ends_at

WAVES = 4  # that a warp is the sum of
WAVE_NUMBER = 5.0  # spread of their radians to a larger side, in each direction: about one bend across a drawing


def deform(strokes: Strokes, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """xy_BT2 with strokes moved, the paper warped, the whole turned, and each point beside its place."""
    xy_BT2, pen_BT, length_B = strokes
    if config.stroke_shift or config.stroke_turn or config.stroke_size:
        xy_BT2 = stay_at_end(move_strokes(xy_BT2, pen_BT, config, generator), length_B)
    if config.warp:
        xy_BT2 = warp(xy_BT2, config.warp, generator)
    if config.rotate or config.shear or config.stretch or config.mirror:
        xy_BT2 = turn_drawings(xy_BT2, config, generator)
    if config.jitter:
        noise_BT2 = torch.randn(xy_BT2.shape, generator=generator, device=xy_BT2.device)
        xy_BT2 = stay_at_end(xy_BT2 + noise_BT2 * (larger_side(xy_BT2) * config.jitter), length_B)
    return xy_BT2


def larger_side(xy_BT2: Tensor) -> Tensor:
    """side_B11: of each drawing's box. A dot has none, and nothing that is measured in sides moves it."""
    low_B12, high_B12 = torch.aminmax(xy_BT2, dim=1, keepdim=True)
    return (high_B12 - low_B12).amax(2, keepdim=True)


def move_strokes(xy_BT2: Tensor, pen_BT: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Each stroke shifted, and turned and resized about the middle between its ends."""
    end_BT = stroke_ends_at(pen_BT)
    middle_BT2 = (pick_points(xy_BT2, stroke_begins_at(pen_BT)) + pick_points(xy_BT2, end_BT)) / 2

    # A stroke's lot is the one at its end.
    lot_BT4 = pick_points(torch.randn(*pen_BT.shape, 4, generator=generator, device=pen_BT.device), end_BT)
    angle_BT = lot_BT4[:, :, 0] * math.radians(config.stroke_turn)
    size_BT = (lot_BT4[:, :, 1] * config.stroke_size).exp()
    shift_BT2 = lot_BT4[:, :, 2:] * (config.stroke_shift * larger_side(xy_BT2))
    cos_BT, sin_BT = angle_BT.cos() * size_BT, angle_BT.sin() * size_BT
    x_BT, y_BT = (xy_BT2 - middle_BT2).unbind(-1)
    turned_BT2 = torch.stack([x_BT * cos_BT - y_BT * sin_BT, x_BT * sin_BT + y_BT * cos_BT], dim=-1)
    return middle_BT2 + turned_BT2 + shift_BT2


def warp(xy_BT2: Tensor, spread: float, generator: torch.Generator) -> Tensor:
    """The paper stretched here and there: what lies close together moves alike, by `spread` of the larger side."""
    lot_BW4 = torch.randn(len(xy_BT2), WAVES, 4, generator=generator, device=xy_BT2.device)
    phase_B1W = torch.rand(len(xy_BT2), 1, WAVES, generator=generator, device=xy_BT2.device) * (2 * math.pi)
    side_B11 = larger_side(xy_BT2)
    radians_BTW = xy_BT2 @ (lot_BW4[:, :, :2] * (WAVE_NUMBER / side_B11.clamp(min=1))).mT + phase_B1W
    # The mean square of a sine is a half.
    height_BW2 = lot_BW4[:, :, 2:] * (spread * math.sqrt(2 / WAVES) * side_B11)
    return xy_BT2 + radians_BTW.sin() @ height_BW2


def turn_drawings(xy_BT2: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Stretch and mirror, then shear, then rotate, each drawing as a whole."""
    angle_B, shear_B, stretch_B = torch.randn(3, len(xy_BT2), generator=generator, device=xy_BT2.device)
    mirrored_B = torch.rand(len(xy_BT2), generator=generator, device=xy_BT2.device) < config.mirror
    angle_B, shear_B = angle_B * math.radians(config.rotate), shear_B * config.shear
    wider_B = (stretch_B * config.stretch / 2).exp()
    sin_B, cos_B = angle_B.sin(), angle_B.cos()

    # Where the unit steps to the right and down go to.
    right_B2: Tensor = torch.stack([cos_B, sin_B], dim=-1) * torch.where(mirrored_B, -wider_B, wider_B)[:, None]
    down_B2: Tensor = torch.stack([cos_B * shear_B - sin_B, sin_B * shear_B + cos_B], dim=-1) / wider_B[:, None]
    return xy_BT2[:, :, :1] * right_B2[:, None] + xy_BT2[:, :, 1:] * down_B2[:, None]
