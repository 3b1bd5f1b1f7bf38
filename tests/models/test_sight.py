"""Where models that look have looked: the cells of a map lie over what they saw, and so over the strokes."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inkseq.drawings.padded import pad_together
from inkseq.drawings.strokes import flatten
from inkseq.evaluate.attribution import grad_cam, integrated_gradients
from inkseq.families import CnnConfig, MobileNetConfig, PictureConfig
from inkseq.models.grids import Grid
from inkseq.models.pictured import Pictured
from inkseq.models.zoo import make_model


def plain_layers(model: nn.Module) -> nn.Module:
    """Without what looks at the whole picture at once, or lets some of it not pass: a cell depends on what is near."""
    for name, module in model.named_children():
        if isinstance(module, nn.GroupNorm | nn.BatchNorm2d | nn.ReLU):
            setattr(model, name, nn.Identity())
        else:
            plain_layers(module)
    return model


@pytest.mark.parametrize("size", [64, 65])
@pytest.mark.parametrize("family", [CnnConfig, MobileNetConfig], ids=lambda family: family.name)
def test_cells_lie_over_what_they_see(family: type[CnnConfig] | type[MobileNetConfig], size: int) -> None:
    torch.manual_seed(0)
    model = plain_layers(make_model(family(picture=PictureConfig(size=size)), 4).eval())
    assert isinstance(model, Pictured)
    steps = set()
    for layer, cells, first, step in model.grids():
        seen: list[Tensor] = []
        hook = layer.register_forward_hook(lambda module, given, out, seen=seen: seen.append(out))
        picture_BCYX = torch.rand(1, 1, size, size, requires_grad=True)
        model.see(picture_BCYX)
        hook.remove()
        y, x = cells // 2, cells // 2 - 1
        seen[0][0, :, y, x].square().sum().backward()  # type: ignore[no-untyped-call]
        assert picture_BCYX.grad is not None
        for at, place_N in zip((y, x), picture_BCYX.grad[0, 0].nonzero(as_tuple=True), strict=True):
            assert float(place_N.min() + place_N.max()) / 2 == first + at * step
        steps.add(step)
    assert steps == {2, 4}


class Corner(Pictured):
    """Says the first class as far as there is ink in one window of the picture, which only its layer sees."""

    def __init__(self, config: PictureConfig, window: tuple[slice, slice]) -> None:
        super().__init__(config)
        layer = nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False)
        nn.init.constant_(layer.weight, 0)
        layer.weight.data[0, 0, 1, 1] = 1
        self.body = nn.Sequential(layer)
        self.window, self.head = window, nn.Linear(1, 2, bias=False)
        nn.init.constant_(self.head.weight[:1], 1.0)
        nn.init.constant_(self.head.weight[1:], -1.0)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        seen_BCYX: Tensor = self.body(picture_BCYX)
        y, x = self.window
        return seen_BCYX[:, :, y, x].mean((2, 3))


SIZE, MARGIN = 64, 6
BROAD = [[[0, 255, 255, 0, 0], [0, 0, 100, 100, 0]], [[212, 222], [36, 38]], [[40, 55], [62, 65]]]  # a box


@pytest.mark.parametrize("stroke", [1, 2])
def test_heat_and_credit_lie_where_the_ink_is_that_was_asked_for(stroke: int) -> None:
    """A short stroke at the upper right, or at the lower left."""
    points, pen = flatten(BROAD)
    drawing = pad_together([(points.astype(np.uint8), pen)])
    (from_x, to_x), (from_y, to_y) = BROAD[stroke]
    place = [((at - middle) / 255) for at, middle in (((from_y + to_y) / 2, 50), ((from_x + to_x) / 2, 127.5))]
    pixels = [at * (SIZE - 1 - 2 * MARGIN) + (SIZE - 1) / 2 for at in place]
    window = tuple(slice(math.floor(at / 2) - 2, math.floor(at / 2) + 3) for at in pixels)
    model = Corner(PictureConfig(size=SIZE, margin=MARGIN), (window[0], window[1])).eval()
    sight = model.sight()
    assert sight is not None
    target_B = torch.tensor([0])

    heat_YX = grad_cam(model, sight, drawing, target_B)[0]
    side = sight.high - sight.low
    middle_N = sight.low + (torch.arange(len(heat_YX)) + 0.5) / len(heat_YX) * side
    found = [float(heat_YX.sum(axis) @ middle_N / heat_YX.sum()) for axis in (1, 0)]
    assert found == pytest.approx(place, abs=0.02)

    credit_BT, gap_B = integrated_gradients(model, drawing, target_B)
    number_T = drawing.pen_BT[0].cumsum(0) - drawing.pen_BT[0].long()  # each point's stroke
    share = float(credit_BT[0, number_T == stroke].sum() / credit_BT.sum())
    assert share > 0.9
    assert float(gap_B) < 1e-3


def test_what_is_looked_at_is_no_branch() -> None:
    cnn, mobilenet = (make_model(family(), 4) for family in (CnnConfig, MobileNetConfig))
    for model, name in ((cnn, "body.parts.1"), (mobilenet, "body.6")):
        assert isinstance(model, Pictured)
        sight = model.sight()
        assert sight is not None
        assert sight.layer is model.get_submodule(name)


def test_a_layer_that_does_not_say_how_it_shrinks_has_its_cells_side_by_side() -> None:
    grid = Grid(nn.Identity(), 32, 0.5, 2.0).then(nn.PixelUnshuffle(2), 16)
    assert grid[1:] == (16, 1.5, 4.0)


def test_to_look_for_its_grids_leaves_a_model_in_training_as_it_was() -> None:
    model = make_model(MobileNetConfig(width=0.1), 4).train()
    assert isinstance(model, Pictured)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert model.sight() is not None
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
