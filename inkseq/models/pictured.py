"""What models have in common that look at a drawing's picture and at nothing else."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkseq.drawings.pixels import Input, of_strokes
from inkseq.families import PictureConfig
from inkseq.models.contract import Model, Sight
from inkseq.models.grids import Grid, chain, find_grids
from inkseq.models.picture import Picture, pixel_to_place

PIXELS_OF_A_STEP = 32  # so that as many pictures go into memory as drawings of a hundred points, at 64 pixels a side


def pool(x_BCYX: Tensor) -> Tensor:
    """Each channel's mean over the picture, and its maximum."""
    x_BCYX = x_BCYX.float()
    return torch.cat([x_BCYX.mean((2, 3)), x_BCYX.amax((2, 3))], dim=1)


def dense(channels: int, hidden: int, dropout: float) -> nn.Module:
    """What many have between that and the last layer: a dense layer amid batch norm and dropout."""
    return nn.Sequential(
        nn.BatchNorm1d(channels),
        nn.Dropout(dropout / 2),
        nn.Linear(channels, hidden),
        nn.ReLU(),
        nn.BatchNorm1d(hidden),
        nn.Dropout(dropout),
    )


class Pictured(Model):
    """A picture -> features -> class logits. What looks is `see`."""

    sees_images = True
    body: nn.Module  # the network, without the head
    depthwise = False  # such convolutions a CPU does in float32, since in bfloat16 it takes twice as long over them

    def __init__(self, config: PictureConfig) -> None:
        super().__init__()
        self.picture = Picture(config)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        """features_BC"""
        raise NotImplementedError

    def num_steps(self, length_N: NDArray[Any]) -> NDArray[Any]:
        """As long over one drawing as over another."""
        return np.full(len(length_N), max(self.picture.size**2 // PIXELS_OF_A_STEP, 1))

    def features(self, drawings: Input) -> Tensor:
        return self._see(self.picture(drawings))

    def show(self, drawings: Input) -> tuple[Tensor, ...]:
        return (self.picture.ink(drawings),)

    def read(self, drawings: Input, shown: tuple[Tensor, ...]) -> Tensor:
        return self._see(self.picture.complete(shown[0], drawings))

    def share_out(self, drawings: Input, worth: tuple[Tensor, ...]) -> Tensor:
        return self.picture.share_out(worth[0].sum(1), of_strokes(drawings))

    def sight(self) -> Sight | None:
        """The last link of the network's chain whose grid is fine enough.

        Its heat agrees with what happens when windows of 8 pixels are wiped by a correlation of 0.59 in a `cnn` (24
        cells a side; 60 drawings of quickdraw16, of which it gets 93 % right) and 0.50 in a `mobilenet` at 64 pixels
        (16 cells; 75 %). That of the next, of half as many cells, agrees by 0.40 and 0.25.
        """
        links = set(chain(self.body))
        fine = [grid for grid in self.grids() if grid.layer in links]
        if not fine:
            return None
        picture = self.picture
        return Sight(fine[-1].layer, *(pixel_to_place(edge, picture.size, picture.margin) for edge in fine[-1].edges))

    def grids(self) -> list[Grid]:
        """Of its layers that see a fine grid, in the order that they work."""
        layers = [module for module in self.modules() if module is not self.picture]
        size = self.picture.size
        nothing_BCYX = next(self.parameters()).new_zeros(1, self.picture.planes, size, size)
        return find_grids(layers, self._see, nothing_BCYX)

    def _see(self, picture_BCYX: Tensor) -> Tensor:
        """Batch norm has nothing to compare a lone drawing with, so training takes it as it is asked later."""
        picture_BCYX = picture_BCYX.to(memory_format=torch.channels_last)
        if self.depthwise and picture_BCYX.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):
                return self._see(picture_BCYX)
        if not self.training or len(picture_BCYX) > 1:
            return self.see(picture_BCYX)
        self.eval()
        features_BC = self.see(picture_BCYX)
        self.train()
        return features_BC
