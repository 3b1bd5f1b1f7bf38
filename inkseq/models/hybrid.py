"""Convolutions, then bidirectional LSTMs: the TensorFlow tutorial's recogniser, with exact masks and with eyes."""

import torch
from torch import Tensor, nn

from inkseq.config import BiLSTMConfig, Cell
from inkseq.errors import UserError
from inkseq.models.attention import SelfAttention
from inkseq.models.canvas import Canvas
from inkseq.models.features import choose_inputs, compute_inputs
from inkseq.models.layers import BiRNN, MaskedConv, MaskedPooling, fold, mask_padding

SMALLEST = 8  # canvas: less is a blot


class BiLSTM(nn.Module):
    """(dx, dy, pen) rows -> inputs -> convolutions -> recurrent layers -> one vector -> class logits.

    With a canvas, the recurrent layers also read what is seen around each point, and the head what is seen at large.
    """

    def __init__(self, config: BiLSTMConfig, num_classes: int) -> None:
        super().__init__()
        check(config)
        self.inputs, self.fold = choose_inputs(config.inputs), config.fold
        self.seen_alone, self.read_alone = config.seen_alone, config.read_alone
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

    def forward(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        """logits_BK of a batch whose drawing b is `x_BTC[b, :length_B[b]]`; the rows behind that are zero."""
        logits_BK: Tensor = self.head(self.read(x_BTC, length_B, *self.show(x_BTC, length_B)))
        return logits_BK

    def show(self, x_BTC: Tensor, length_B: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the network is shown: inputs_BTC of each point and, if it has a canvas, picture_BKYX."""
        mask_BT1 = mask_padding(length_B, x_BTC.shape[1])
        inputs_BTC = compute_inputs(x_BTC, mask_BT1, self.inputs)
        return inputs_BTC, self.canvas.show(x_BTC, mask_BT1) if self.canvas is not None else None

    def read(self, x_BTC: Tensor, length_B: Tensor, inputs_BTC: Tensor, picture_BKYX: Tensor | None) -> Tensor:
        """features_BC, all that the head gets to know of what was shown; `x_BTC` says where points look."""
        mask_BT1 = mask_padding(length_B, x_BTC.shape[1])
        h_BTC, views = inputs_BTC, []
        for conv in self.convs:
            h_BTC = conv(h_BTC, mask_BT1)
        if self.canvas is not None:
            assert picture_BKYX is not None
            seen_BTC, whole_BC = self.canvas.look_at(picture_BKYX, x_BTC, mask_BT1)
            h_BTC, views = torch.cat([h_BTC, seen_BTC], dim=-1), [whole_BC]
        h_BTC, length_B = fold(h_BTC, length_B, self.fold)
        for rnn in self.rnns:
            h_BTC = rnn(h_BTC, length_B)
        read_BC = self.pooling(self.last_norm(h_BTC), mask_padding(length_B, h_BTC.shape[1]))
        if views and self.training and (self.seen_alone or self.read_alone):
            read_BC, views = self.leave_alone(read_BC, views[0])
        return torch.cat([read_BC, *views], dim=-1)

    def leave_alone(self, read_BC: Tensor, whole_BC: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Of some drawings only what is seen, of others only what is read: else each relies on the other.

        Strokes differ between people more than pictures do; what is read knows the people of the training set best.
        """
        chance_B1 = torch.rand(len(read_BC), 1, device=read_BC.device)
        only_seen_B1 = chance_B1 < self.seen_alone
        only_read_B1 = chance_B1 >= 1 - self.read_alone
        return read_BC * ~only_seen_B1, [whole_BC * ~only_read_B1]


def check(config: BiLSTMConfig) -> None:
    """Refuse sizes that no network can have."""
    if len(config.channels) != len(config.kernels):
        raise UserError("channels and kernels: a convolution needs one of each")
    if min([1, *config.channels, *config.kernels, *config.canvas_channels]) < 1:
        raise UserError("model.channels, model.kernels and model.canvas_channels must be 1 or more each")
    if config.canvas and (config.canvas < SMALLEST or len(config.canvas_channels) < 2):
        raise UserError(f"a canvas takes {SMALLEST} cells a side and two canvas_channels, or more (canvas=0: none)")
    if config.fold < 1 or config.layers < 0 or config.hidden < 1:
        raise UserError("model.fold and model.hidden must be 1 or more, model.layers 0 or more")
    if config.seen_alone + config.read_alone > 1:
        raise UserError("model.seen_alone and model.read_alone are shares of all drawings: 1 together at most")
    for name in ("dropout", "conv_dropout", "seen_alone", "read_alone"):
        if not 0 <= (value := getattr(config, name)) < 1:
            raise UserError(f"model.{name}={value}: expected a probability, from 0 to less than 1")
