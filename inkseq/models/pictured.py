"""What models have in common that look at a drawing's picture and at nothing else."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkseq.config import PictureConfig
from inkseq.drawings.padded import Strokes
from inkseq.models.contract import Model, Sight
from inkseq.models.picture import Picture, pixel_to_place

PIXELS_OF_A_STEP = 32  # so that as many pictures go into memory as drawings of a hundred points, at 64 pixels a side
FEWEST_CELLS = 16  # a side, for a map of where a model looked


class Grid(NamedTuple):
    """What a layer makes of a picture: so many cells a side, and over which pixels their middles lie."""

    layer: nn.Module
    cells: int
    first: float
    step: float

    def then(self, layer: nn.Module, cells: int) -> "Grid":
        """The grid of a layer that works on this one."""
        if cells == self.cells:
            return self._replace(layer=layer)
        if not hasattr(layer, "kernel_size"):  # it says nothing of itself: side by side, then
            step = self.step * self.cells / cells
            return Grid(layer, cells, self.first + (step - self.step) / 2, step)
        stride, kernel, padding = (one_of(layer, name) for name in ("stride", "kernel_size", "padding"))
        return Grid(layer, cells, self.first + self.step * ((kernel - 1) / 2 - padding), self.step * stride)


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

    def sight(self) -> Sight | None:
        """The last layer whose grid is fine enough.

        Its heat agrees with what happens when windows of 8 pixels are wiped by a correlation of 0.65 in a `cnn`, 0.50
        in a `mobilenet` (60 drawings of quickdraw16; they get 81 and 75 % right). That of the last of 8 cells
        a side agrees by 0.39 and 0.25, of 4 cells by 0.25 and 0.06; within a residual branch by 0.2 anywhere.
        """
        if not (grids := self.grids()):
            return None
        layer, cells, first, step = grids[-1]
        edges = first - step / 2, first + (cells - 0.5) * step
        return Sight(layer, *(pixel_to_place(edge, self.picture.size, self.picture.margin) for edge in edges))

    @torch.no_grad()
    def grids(self) -> list["Grid"]:
        """Of each layer that sees a fine grid, in the order that they work."""
        size = self.picture.size
        found = [Grid(self.picture, size, 0.0, 1.0)]

        def look(module: nn.Module, given: Any, out: Any) -> None:
            square = isinstance(out, Tensor) and out.ndim == 4 and out.shape[2] == out.shape[3]
            if square and FEWEST_CELLS <= out.shape[2] <= found[-1].cells:
                found.append(found[-1].then(module, out.shape[2]))

        hooks = [module.register_forward_hook(look) for module in self.modules() if module is not self.picture]
        self.see(next(self.parameters()).new_zeros(1, self.picture.planes, size, size))
        for hook in hooks:
            hook.remove()
        return found[1:]

    def _see(self, picture_BCYX: Tensor) -> Tensor:
        """Batch norm has nothing to compare a lone drawing with, so training takes it as it is asked later."""
        alone = self.training and len(picture_BCYX) == 1
        if alone:
            self.eval()
        features_BC = self.see(picture_BCYX.to(memory_format=torch.channels_last))
        self.train(self.training or alone)
        return features_BC


def one_of(layer: nn.Module, name: str) -> int:
    """A layer's setting, which PyTorch keeps for both axes or for one."""
    value: Any = getattr(layer, name)
    return int(value[0] if isinstance(value, tuple) else value)
