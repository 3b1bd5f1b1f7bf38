"""Drawings as other hands might have drawn them: augmentation of padded arrays, on their device.

Sequences are normalised afterwards, so that neither size nor place becomes a cue. Where points lie is changed first
(`deform.py`); what is left out, turned round or drawn earlier is one index into the points, applied once. Lots are
drawn together and strokes looked up once, since on a GPU an operator costs its launch, however little it does.
"""

import math
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn.functional import pad

from inkseq.config import AugmentConfig
from inkseq.data.deform import deform, draw_lots, larger_side
from inkseq.drawings.padded import Ends, Strokes, pick_rows, stay_at_end
from inkseq.errors import UserError

SMALL = 0.25  # of a drawing's ink: a 4 without its upright is none, a cat without a whisker is one
SHORT = 0.1  # of a drawing's larger side: a line that a pen may skip
PROBABILITIES = {"mirror", "swap", "reverse", "join", "lift", "drop_points", "drop_strokes", "prefix", "bleed", "erase"}


def check_augment(config: AugmentConfig) -> None:
    """Refuse what is no probability, or no spread."""
    for setting in fields(config):
        highest = 1.0 if setting.name in PROBABILITIES else math.inf
        if not 0 <= (value := getattr(config, setting.name)) <= highest or math.isinf(value):
            expected = "0 or more" if math.isinf(highest) else "a probability, 0 to 1"
            raise UserError(f"augment.{setting.name}={value}: expected {expected}")


def augment_strokes(strokes: Strokes, config: AugmentConfig, generator: torch.Generator) -> Strokes:
    """The drawings changed at random, in arrays of the same shape; drawings can become shorter."""
    if config.join or config.lift:
        strokes = strokes._replace(pen_BT=lift_elsewhere(strokes, config, generator))
    ends = Ends(strokes.pen_BT)
    xy_BT2 = deform(strokes.xy_BT2, ends, config, generator)
    if config.swap or config.reverse or config.drop_points or config.drop_strokes or config.prefix:
        row_BT, pen_BT, length_B = arrange(strokes, ends, config, generator)
        return strokes._replace(xy_BT2=pick_rows(xy_BT2, row_BT), pen_BT=pen_BT, length_B=length_B)
    if xy_BT2 is not strokes.xy_BT2:
        xy_BT2 = stay_at_end(xy_BT2, strokes.length_B)
    return strokes._replace(xy_BT2=xy_BT2)


def lift_elsewhere(strokes: Strokes, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """pen_BT with strokes joined to the next, and broken in two: as by devices that feel the pen badly."""
    xy_BT2, pen_BT, length_B, _ = strokes
    (chance_2BT,) = draw_lots(torch.rand, [(2, *pen_BT.shape)], generator)
    step_BT = pad((xy_BT2[:, 1:] - xy_BT2[:, :-1]).norm(dim=2), (0, 1))
    is_short_BT = step_BT < SHORT * larger_side(xy_BT2)[:, :, 0]
    left_BT = length_B[:, None] - 1 - torch.arange(pen_BT.shape[1], device=pen_BT.device)  # how many points are to come
    kept_BT = pen_BT & ((chance_2BT[0] >= config.join) | (left_BT == 0))
    return kept_BT | ((chance_2BT[1] < config.lift) & is_short_BT & (left_BT > 0))


def arrange(
    strokes: Strokes, ends: Ends, config: AugmentConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Which points come when, as rows of all drawings' points, the last of each on padding; their pen; how many."""
    xy_BT2, pen_BT, length_B, _ = strokes
    num_drawings, num_points = pen_BT.shape
    of_strokes = [name for name in ("swap", "reverse", "drop_strokes") if getattr(config, name)]
    chance_SP, point_BT, swap_B1, prefix_2B = draw_lots(
        torch.rand,
        [
            (len(of_strokes), num_drawings * num_points),
            (num_drawings * bool(config.drop_points), num_points),
            (num_drawings * bool(config.swap), 1),
            (2, num_drawings * bool(config.prefix)),
        ],
        generator,
    )
    chance = {}  # of each point's stroke: the one where it begins
    if of_strokes:
        chance_SBT = chance_SP.index_select(1, ends.first_P).view(-1, num_drawings, num_points)
        chance = dict(zip(of_strokes, chance_SBT, strict=True))

    row_BT = torch.arange(pen_BT.numel(), device=pen_BT.device).view_as(pen_BT)
    place_T = row_BT[0]
    kept_BT = place_T < length_B[:, None]
    if config.drop_strokes:
        kept_BT = keep_strokes(xy_BT2, ends, kept_BT, chance["drop_strokes"], config.drop_strokes)
    if config.drop_points:
        kept_BT = kept_BT & ((point_BT >= config.drop_points) | pen_BT | ends.begins_BT)
    length_B = kept_BT.sum(1)
    if config.prefix:
        length_B = break_off(length_B, config.prefix, prefix_2B)

    # Sorted by its stroke's turn, what stays is in front. Sorting needs no size that somebody would wait for.
    turn_BT = torch.add(chance["swap"] * (swap_B1 < config.swap), kept_BT, alpha=-1) if config.swap else ~kept_BT
    last_B1 = length_B[:, None] - 1
    order_BT = turn_BT.argsort(dim=1, stable=True).gather(1, torch.minimum(place_T, last_B1))
    pen_BT = pen_BT.gather(1, order_BT) & (place_T <= last_B1)
    if config.prefix:
        pen_BT = pen_BT | (place_T == last_B1)
    if config.reverse:
        turned_BT = (ends.first_P + ends.last_P).view_as(row_BT) - row_BT
        row_BT = turned_BT.where(chance["reverse"] < config.reverse, row_BT)
    return row_BT.gather(1, order_BT), pen_BT, length_B


def keep_strokes(xy_BT2: Tensor, ends: Ends, real_BT: Tensor, chance_BT: Tensor, probability: float) -> Tensor:
    """kept_BT, True throughout strokes that are not small, and throughout one of each drawing at least."""
    # The drawing's best stroke stays, whatever its chance.
    best_B1 = (chance_BT * real_BT).amax(1, keepdim=True)
    return real_BT & ((chance_BT >= best_B1.clamp(max=probability)) | in_large_stroke(xy_BT2, ends))


def in_large_stroke(xy_BT2: Tensor, ends: Ends) -> Tensor:
    """True on all points of a stroke that has too much of the drawing's ink for it to be missing."""
    step_BT = pad((xy_BT2[:, 1:] - xy_BT2[:, :-1]).norm(dim=2), (1, 0)).masked_fill(ends.begins_BT, 0)
    ink_BT = step_BT.cumsum(1)
    ink_P = ink_BT.flatten()
    stroke_P = ink_P.index_select(0, ends.last_P) - ink_P.index_select(0, ends.first_P)
    return stroke_P.view_as(ink_BT) > SMALL * ink_BT[:, -1:]


def break_off(length_B: Tensor, probability: float, chance_2B: Tensor) -> Tensor:
    """New lengths: of the drawings that are broken off, anything from 1 to the length, equally likely."""
    shorter_B = torch.minimum((chance_2B[0] * length_B).long() + 1, length_B)
    return shorter_B.where(chance_2B[1] < probability, length_B)
