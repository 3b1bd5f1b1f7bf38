"""The best that we know to make of pictures at the default's cost: residual blocks over ever fewer pixels."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from inkseq.config import CnnConfig
from inkseq.errors import UserError
from inkseq.models.canvas import Stage
from inkseq.models.pictured import Pictured


class Cnn(Pictured):
    """Each stage at half the pixels a side; what is left is taken as mean and maximum."""

    def __init__(self, config: CnnConfig, num_classes: int) -> None:
        super().__init__(config.picture)
        check(config)
        first = nn.Conv2d(self.picture.planes, config.channels[0], 3, stride=2, padding=1)
        stages = (Stage(a, b, config.dropout) for a, b in pairwise(config.channels))
        self.body = nn.Sequential(first, nn.ReLU(), *stages)
        self.head = nn.Linear(2 * config.channels[-1], num_classes)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        h_BCYX = self.body(picture_BCYX).float()
        return torch.cat([h_BCYX.mean((2, 3)), h_BCYX.amax((2, 3))], dim=1)


def check(config: CnnConfig) -> None:
    if len(config.channels) < 2 or min(config.channels) < 1:
        raise UserError("model.channels: two or more stages, 1 channel or more each")
    if config.picture.size < 2 ** len(config.channels):
        raise UserError(f"model.channels: {len(config.channels)} stages need {2 ** len(config.channels)} pixels a side")
    if not 0 <= config.dropout < 1:
        raise UserError(f"model.dropout={config.dropout}: expected a probability, from 0 to less than 1")
