"""A recogniser as a graph from canonical points, or from images, to probabilities, with everything between inside."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from inkseq.drawings.padded import Strokes
from inkseq.drawings.pixels import Images
from inkseq.models.contract import Model

OUTPUT = "probability"


class FromPoints(nn.Module):
    """probability_BK of points_BT2 (0..255), pen_BT and length_B; what lies behind a drawing's end is never read."""

    outputs: ClassVar[tuple[str, ...]] = (OUTPUT,)
    inputs: ClassVar = {"points": {0: "batch", 1: "points"}, "pen": {0: "batch", 1: "points"}, "length": {0: "batch"}}
    example = (torch.zeros(3, 13, 2), torch.zeros(3, 13), torch.tensor([13, 5, 1]))  # other sizes do as well

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model
        self.eval()

    def forward(self, points: Tensor, pen: Tensor, length: Tensor) -> Tensor:
        logits_BK: Tensor = self.model(self.drawings(points, pen, length))
        return logits_BK.softmax(dim=1)

    def drawings(self, points: Tensor, pen: Tensor, length: Tensor) -> Strokes:
        time_T = torch.arange(points.shape[1] + self.model.room)
        point_BT = torch.minimum(time_T, length[:, None] - 1)  # behind its end a drawing stays at its last point
        xy_BT2 = points.gather(1, point_BT[:, :, None].expand(-1, -1, 2))
        pen_BT = (pen.gather(1, point_BT) > 0.5) & (time_T < length[:, None])
        return Strokes(xy_BT2, pen_BT, length, torch.zeros_like(length))


class Teachable(FromPoints):
    """The same and, for prototypes of words that are taught later, features_BC."""

    outputs: ClassVar[tuple[str, ...]] = (OUTPUT, "features")

    def forward(self, points: Tensor, pen: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        features_BC = self.model.features(self.drawings(points, pen, length))
        return self.model.head(features_BC).softmax(dim=1), features_BC


class FromImages(nn.Module):
    """probability_BK of ink_BYX (0..1), of the size that the recogniser learnt from."""

    outputs: ClassVar[tuple[str, ...]] = (OUTPUT,)
    inputs: ClassVar = {"image": {0: "batch"}}

    def __init__(self, model: Model, size: int) -> None:
        super().__init__()
        self.model, self.size = model, size
        self.example = (torch.zeros(3, size, size),)
        self.eval()

    def forward(self, image: Tensor) -> Tensor:
        logits_BK: Tensor = self.model(Images(image))
        return logits_BK.softmax(dim=1)


Graph = FromPoints | FromImages
