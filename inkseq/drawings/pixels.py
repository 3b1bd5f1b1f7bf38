"""Drawings that come as images: all that is known of them is their ink, pixel by pixel."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from inkseq.devices import send
from inkseq.drawings.padded import Strokes
from inkseq.drawings.strokes import Ink


class Images(NamedTuple):
    """Images of one size in one array."""

    ink_BYX: Tensor  # float32, from 0, paper, to 1


Input = Strokes | Images  # what a model takes
Kind = TypeVar("Kind", Strokes, Images, Input)


def put_on(drawings: Kind, device: torch.device) -> Kind:
    """The same on a device."""
    return type(drawings)(*(send(part, device) for part in drawings))


def stack(images: Sequence[Ink]) -> Images:
    """Images of one size in one array."""
    return Images(torch.from_numpy(np.stack(images)).float() / 255)


def of_strokes(drawings: Input) -> Strokes:
    """What can be read point by point: whoever asks this has refused images before."""
    assert isinstance(drawings, Strokes), "images have no strokes"
    return drawings


def resize(ink_BYX: Tensor, size: int) -> Tensor:
    """At so many pixels a side: each the mean of what it covers, or between its neighbours."""
    if ink_BYX.shape[-1] == size:
        return ink_BYX
    resized_BYX: Tensor = interpolate(ink_BYX[:, None], size=(size, size), mode="bilinear", antialias=True)[:, 0]
    return resized_BYX
