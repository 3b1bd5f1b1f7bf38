"""The tutorial's recogniser, with exact masks and with eyes: Conv1D, canvas (a small CNN), stacked BiLSTM, pooling.

With `layers=0` it is a CNN, with `cell=attention` a transformer, with `canvas=0` the tutorial's network.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from inkseq.drawings.padded import Strokes
from inkseq.errors import UserError
from inkseq.families import Cell, HybridConfig, Layout
from inkseq.models.attention import SelfAttention
from inkseq.models.canvas import Canvas
from inkseq.models.contract import BY_ITSELF, Answers, Model, Sight, check_probability
from inkseq.models.dabs import MARGIN
from inkseq.models.features import choose_inputs, compute_inputs
from inkseq.models.layers import BiRNN, MaskedConv, MaskedPooling, fold, mask_padding
from inkseq.models.rows import to_rows

SMALLEST = 8  # canvas: less is a blot


class Hybrid(Model):
    """(dx, dy, pen) rows -> inputs -> convolutions -> recurrent layers -> one vector -> class logits.

    With a canvas, the recurrent layers also read what is seen around each point, and the head what is seen at large.
    """

    def __init__(self, config: HybridConfig, num_classes: int) -> None:
        super().__init__()
        check(config)
        self.layout, self.inputs, self.fold = config.layout, choose_inputs(config.inputs), config.fold
        self.room = config.fold  # folded, a lone point has to be two
        self.seen_alone, self.read_alone = config.seen_alone, config.read_alone
        self.judge_each = config.judge_each
        width = len(self.inputs)
        self.convs = nn.ModuleList()
        for channels, kernel in zip(config.channels, config.kernels, strict=True):
            dropout = config.conv_dropout if self.convs else 0.0
            self.convs.append(MaskedConv(width, channels, kernel, config.norm, config.activation, dropout))
            width = channels

        self.canvas = None
        if config.canvas:
            self.canvas = Canvas(config.canvas, config.canvas_channels, config.conv_dropout)
            width += self.canvas.seen

        width *= config.fold
        self.rnns = nn.ModuleList()
        for _ in range(config.layers):
            if config.cell is Cell.attention:
                self.rnns.append(SelfAttention(width, 2 * config.hidden, config.dropout))
            else:
                self.rnns.append(BiRNN(config.cell, width, config.hidden, config.dropout if self.rnns else 0.0))
            width = 2 * config.hidden
        # Attention adds to what was there and norms none of it (attention.py), so that is left for the end.
        self.last_norm = nn.LayerNorm(width) if config.cell is Cell.attention else nn.Identity()

        self.pooling = MaskedPooling(config.pooling, width)
        self.head = nn.Linear(self.pooling.width + (self.canvas.width if self.canvas else 0), num_classes)

    def num_steps(self, length_N: NDArray[Any]) -> NDArray[Any]:
        return length_N if self.layout is Layout.inkseq else np.maximum(length_N - 1, 1)

    def features(self, drawings: Strokes) -> Tensor:
        x_BTC, length_B = to_rows(drawings, self.layout)
        return self.read_rows(x_BTC, length_B, *self.show_rows(x_BTC, length_B))

    def answers(self, drawings: Strokes) -> Answers:
        """By what is seen alone, by what is read alone, and by both: each has to be right, so none leans on another."""
        if self.canvas is None or not self.judge_each:
            return super().answers(drawings)
        x_BTC, length_B = to_rows(drawings, self.layout)
        inputs_BTC, picture_BKYX = self.show_rows(x_BTC, length_B)
        near_BCYX, whole_BC = self.canvas.see(picture_BKYX)
        reading_R, _, read_RC = self._read_some(x_BTC, length_B, inputs_BTC, near_BCYX)
        seen_BC = pad(BY_ITSELF * whole_BC, (read_RC.shape[1], 0))
        alone_RC = pad(BY_ITSELF * read_RC, (0, whole_BC.shape[1]))
        both_RC = torch.cat([read_RC, whole_BC[reading_R]], dim=-1)
        drawing_M = torch.cat([torch.arange(len(x_BTC), device=x_BTC.device), reading_R, reading_R])
        weight_M = whole_BC.new_full(drawing_M.shape, len(x_BTC) / (3 * len(reading_R)))
        weight_M[: len(x_BTC)] = 1 / 3
        return Answers(self.head(torch.cat([seen_BC, alone_RC, both_RC])), drawing_M, weight_M)

    def show(self, drawings: Strokes) -> tuple[Tensor, ...]:
        return self.show_rows(*to_rows(drawings, self.layout))

    def read(self, drawings: Strokes, shown: tuple[Tensor, ...]) -> Tensor:
        return self.read_rows(*to_rows(drawings, self.layout), *shown)

    def share_out(self, drawings: Strokes, worth: tuple[Tensor, ...]) -> Tensor:
        x_BTC, length_B = to_rows(drawings, self.layout)
        of_inputs_BTC, *of_picture = worth
        credit_BT = of_inputs_BTC.sum(2)
        if self.canvas is not None:
            (of_picture_BKYX,) = of_picture
            mask_BT1 = mask_padding(length_B, x_BTC.shape[1])
            credit_BT = credit_BT + self.canvas.share_out(of_picture_BKYX.sum(1), x_BTC, mask_BT1)
        # The first of several points has no row, and so no credit, in the tutorial's layout; a lone one has.
        without_row_B = drawings.length_B - length_B
        point_BT = torch.arange(drawings.pen_BT.shape[1], device=credit_BT.device) - without_row_B[:, None]
        own_BT = credit_BT.gather(1, point_BT.clamp(0, credit_BT.shape[1] - 1))
        return own_BT * ((point_BT >= 0) & (point_BT < length_B[:, None]))

    def sight(self) -> Sight | None:
        """Of the layers that see a grid, the one whose heat agrees best with what happens when a window of the picture
        is wiped: a correlation of 0.65 over 60 drawings of quickdraw16. Of those after it 0.47, 0.27, 0.13."""
        if self.canvas is None:
            return None
        size, stride = self.canvas.size, 2  # a cell lies over the first of two of the picture's
        first, last = -stride / 2, (-(-size // stride) - 0.5) * stride
        low, high = (((at - MARGIN) / (size - 1 - 2 * MARGIN)) - 0.5 for at in (first, last))
        return Sight(self.canvas.near[0], low, high)

    def show_rows(self, x_BTC: Tensor, length_B: Tensor) -> tuple[Tensor, ...]:
        """inputs_BTC of each point and, with a canvas, picture_BKYX; drawing b is `x_BTC[b, :length_B[b]]`."""
        mask_BT1 = mask_padding(length_B, x_BTC.shape[1])
        inputs_BTC = compute_inputs(x_BTC, mask_BT1, self.inputs)
        return (inputs_BTC,) if self.canvas is None else (inputs_BTC, self.canvas.show(x_BTC, mask_BT1))

    def read_rows(
        self, x_BTC: Tensor, length_B: Tensor, inputs_BTC: Tensor, picture_BKYX: Tensor | None = None
    ) -> Tensor:
        """features_BC; `x_BTC` says where points look."""
        if self.canvas is None:
            return self._read(x_BTC, length_B, inputs_BTC, None)
        assert picture_BKYX is not None
        near_BCYX, whole_BC = self.canvas.see(picture_BKYX)
        if not (self.training and (self.seen_alone or self.read_alone)):
            return torch.cat([self._read(x_BTC, length_B, inputs_BTC, near_BCYX), whole_BC], dim=-1)
        reading_R, showing_B1, read_RC = self._read_some(x_BTC, length_B, inputs_BTC, near_BCYX)
        read_BC = read_RC.new_zeros(len(x_BTC), read_RC.shape[1]).index_copy(0, reading_R, read_RC)
        return torch.cat([read_BC, whole_BC * showing_B1], dim=-1)

    def _read_some(self, *of_each: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`draw_lots`, and read_RC of the drawings that are read."""
        reading_R, showing_B1 = self.draw_lots(len(of_each[0]), of_each[0].device)
        return reading_R, showing_B1, self._read(*(one[reading_R] for one in of_each))

    def _read(self, x_BTC: Tensor, length_B: Tensor, inputs_BTC: Tensor, near_BCYX: Tensor | None) -> Tensor:
        """read_BC, of what is near each point too."""
        mask_BT1 = mask_padding(length_B, x_BTC.shape[1])
        h_BTC = inputs_BTC
        for conv in self.convs:
            h_BTC = conv(h_BTC, mask_BT1)
        if self.canvas is not None and near_BCYX is not None:
            h_BTC = torch.cat([h_BTC, self.canvas.look(near_BCYX, x_BTC, mask_BT1)], dim=-1)
        h_BTC, length_B = fold(h_BTC, length_B, self.fold)
        for rnn in self.rnns:
            h_BTC = rnn(h_BTC, length_B)
        read_BC: Tensor = self.pooling(self.last_norm(h_BTC), mask_padding(length_B, h_BTC.shape[1]))
        return read_BC

    def draw_lots(self, num_drawings: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Modality dropout: which drawings are read, reading_R, and of which the whole is shown, showing_B1.

        Of some the head gets only what is seen, of others only what is read, else each relies on the other. Strokes
        differ between people more than pictures do; what is read knows the people of the training set best. Their
        numbers are fixed, and the lots drawn first, so that nothing is read to be thrown away.
        """
        only_seen = min(round(self.seen_alone * num_drawings), num_drawings - 1)
        only_read = min(round(self.read_alone * num_drawings), num_drawings - only_seen)
        order_B = torch.rand(num_drawings, device=device).argsort()
        showing_B1 = torch.ones(num_drawings, 1, dtype=torch.bool, device=device)
        showing_B1[order_B[num_drawings - only_read :]] = False
        return order_B[only_seen:].sort().values, showing_B1


def check(config: HybridConfig) -> None:
    """Refuse sizes that no network can have."""
    if len(config.channels) != len(config.kernels):
        raise UserError("channels and kernels: a convolution needs one of each")
    if min([1, *config.channels, *config.kernels, *config.canvas_channels]) < 1:
        raise UserError("model.channels, model.kernels and model.canvas_channels must be 1 or more each")
    if config.canvas and (config.canvas < SMALLEST or len(config.canvas_channels) < 2):
        raise UserError(f"a canvas takes {SMALLEST} cells a side and two canvas_channels, or more (canvas=0: none)")
    if config.canvas and config.layout is Layout.tutorial:
        raise UserError(
            "model.layout=tutorial leaves out where a drawing begins, which a canvas needs; model.canvas=0 has none"
        )
    if config.fold < 1 or config.layers < 0 or config.hidden < 1:
        raise UserError("model.fold and model.hidden must be 1 or more, model.layers 0 or more")
    if config.seen_alone + config.read_alone > 1:
        raise UserError("model.seen_alone and model.read_alone are shares of all drawings: 1 together at most")
    if config.judge_each and config.read_alone:
        raise UserError("model.judge_each judges all that is read by itself too; leave out model.read_alone")
    for name in ("dropout", "conv_dropout", "seen_alone", "read_alone"):
        check_probability(name, getattr(config, name))
