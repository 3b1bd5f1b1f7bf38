"""Over which pixels of a picture the cells lie that a network's layers make of it, whatever network it is."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

FEWEST_CELLS = 16  # a side, for a map of where a model looked


class Grid(NamedTuple):
    """What a layer makes of a picture: so many cells a side, and over which pixels their middles lie."""

    layer: nn.Module
    cells: int
    first: float
    step: float

    @property
    def edges(self) -> tuple[float, float]:
        """Where it begins and ends."""
        return self.first - self.step / 2, self.first + (self.cells - 0.5) * self.step

    def then(self, layer: nn.Module, cells: int) -> "Grid":
        """The grid of a layer that works on this one."""
        if cells == self.cells:
            return self._replace(layer=layer)
        if not hasattr(layer, "kernel_size"):  # it says nothing of itself: side by side, then
            step = self.step * self.cells / cells
            return Grid(layer, cells, self.first + (step - self.step) / 2, step)
        stride, kernel, padding = (one_of(layer, name) for name in ("stride", "kernel_size", "padding"))
        return Grid(layer, cells, self.first + self.step * ((kernel - 1) / 2 - padding), self.step * stride)


def one_of(layer: nn.Module, name: str) -> int:
    """A layer's setting, which PyTorch keeps for both axes or for one."""
    value: Any = getattr(layer, name)
    return int(value[0] if isinstance(value, tuple) else value)


def chain(network: nn.Module) -> Iterator[nn.Module]:
    """Its parts that all goes through, and theirs: what lies within a block may be a branch, which does not see all."""
    for part in network.children():
        yield part
        if isinstance(part, nn.Sequential):
            yield from chain(part)


@torch.no_grad()
def find_grids(layers: Iterable[nn.Module], see: Callable[[Tensor], Tensor], picture_BCYX: Tensor) -> list[Grid]:
    """Of each layer that makes a fine grid of a picture, in the order that they work."""
    found = [Grid(nn.Identity(), picture_BCYX.shape[2], 0.0, 1.0)]

    def look(module: nn.Module, given: Any, out: Any) -> None:
        square = isinstance(out, Tensor) and out.ndim == 4 and out.shape[2] == out.shape[3]
        if square and FEWEST_CELLS <= out.shape[2] <= found[-1].cells:
            found.append(found[-1].then(module, out.shape[2]))

    hooks = [layer.register_forward_hook(look) for layer in layers]
    see(picture_BCYX)
    for hook in hooks:
        hook.remove()
    return found[1:]
