"""A recogniser as one graph: canonical points in, probabilities out, and all that lies between them inside."""

import torch
from torch import Tensor, nn

from inkseq.config import Layout
from inkseq.data.batches import to_rows
from inkseq.drawings.padded import Strokes
from inkseq.inference.runs import Run

INPUTS, OUTPUT = ("points", "pen", "length"), "probability"
EXAMPLE = (torch.zeros(3, 13, 2), torch.zeros(3, 13), torch.tensor([13, 5, 1]))  # other sizes do as well


class FromPoints(nn.Module):
    """probability_BK of points_BT2 (0..255), pen_BT and length_B; what lies behind a drawing's end is never read."""

    def __init__(self, model: nn.Module, layout: Layout, room: int) -> None:
        super().__init__()
        self.model, self.layout, self.room = model, layout, room

    def forward(self, points: Tensor, pen: Tensor, length: Tensor) -> Tensor:
        time_T = torch.arange(points.shape[1] + self.room)
        point_BT = torch.minimum(time_T, length[:, None] - 1)  # behind its end a drawing stays at its last point
        xy_BT2 = points.gather(1, point_BT[:, :, None].expand(-1, -1, 2))
        pen_BT = (pen.gather(1, point_BT) > 0.5) & (time_T < length[:, None])
        x_BTC, length_B = to_rows(Strokes(xy_BT2, pen_BT, length), self.layout)
        logits_BK: Tensor = self.model(x_BTC, length_B)
        return logits_BK.softmax(dim=1)


def from_points(run: Run) -> FromPoints:
    """The graph of a run.

    It makes room behind the longest drawing, since the tutorial's layout drops a row, and since torch.export takes a
    size that can be 1 for one that always is: folded, a lone point has to be two.
    """
    return FromPoints(run.model, run.config.layout, run.config.model.fold).eval()
