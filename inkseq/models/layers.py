"""Building blocks that see real points only, so that a drawing's logits do not depend on its batch.

In a batch, drawing b has `length_B[b]` real points and padding behind them; `mask_BT1` is True on the real.
"""

from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import dropout, pad

from inkseq.devices import reads_in_bfloat16
from inkseq.drawings.padded import pick_rows, rows_of
from inkseq.families import Activation, Cell, Norm, Pooling


def mask_padding(length_B: Tensor, num_points: int) -> Tensor:
    """mask_BT1: True on the first `length_B[b]` of `num_points` points."""
    time_T = torch.arange(num_points, device=length_B.device)
    return (time_T < length_B[:, None])[:, :, None]


class Dropout(nn.Module):
    """As `nn.Dropout`, on a CPU from uniform numbers: its own draw takes a quarter of a training step there."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        if x.is_cuda:
            return dropout(x, self.probability)
        keep = torch.rand(x.shape, device=x.device) >= self.probability
        return x * (keep / (1 - self.probability)).to(x.dtype)


class MaskedBatchNorm(nn.Module):
    """`nn.BatchNorm1d` as if the real points of all drawings, on all ranks, lay in one (P, C) array."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x_BTC: Tensor, mask_BT1: Tensor) -> Tensor:
        mean_C, var_C = self.running_mean, self.running_var
        if self.training:
            mean_C, var_C = self.batch_statistics(x_BTC.float(), mask_BT1)
        scale_C = self.weight * torch.rsqrt(var_C + self.eps)
        return ((x_BTC - mean_C) * scale_C + self.bias).to(x_BTC.dtype)

    def batch_statistics(self, x_BTC: Tensor, mask_BT1: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of the real points, which also move the running ones."""
        count = sum_over_ranks(mask_BT1.sum().float())
        mean_C = sum_over_ranks((x_BTC * mask_BT1).sum((0, 1))) / count
        var_C = sum_over_ranks(((x_BTC - mean_C).square() * mask_BT1).sum((0, 1))) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean_C, self.momentum)
            self.running_var.lerp_(var_C * count / (count - 1).clamp(min=1), self.momentum)
        return mean_C, var_C


def sum_over_ranks(x: Tensor) -> Tensor:
    """The sum of every rank's x, through which gradients flow; x itself in a single process."""
    if not (dist.is_available() and dist.is_initialized()):
        return x
    from torch.distributed.nn.functional import all_reduce  # builds without distributed have no such module

    total: Tensor = all_reduce(x)
    return total


ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    Activation.none: nn.Identity,
    Activation.relu: nn.ReLU,
    Activation.gelu: nn.GELU,
    Activation.silu: nn.SiLU,
}
NORMS: dict[Norm, Callable[[int], nn.Module]] = {
    Norm.none: nn.Identity,
    Norm.batch: MaskedBatchNorm,
    Norm.layer: nn.LayerNorm,
}
CELLS: dict[Cell, type[nn.LSTM] | type[nn.GRU]] = {Cell.lstm: nn.LSTM, Cell.gru: nn.GRU}


class MaskedConv(nn.Module):
    """Dropout, a convolution along the drawing, norm, activation; zero on padding.

    The zeros are what the next convolution sees beyond the end, just as it does beyond the tensor's edge.
    """

    def __init__(
        self, channels_in: int, channels: int, kernel: int, norm: Norm, activation: Activation, dropout: float
    ) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.conv = nn.Conv1d(channels_in, channels, kernel, padding="same")
        self.norm = NORMS[norm](channels)
        self.activation = ACTIVATIONS[activation]()

    def forward(self, x_BTC: Tensor, mask_BT1: Tensor) -> Tensor:
        h_BTC: Tensor = self.conv(self.dropout(x_BTC).mT).mT
        # Batch norm is the only one whose numbers for a point depend on other points.
        h_BTC = self.norm(h_BTC, mask_BT1) if isinstance(self.norm, MaskedBatchNorm) else self.norm(h_BTC)
        h_BTC = self.activation(h_BTC)
        return h_BTC * mask_BT1


class BiRNN(nn.Module):
    """Dropout, then each drawing read twice: from its first point on, and from its last point back.

    Turned round within its own length, a drawing has its padding behind the points for both readers, where it
    cannot reach them: exact for any cell, with no packing. What comes out on padding means nothing.
    """

    def __init__(self, cell: Cell, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.ahead = CELLS[cell](channels, hidden, batch_first=True)
        self.back = CELLS[cell](channels, hidden, batch_first=True)

    def forward(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        x_BTC = self.dropout(x_BTC)
        turned_BT = turned_rows(length_B, x_BTC.shape[1])
        ahead_BTH = read(self.ahead, x_BTC)
        back_BTH = read(self.back, pick_rows(x_BTC, turned_BT))
        return torch.cat([ahead_BTH, pick_rows(back_BTH, turned_BT)], dim=-1)


def read(rnn: nn.LSTM | nn.GRU, x_BTC: Tensor) -> Tensor:
    """What one reader makes of each point, in the precision of the whole.

    On CUDA autocast makes any recurrent layer compute in float16, in which the small gradients of large batches are
    nothing (underflow). So where bfloat16 was asked for, autocast is told to keep out.
    """
    asked = x_BTC.is_cuda and torch.is_autocast_enabled("cuda") and torch.get_autocast_dtype("cuda") is torch.bfloat16
    if not (asked and reads_in_bfloat16(x_BTC.device)):
        out_BTH: Tensor = rnn(x_BTC)[0]
        return out_BTH
    with torch.autocast("cuda", enabled=False):
        return read_in(torch.bfloat16, rnn, x_BTC)


def read_in(dtype: torch.dtype, rnn: nn.LSTM | nn.GRU, x_BTC: Tensor) -> Tensor:
    """What a reader of one layer makes of each point, all of it computed in `dtype`."""
    weights = [*rnn.parameters()]
    # Cast as one piece, which is how cuDNN wants them: else it says so, and puts them together itself.
    whole = torch.cat([weight.flatten() for weight in weights]).to(dtype)
    pieces = torch.split(whole, [weight.numel() for weight in weights])
    cast = [piece.view_as(weight) for piece, weight in zip(pieces, weights, strict=True)]
    x_BTC, start_1BH = x_BTC.to(dtype), x_BTC.new_zeros(1, len(x_BTC), rnn.hidden_size, dtype=dtype)
    how = True, 1, 0.0, rnn.training, False, True  # biases, layers, dropout, training, both directions, batch first
    if isinstance(rnn, nn.LSTM):
        return torch.lstm(x_BTC, [start_1BH, start_1BH], cast, *how)[0]
    return torch.gru(x_BTC, start_1BH, cast, *how)[0]


def turned_rows(length_B: Tensor, num_points: int) -> Tensor:
    """row_BT of each drawing's points from last to first, padding left where it is; its own inverse."""
    time_T = torch.arange(num_points, device=length_B.device)
    mirrored_BT = length_B[:, None] - 1 - time_T
    return rows_of(torch.where(mirrored_BT >= 0, mirrored_BT, time_T), num_points)


def fold(x_BTC: Tensor, length_B: Tensor, by: int) -> tuple[Tensor, Tensor]:
    """Frame stacking: neighbouring points as one, `by` at a time, fewer steps for a reader, each with more to read."""
    num_drawings, num_points, channels = x_BTC.shape
    x_BTC = pad(x_BTC, (0, 0, 0, -num_points % by))
    return x_BTC.reshape(num_drawings, -1, by * channels), (length_B + by - 1) // by


class MaskedPooling(nn.Module):
    """All points of a drawing as one vector of `width` numbers, in float32."""

    def __init__(self, kind: Pooling, channels: int) -> None:
        super().__init__()
        self.kind = kind
        self.width = 2 * channels if kind is Pooling.mean_max else channels
        if kind is Pooling.attention:
            self.score = nn.Linear(channels, 1, bias=False)  # a softmax takes no notice of one

    def forward(self, x_BTC: Tensor, mask_BT1: Tensor) -> Tensor:
        x_BTC = x_BTC.float()
        match self.kind:
            case Pooling.sum:
                return masked_sum(x_BTC, mask_BT1)
            case Pooling.mean:
                return masked_mean(x_BTC, mask_BT1)
            case Pooling.max:
                return masked_max(x_BTC, mask_BT1)
            case Pooling.mean_max:
                return torch.cat([masked_mean(x_BTC, mask_BT1), masked_max(x_BTC, mask_BT1)], dim=-1)
            case _:  # attention: a mean whose weights the points themselves decide
                score_BT1: Tensor = self.score(x_BTC).float().masked_fill(~mask_BT1, -torch.inf)
                return (x_BTC * score_BT1.softmax(1)).sum(1)


def masked_sum(x_BTC: Tensor, mask_BT1: Tensor) -> Tensor:
    return (x_BTC * mask_BT1).sum(1)


def masked_mean(x_BTC: Tensor, mask_BT1: Tensor) -> Tensor:
    return masked_sum(x_BTC, mask_BT1) / mask_BT1.sum(1)


def masked_max(x_BTC: Tensor, mask_BT1: Tensor) -> Tensor:
    return x_BTC.masked_fill(~mask_BT1, -torch.inf).amax(1)
