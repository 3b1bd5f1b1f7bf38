"""Drawings as other hands might have drawn them: augmentation of padded arrays, on their device.

Sequences are normalised afterwards, so that neither size nor place becomes a cue. What is left out or turned
round is one index into the points, applied once.
"""

import math
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.config import AugmentConfig
from inkseq.data.resident import Strokes
from inkseq.errors import UserError


def check_augment(config: AugmentConfig) -> None:
    """Refuse what is no probability, or no spread."""
    for setting in fields(config):
        highest = math.inf if setting.name in ("rotate", "shear", "stretch", "jitter") else 1.0
        if not 0 <= (value := getattr(config, setting.name)) <= highest or math.isinf(value):
            expected = "0 or more" if math.isinf(highest) else "a probability, 0 to 1"
            raise UserError(f"augment.{setting.name}={value}: expected {expected}")


def augment_strokes(strokes: Strokes, config: AugmentConfig, generator: torch.Generator) -> Strokes:
    """The drawings changed at random, in arrays of the same shape; drawings can become shorter."""
    xy_BT2, pen_BT, length_B = strokes
    if config.rotate or config.shear or config.stretch or config.mirror:
        xy_BT2 = deform(xy_BT2, config, generator)
    if config.jitter:
        xy_BT2 = jitter_points(xy_BT2, config.jitter, generator)
    if not (config.jitter or config.reverse or config.drop_points or config.drop_strokes or config.prefix):
        return Strokes(xy_BT2, pen_BT, length_B)

    point_BT, pen_BT, length_B = keep_points(pen_BT, length_B, config, generator)
    if config.reverse:
        point_BT = reverse_strokes(strokes.pen_BT, config.reverse, generator).gather(1, point_BT)
    return Strokes(pick_points(xy_BT2, point_BT), pen_BT, length_B)


def deform(xy_BT2: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Stretch and mirror, then shear, then rotate, each drawing as a whole."""
    num_drawings, device = len(xy_BT2), xy_BT2.device
    angle_B, shear_B, stretch_B = torch.randn(3, num_drawings, generator=generator, device=device)
    mirrored_B = torch.rand(num_drawings, generator=generator, device=device) < config.mirror
    angle_B, shear_B = angle_B * math.radians(config.rotate), shear_B * config.shear
    wider_B = (stretch_B * config.stretch / 2).exp()
    sin_B, cos_B = angle_B.sin(), angle_B.cos()

    # Where the unit steps to the right and down go to.
    right_B2: Tensor = torch.stack([cos_B, sin_B], dim=-1) * torch.where(mirrored_B, -wider_B, wider_B)[:, None]
    down_B2: Tensor = torch.stack([cos_B * shear_B - sin_B, sin_B * shear_B + cos_B], dim=-1) / wider_B[:, None]
    return xy_BT2[:, :, :1] * right_B2[:, None] + xy_BT2[:, :, 1:] * down_B2[:, None]


def jitter_points(xy_BT2: Tensor, spread: float, generator: torch.Generator) -> Tensor:
    """Every point somewhat beside its place; padding too, which therefore has to be picked anew."""
    low_B12, high_B12 = torch.aminmax(xy_BT2, dim=1, keepdim=True)
    side_B11 = (high_B12 - low_B12).amax(2, keepdim=True)
    noise_BT2 = torch.randn(xy_BT2.shape, generator=generator, device=xy_BT2.device)
    return xy_BT2 + noise_BT2 * (side_B11 * spread)


def keep_points(
    pen_BT: Tensor, length_B: Tensor, config: AugmentConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Which points stay, as an index that repeats the last of them on padding; their pen; how many they are."""
    place_BT = places(pen_BT)
    kept_BT = place_BT < length_B[:, None]
    if config.drop_strokes:
        kept_BT = kept_BT & choose_strokes(pen_BT, config.drop_strokes, generator)
    if config.drop_points:
        kept_BT = kept_BT & choose_points(pen_BT, config.drop_points, generator)
    count_BT = kept_BT.cumsum(1)
    length_B = count_BT[:, -1]
    if config.prefix:
        length_B = break_off(length_B, config.prefix, generator)

    # The n-th point that stays is the one at which the count reaches n. No sorting, and no waiting for a size.
    last_B1 = length_B[:, None] - 1
    point_BT = torch.searchsorted(count_BT, torch.minimum(place_BT, last_B1) + 1)
    pen_BT = (pen_BT.gather(1, point_BT) & (place_BT < last_B1)) | (place_BT == last_B1)
    return point_BT, pen_BT, length_B


def choose_points(pen_BT: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """kept_BT, True at both ends of a stroke."""
    chance_BT = torch.rand(pen_BT.shape, generator=generator, device=pen_BT.device)
    return (chance_BT >= probability) | pen_BT | stroke_begins(pen_BT)


def choose_strokes(pen_BT: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """kept_BT, True throughout one stroke of each drawing at least."""
    chance_BT = torch.rand(pen_BT.shape, generator=generator, device=pen_BT.device)
    # A stroke's chance is the one at its end. The drawing's best stroke stays, whatever its chance.
    best_B1 = chance_BT.masked_fill(~pen_BT, -1).amax(1, keepdim=True)
    chance_BT = chance_BT.gather(1, stroke_ends_at(pen_BT))
    return (chance_BT >= probability) | (chance_BT == best_B1)


def break_off(length_B: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """New lengths: of the drawings that are broken off, anything from 1 to the length, equally likely."""
    chance_2B = torch.rand(2, len(length_B), generator=generator, device=length_B.device)
    shorter_B = torch.minimum((chance_2B[0] * length_B).long() + 1, length_B)
    return torch.where(chance_2B[1] < probability, shorter_B, length_B)


def reverse_strokes(pen_BT: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """An index into the points, by which some strokes run from their end to their beginning."""
    chance_BT = torch.rand(pen_BT.shape, generator=generator, device=pen_BT.device)
    place_BT, end_BT = places(pen_BT), stroke_ends_at(pen_BT)
    begin_BT = place_BT.where(stroke_begins(pen_BT), 0).cummax(1).values
    return torch.where(chance_BT.gather(1, end_BT) < probability, begin_BT + end_BT - place_BT, place_BT)


def places(pen_BT: Tensor) -> Tensor:
    """0, 1, 2 ... along every drawing."""
    return torch.arange(pen_BT.shape[1], device=pen_BT.device).expand(pen_BT.shape)


def stroke_begins(pen_BT: Tensor) -> Tensor:
    """True on the first point of each stroke."""
    return pad(pen_BT[:, :-1], (1, 0), value=True)


def stroke_ends_at(pen_BT: Tensor) -> Tensor:
    """For every point, the place of its stroke's last."""
    last = pen_BT.shape[1] - 1
    return places(pen_BT).where(pen_BT, last).flip(1).cummin(1).values.flip(1)


def pick_points(xy_BT2: Tensor, point_BT: Tensor) -> Tensor:
    """Each drawing's points in another order, taken as whole rows of one long array."""
    num_drawings, num_points, _ = xy_BT2.shape
    row_BT = point_BT + num_points * torch.arange(num_drawings, device=xy_BT2.device)[:, None]
    return xy_BT2.flatten(0, 1).index_select(0, row_BT.flatten()).view_as(xy_BT2)
