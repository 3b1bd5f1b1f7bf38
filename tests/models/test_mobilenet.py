"""MobileNet has the parameters that its authors' has."""

import pytest
import torch
from torch import nn

from inkseq.families import MobileNetConfig, PictureConfig
from inkseq.models.mobilenet import BLOCKS, MobileNet

KERAS = 3_206_976  # trainable, of its MobileNet at width 1 without the top, three planes


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_body_is_as_large_as_the_published_one() -> None:
    three = MobileNetConfig(picture=PictureConfig(channels=["ink", "direction"]))
    assert count(MobileNet(three, 16).body) == KERAS
    assert count(MobileNet(MobileNetConfig(), 16).body) == KERAS - 2 * 3 * 3 * 32


@pytest.mark.parametrize(("classes", "parameters"), [(16, 4_268_816), (340, 4_435_028)])
def test_with_the_articles_head(classes: int, parameters: int) -> None:
    assert count(MobileNet(MobileNetConfig(), classes)) == parameters


@pytest.mark.parametrize(("size", "cells"), [(32, 1), (64, 2), (128, 4)])
def test_the_picture_is_halved_five_times(size: int, cells: int) -> None:
    model = MobileNet(MobileNetConfig(width=0.25, picture=PictureConfig(size=size)), 4).eval()
    assert len(BLOCKS) == 13
    assert model.body(torch.zeros(1, 1, size, size)).shape == (1, 256, cells, cells)
    assert model.see(torch.zeros(1, 1, size, size)).shape == (1, 512)


def test_dropout_is_half_before_the_first_dense_layer() -> None:
    dropouts = [
        module.p for module in MobileNet(MobileNetConfig(width=0.1), 4).modules() if isinstance(module, nn.Dropout)
    ]
    assert dropouts == [0.25, 0.5]
