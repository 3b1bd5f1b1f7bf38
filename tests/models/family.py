from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inkseq.drawings.padded import Strokes, is_real
from inkseq.errors import UserError
from inkseq.families import FAMILIES, ModelConfig, Pooling
from inkseq.models.contract import Model
from inkseq.models.layers import MaskedPooling
from inkseq.models.zoo import MODELS


@dataclass
class BagConfig(ModelConfig):
    name: str = "bag"  # the family: points by themselves, in no order
    preset: str = "bag"  # what the run is called after
    width: int = 64  # numbers that each point becomes
    pooling: Pooling = Pooling.mean_max  # of points to one vector


class Bag(Model):
    """Each point (x, y, pen) by itself, then all of them as one vector."""

    def __init__(self, config: BagConfig, num_classes: int) -> None:
        super().__init__()
        if config.width < 1:
            raise UserError(f"model.width={config.width}: expected 1 or more")
        self.points = nn.Sequential(nn.Linear(3, config.width), nn.GELU(), nn.Linear(config.width, config.width))
        self.pooling = MaskedPooling(config.pooling, config.width)
        self.head = nn.Linear(self.pooling.width, num_classes)

    def features(self, drawings: Strokes) -> Tensor:
        x_BTC = torch.cat([drawings.xy_BT2 / 255, drawings.pen_BT[:, :, None].float()], dim=-1)
        features_BC: Tensor = self.pooling(self.points(x_BTC), is_real(drawings)[:, :, None])
        return features_BC


FAMILIES["bag"], MODELS["bag"] = BagConfig, Bag
