"""Drawings as other hands might have drawn them: augmentation of padded arrays, on their device.

Sequences are normalised afterwards, so that neither size nor place becomes a cue. Where points lie is changed first
(`deform.py`); what is left out, turned round or drawn earlier is one index into the points, applied once.
"""

import math
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.config import AugmentConfig
from inkseq.data.deform import deform
from inkseq.drawings.padded import Strokes, pick_points, places, stroke_begins, stroke_begins_at, stroke_ends_at
from inkseq.errors import UserError

SMALL = 0.25  # of a drawing's ink: a 4 without its upright is none, a cat without a whisker is one
PROBABILITIES = {"mirror", "swap", "reverse", "drop_points", "drop_strokes", "prefix"}


def check_augment(config: AugmentConfig) -> None:
    """Refuse what is no probability, or no spread."""
    for setting in fields(config):
        highest = 1.0 if setting.name in PROBABILITIES else math.inf
        if not 0 <= (value := getattr(config, setting.name)) <= highest or math.isinf(value):
            expected = "0 or more" if math.isinf(highest) else "a probability, 0 to 1"
            raise UserError(f"augment.{setting.name}={value}: expected {expected}")


def augment_strokes(strokes: Strokes, config: AugmentConfig, generator: torch.Generator) -> Strokes:
    """The drawings changed at random, in arrays of the same shape; drawings can become shorter."""
    xy_BT2 = deform(strokes, config, generator)
    _, pen_BT, length_B = strokes
    if not (config.swap or config.reverse or config.drop_points or config.drop_strokes or config.prefix):
        return Strokes(xy_BT2, pen_BT, length_B)

    order_BT = places(pen_BT)  # which point comes when
    small_BT = in_small_stroke(xy_BT2, pen_BT)
    if config.swap:
        order_BT = swap_strokes(pen_BT, length_B, config.swap, generator)
        pen_BT = pen_BT.gather(1, order_BT)
    if config.reverse:
        order_BT = order_BT.gather(1, reverse_strokes(pen_BT, config.reverse, generator))
    point_BT, pen_BT, length_B = keep_points(pen_BT, small_BT.gather(1, order_BT), length_B, config, generator)
    return Strokes(pick_points(xy_BT2, order_BT.gather(1, point_BT)), pen_BT, length_B)


def swap_strokes(pen_BT: Tensor, length_B: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """An index into the points, by which some drawings have their strokes in any order; padding stays behind."""
    place_BT, end_BT = places(pen_BT), stroke_ends_at(pen_BT)
    swapped_B1 = torch.rand(len(pen_BT), 1, generator=generator, device=pen_BT.device) < probability
    chance_BT = torch.rand(pen_BT.shape, generator=generator, device=pen_BT.device).gather(1, end_BT)
    turn_BT = torch.where(swapped_B1, chance_BT, 0.0).masked_fill(place_BT >= length_B[:, None], 1.0)
    return turn_BT.argsort(dim=1, stable=True)


def in_small_stroke(xy_BT2: Tensor, pen_BT: Tensor) -> Tensor:
    """True on all points of a stroke that has so little of the drawing's ink that it might as well be missing."""
    step_BT = pad((xy_BT2[:, 1:] - xy_BT2[:, :-1]).norm(dim=2), (1, 0)).masked_fill(stroke_begins(pen_BT), 0)
    ink_BT = step_BT.cumsum(1)
    stroke_BT = ink_BT.gather(1, stroke_ends_at(pen_BT)) - ink_BT.gather(1, stroke_begins_at(pen_BT))
    return stroke_BT <= SMALL * ink_BT[:, -1:]


def keep_points(
    pen_BT: Tensor, small_BT: Tensor, length_B: Tensor, config: AugmentConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Which points stay, as an index that repeats the last of them on padding; their pen; how many they are."""
    place_BT = places(pen_BT)
    kept_BT = place_BT < length_B[:, None]
    if config.drop_strokes:
        kept_BT = kept_BT & choose_strokes(pen_BT, small_BT, config.drop_strokes, generator)
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


def choose_strokes(pen_BT: Tensor, small_BT: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """kept_BT, True throughout strokes that are not small, and throughout one of each drawing at least."""
    chance_BT = torch.rand(pen_BT.shape, generator=generator, device=pen_BT.device)
    # A stroke's chance is the one at its end. The drawing's best stroke stays, whatever its chance.
    best_B1 = chance_BT.masked_fill(~pen_BT, -1).amax(1, keepdim=True)
    chance_BT = chance_BT.gather(1, stroke_ends_at(pen_BT))
    return (chance_BT >= probability) | (chance_BT == best_B1) | ~small_BT


def break_off(length_B: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """New lengths: of the drawings that are broken off, anything from 1 to the length, equally likely."""
    chance_2B = torch.rand(2, len(length_B), generator=generator, device=length_B.device)
    shorter_B = torch.minimum((chance_2B[0] * length_B).long() + 1, length_B)
    return torch.where(chance_2B[1] < probability, shorter_B, length_B)


def reverse_strokes(pen_BT: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """An index into the points, by which some strokes run from their end to their beginning."""
    chance_BT = torch.rand(pen_BT.shape, generator=generator, device=pen_BT.device)
    place_BT, end_BT = places(pen_BT), stroke_ends_at(pen_BT)
    turned_BT = stroke_begins_at(pen_BT) + end_BT - place_BT
    return torch.where(chance_BT.gather(1, end_BT) < probability, turned_BT, place_BT)
