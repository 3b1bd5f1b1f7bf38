"""The network of those who read characters from images of them: convolutions in blocks, as VGG has them, and a head."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from inkseq.errors import UserError
from inkseq.families import CharCnnConfig, Order
from inkseq.models.contract import check_probability
from inkseq.models.pictured import Pictured, dense, pool


class CharCnn(Pictured):
    """Blocks of two convolutions, each at half the pixels a side, then mean and maximum of what is left, dense."""

    def __init__(self, config: CharCnnConfig, num_classes: int) -> None:
        super().__init__(config.picture)
        check(config)
        channels = [self.picture.planes, *widths(config.width, config.most)]
        self.body = nn.Sequential(*(block(a, b, config.order) for a, b in pairwise(channels)))
        self.dense = dense(2 * config.most, config.hidden, config.dropout)
        self.head = nn.Linear(config.hidden, num_classes)
        convert_conv2d_weight_memory_format(self, torch.channels_last)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        features_BC: Tensor = self.dense(pool(self.body(picture_BCYX)))
        return features_BC


def widths(first: int, most: int) -> list[int]:
    """Channels of the blocks: doubled until there are so many."""
    return [first] if first == most else [first, *widths(min(2 * first, most), most)]


def block(channels_in: int, channels: int, order: Order) -> nn.Module:
    return nn.Sequential(*conv(channels_in, channels, 1, order), *conv(channels, channels, 2, order))


def conv(channels_in: int, channels: int, stride: int, order: Order) -> list[nn.Module]:
    """A convolution, which needs no bias where batch norm takes it away, and both others."""
    first = order is Order.relu_bn
    layer = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=first)
    norm, relu = nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
    return [layer, relu, norm] if first else [layer, norm, relu]


def check(config: CharCnnConfig) -> None:
    if not 1 <= config.width <= config.most or config.hidden < 1:
        raise UserError("model.width must be from 1 to model.most, model.hidden 1 or more")
    if config.picture.size < (least := 2 ** len(widths(config.width, config.most))):
        raise UserError(f"model.width={config.width}, doubled up to {config.most}, needs {least} pixels a side")
    check_probability("dropout", config.dropout)
