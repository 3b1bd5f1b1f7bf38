"""Convolutions, then bidirectional LSTMs: the recogniser of the TensorFlow tutorial, with exact masks."""

from dataclasses import dataclass, field

from torch import Tensor, nn

from inkseq.errors import UserError
from inkseq.models.features import choose_inputs, compute_inputs
from inkseq.models.layers import (
    Activation,
    BiRNN,
    Cell,
    MaskedConv,
    MaskedPooling,
    Norm,
    Pooling,
    mask_padding,
)


@dataclass
class BiLSTMConfig:
    """The defaults are ours; the tutorial's differ in activation, norm, conv_dropout and pooling."""

    name: str = "bilstm"  # in zoo.MODELS
    inputs: list[str] = field(default_factory=lambda: ["dx", "dy", "pen"])  # any of features.INPUTS
    channels: list[int] = field(default_factory=lambda: [48, 64, 96])  # one convolution each
    kernels: list[int] = field(default_factory=lambda: [5, 5, 3])  # points each convolution sees
    activation: Activation = Activation.gelu  # none | relu | gelu | silu
    norm: Norm = Norm.layer  # none | batch | layer
    conv_dropout: float = 0.1  # before every convolution but the first
    cell: Cell = Cell.lstm  # lstm | gru
    hidden: int = 128  # per direction
    layers: int = 3
    dropout: float = 0.3  # before every recurrent layer but the first
    pooling: Pooling = Pooling.mean_max  # sum | mean | max | mean_max | attention


class BiLSTM(nn.Module):
    """(dx, dy, pen) rows -> inputs -> convolutions -> recurrent layers -> one vector -> class logits."""

    def __init__(self, config: BiLSTMConfig, num_classes: int) -> None:
        super().__init__()
        self.inputs = choose_inputs(config.inputs)
        width = len(self.inputs)

        if len(config.channels) != len(config.kernels):
            raise UserError("channels and kernels: a convolution needs one of each")
        self.convs = nn.ModuleList()
        for channels, kernel in zip(config.channels, config.kernels, strict=True):
            dropout = config.conv_dropout if self.convs else 0.0
            self.convs.append(MaskedConv(width, channels, kernel, config.norm, config.activation, dropout))
            width = channels

        self.rnns = nn.ModuleList()
        for _ in range(config.layers):
            dropout = config.dropout if self.rnns else 0.0
            self.rnns.append(BiRNN(config.cell, width, config.hidden, dropout))
            width = 2 * config.hidden

        self.pooling = MaskedPooling(config.pooling, width)
        self.head = nn.Linear(self.pooling.width, num_classes)

    def forward(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        """logits_BK of a batch whose drawing b is `x_BTC[b, :length_B[b]]`; the rows behind that are zero."""
        mask_BT1 = mask_padding(length_B, x_BTC.shape[1])
        h_BTC = compute_inputs(x_BTC, mask_BT1, self.inputs)
        for conv in self.convs:
            h_BTC = conv(h_BTC, mask_BT1)
        for rnn in self.rnns:
            h_BTC = rnn(h_BTC, length_B)
        logits_BK: Tensor = self.head(self.pooling(h_BTC, mask_BT1))
        return logits_BK
