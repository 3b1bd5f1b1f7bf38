"""Strokes or images: a dataset's drawings, whichever they are."""

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.config import AugmentConfig
from inkseq.data.augment import augment_strokes
from inkseq.data.images import ImagesOfSplit
from inkseq.data.packed import Packed, PackedImages, PackedStrokes
from inkseq.data.points import StrokesOfSplit
from inkseq.data.rescan import augment_images
from inkseq.data.resident import MEMORY_SHARE, Drawings
from inkseq.drawings.padded import number_countries, pad_together
from inkseq.drawings.pixels import Images, Input


def load_split(data: Packed, split: str, device: torch.device, share: float = MEMORY_SHARE) -> Drawings:
    """The drawings of a split, in the device's memory if they take no more than this share of it."""
    if isinstance(data, PackedImages):
        return ImagesOfSplit(data, split, device, share)
    assert isinstance(data, PackedStrokes)
    return StrokesOfSplit(data, split, device, share)


def augment(drawings: Input, config: AugmentConfig, generator: torch.Generator) -> Input:
    """Drawings changed at random."""
    if isinstance(drawings, Images):
        return augment_images(drawings, config, generator)
    return augment_strokes(drawings, config, generator)


def pick(data: Packed, index_N: NDArray[np.int64]) -> Input:
    """A few drawings of a dataset, on the host, without their split."""
    if isinstance(data, PackedImages):
        return Images(torch.from_numpy(data.images[index_N]).float() / 255)
    assert isinstance(data, PackedStrokes)
    strokes = pad_together([data.drawing(i) for i in index_N])
    return strokes._replace(country_B=torch.from_numpy(number_countries(data.countrycode[index_N])).long())
