"""The best that we know to make of pictures at about the default's cost: a small residual network (ResNet)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from inkseq.drawings.pixels import Input
from inkseq.errors import UserError
from inkseq.families import CnnConfig
from inkseq.models.contract import BY_ITSELF, Answers, check_probability
from inkseq.models.pictured import Pictured, pool


class Cnn(Pictured):
    """Stages, each at half the pixels a side. What the last two see, parts and the whole, is taken as mean and maximum.

    In training each of the two is judged by itself too (deep supervision).
    """

    body: nn.ModuleDict

    def __init__(self, config: CnnConfig, num_classes: int) -> None:
        super().__init__(config.picture)
        check(config)
        edges = nn.Sequential(nn.Conv2d(self.picture.planes, config.channels[0], 3, stride=2, padding=1), nn.ReLU())
        *early, last = (stage(a, b, config.dropout) for a, b in pairwise(config.channels))
        self.body = nn.ModuleDict({"parts": nn.Sequential(edges, *early), "whole": last})
        self.of_parts = 2 * config.channels[-2]  # features
        self.head = nn.Linear(self.of_parts + 2 * config.channels[-1], num_classes)
        convert_conv2d_weight_memory_format(self, torch.channels_last)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        parts_BCYX = self.body["parts"](picture_BCYX)
        return torch.cat([pool(parts_BCYX), pool(self.body["whole"](parts_BCYX))], dim=1)

    def answers(self, drawings: Input) -> Answers:
        features_BC = self.features(drawings)
        parts_BC, whole_BC = features_BC.tensor_split([self.of_parts], dim=1)
        parts_alone_BC = torch.cat([BY_ITSELF * parts_BC, torch.zeros_like(whole_BC)], dim=1)
        whole_alone_BC = torch.cat([torch.zeros_like(parts_BC), BY_ITSELF * whole_BC], dim=1)
        drawing_M = torch.arange(len(features_BC), device=features_BC.device).repeat(3)
        logits_MK = self.head(torch.cat([features_BC, parts_alone_BC, whole_alone_BC]))
        return Answers(logits_MK, drawing_M, features_BC.new_full(drawing_M.shape, 1 / 3))


class Block(nn.Module):
    """A residual block whose norms come first (pre-activation)."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.GroupNorm(1, channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(1, channels),
            nn.ReLU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x_BCYX: Tensor) -> Tensor:
        change_BCYX: Tensor = self.change(x_BCYX)
        return x_BCYX + change_BCYX


def stage(channels_in: int, channels: int, dropout: float) -> nn.Module:
    """To half the pixels a side, and a block."""
    halve = nn.Conv2d(channels_in, channels, 3, stride=2, padding=1)
    return nn.Sequential(halve, nn.GroupNorm(1, channels), nn.ReLU(), Block(channels, dropout))


def check(config: CnnConfig) -> None:
    if len(config.channels) < 2 or min(config.channels) < 1:
        raise UserError("model.channels: two stages or more, 1 channel or more each")
    if config.picture.size < 2 ** len(config.channels):
        raise UserError(f"model.channels: {len(config.channels)} stages need {2 ** len(config.channels)} pixels a side")
    check_probability("dropout", config.dropout)
