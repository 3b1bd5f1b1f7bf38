"""MobileNet (arXiv 1704.04861), which many took for Quick, Draw! as pictures, with the head that came with it there."""

from torch import Tensor, nn

from inkseq.errors import UserError
from inkseq.families import MobileNetConfig
from inkseq.models.contract import check_probability
from inkseq.models.pictured import Pictured, dense, pool

FIRST = 32  # channels
BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]  # stride


class MobileNet(Pictured):
    """Thirteen depthwise separable convolutions, their mean and maximum over the picture, two dense layers."""

    depthwise = True

    def __init__(self, config: MobileNetConfig, num_classes: int) -> None:
        super().__init__(config.picture)
        check(config)
        channels = round(FIRST * config.width)
        layers = [conv(self.picture.planes, channels, 3, 2)]
        for wide, stride in BLOCKS:
            layers += separable(channels, channels := round(wide * config.width), stride)
        self.body = nn.Sequential(*layers)
        self.dense = dense(2 * channels, config.hidden, config.dropout)
        self.head = nn.Linear(config.hidden, num_classes)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        features_BC: Tensor = self.dense(pool(self.body(picture_BCYX)))
        return features_BC


def separable(channels_in: int, channels: int, stride: int) -> list[nn.Module]:
    """Each channel by itself, then each pixel by itself."""
    return [conv(channels_in, channels_in, 3, stride, groups=channels_in), conv(channels_in, channels, 1)]


def conv(channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    """A convolution, batch norm, ReLU."""
    padding = kernel // 2
    layer = nn.Conv2d(channels_in, channels, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def check(config: MobileNetConfig) -> None:
    if not 0.05 <= config.width <= 4 or config.hidden < 1:
        raise UserError("model.width must be from 0.05 to 4, model.hidden 1 or more")
    check_probability("dropout", config.dropout)
