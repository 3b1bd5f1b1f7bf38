"""The character network has the parameters that pencil and paper say."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from inkseq.cli import compose_config
from inkseq.config import TrainConfig
from inkseq.families import CharCnnConfig, Order, PictureConfig
from inkseq.models.charcnn import CharCnn
from inkseq.models.zoo import make_model


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_preset_has_so_many_parameters() -> None:
    convolutions = sum(9 * a * b + 9 * b * b + 2 * b for a, b in pairwise([1, 32, 64, 128, 256, 512]))  # and biases
    norms = 2 * 2 * (32 + 64 + 128 + 256 + 512)  # two of each block, of two numbers a channel
    dense = 2 * 1024 + (1024 + 1) * 512 + 2 * 512 + (512 + 1) * 16
    model = make_model(compose_config(TrainConfig, ["data=x", "model=charcnn"]).model, 16)
    assert count(model) == convolutions + norms + dense == 5_251_696


def test_batch_norm_before_relu_needs_no_biases() -> None:
    relu_bn, bn_relu = (CharCnn(CharCnnConfig(order=order), 16) for order in Order)
    assert count(relu_bn) - count(bn_relu) == 2 * (32 + 64 + 128 + 256 + 512)
    names = [[type(part).__name__ for part in model.body[0][:3]] for model in (relu_bn, bn_relu)]  # type: ignore[index]
    assert names == [["Conv2d", "ReLU", "BatchNorm2d"], ["Conv2d", "BatchNorm2d", "ReLU"]]


@pytest.mark.parametrize(("width", "channels"), [(32, [32, 64, 128, 256, 512]), (48, [48, 96, 192, 384, 512])])
def test_each_block_halves_the_pixels_and_doubles_the_channels_up_to_512(width: int, channels: list[int]) -> None:
    model = CharCnn(CharCnnConfig(width=width, picture=PictureConfig(size=64)), 4).eval()
    shapes, x_BCYX = [], torch.zeros(1, 1, 64, 64)
    for block in model.body.children():
        x_BCYX = block(x_BCYX)
        shapes.append(tuple(x_BCYX.shape[1:]))
    assert shapes == [(c, 32 >> i, 32 >> i) for i, c in enumerate(channels)]
