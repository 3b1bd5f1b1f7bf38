"""What models have in common that look at a drawing's picture and at nothing else."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkseq.config import PictureConfig
from inkseq.drawings.padded import Strokes
from inkseq.models.contract import Model, Sight
from inkseq.models.picture import Picture, pixel_to_place

PIXELS_OF_A_STEP = 32  # so that as many pictures go into memory as drawings of a hundred points, at 64 pixels a side
ENOUGH_CELLS = 8  # a side, for a map of where a model looked


class Pictured(Model):
    """A picture -> features -> class logits. What looks is `see`."""

    def __init__(self, config: PictureConfig) -> None:
        super().__init__()
        self.picture = Picture(config)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        """features_BC"""
        raise NotImplementedError

    def num_steps(self, length_N: NDArray[Any]) -> NDArray[Any]:
        """As long over one drawing as over another."""
        return np.full(len(length_N), max(self.picture.size**2 // PIXELS_OF_A_STEP, 1))

    def features(self, drawings: Strokes) -> Tensor:
        return self._see(self.picture(drawings))

    def show(self, drawings: Strokes) -> tuple[Tensor, ...]:
        return (self.picture.ink(drawings),)

    def read(self, drawings: Strokes, shown: tuple[Tensor, ...]) -> Tensor:
        return self._see(self.picture.complete(shown[0], drawings))

    def share_out(self, drawings: Strokes, worth: tuple[Tensor, ...]) -> Tensor:
        return self.picture.share_out(worth[0].sum(1), drawings)

    @torch.no_grad()
    def sight(self) -> Sight | None:
        """The last layer whose grid is fine enough for a map."""
        grids: list[nn.Module] = []

        def look(module: nn.Module, given: Any, out: Any) -> None:
            if isinstance(out, Tensor) and out.ndim == 4 and out.shape[2] >= ENOUGH_CELLS:
                grids.append(module)

        layers = [module for module in self.modules() if module is not self.picture]
        hooks = [module.register_forward_hook(look) for module in layers]
        size = self.picture.size
        self.see(next(self.parameters()).new_zeros(1, self.picture.planes, size, size))
        for hook in hooks:
            hook.remove()
        edges = (pixel_to_place(pixel, size, self.picture.margin) for pixel in (-0.5, size - 0.5))
        return Sight(grids[-1], *edges) if grids else None

    def _see(self, picture_BCYX: Tensor) -> Tensor:
        """Batch norm has nothing to compare a lone drawing with, so training takes it as it is asked later."""
        picture_BCYX = picture_BCYX.to(memory_format=torch.channels_last)
        if not self.training or len(picture_BCYX) > 1:
            return self.see(picture_BCYX)
        self.eval()
        features_BC = self.see(picture_BCYX)
        self.train()
        return features_BC
