"""A transformer's layer over the points of a drawing, in the place of a recurrent one."""

import torch
from torch import Tensor, nn

from inkseq.errors import UserError
from inkseq.models.layers import Dropout, mask_padding

HEAD = 32  # channels a head looks at


class SelfAttention(nn.Module):
    """Every point looks at all points of its drawing, then each is thought over by itself.

    Both add to what was there, which no norm touches: with a norm over the sum, the recipe's rate is too high for the
    layers, and what they read in the end is noise.
    """

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(channels, width) if channels != width else nn.Identity()
        self.num_heads = max(width // HEAD, 1)
        if width % self.num_heads:
            raise UserError(f"model.hidden={width // 2}: attention needs a multiple of {HEAD // 2}")
        self.query_key_value, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.look_norm, self.think_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = Dropout(dropout)

    def forward(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        x_BTC = self.enter(x_BTC)
        x_BTC = x_BTC + self.dropout(self.look(self.look_norm(x_BTC), length_B))
        out_BTC: Tensor = x_BTC + self.dropout(self.think(self.think_norm(x_BTC)))
        return out_BTC

    def look(self, x_BTC: Tensor, length_B: Tensor) -> Tensor:
        num_drawings, num_points, _ = x_BTC.shape
        split_BTNHC = self.query_key_value(x_BTC).view(num_drawings, num_points, 3, self.num_heads, -1)
        query_BHTC, key_BHTC, value_BHTC = split_BTNHC.permute(2, 0, 3, 1, 4)
        # By hand: the fused kernel's way back takes ten times as long on a CPU as these two products.
        score_BHTT = (query_BHTC @ key_BHTC.mT) * query_BHTC.shape[-1] ** -0.5
        hidden_B11T = ~mask_padding(length_B, num_points).mT[:, None]
        share_BHTT = score_BHTT.masked_fill(hidden_B11T, -torch.inf).softmax(-1)
        merged_BTC: Tensor = self.merge((share_BHTT @ value_BHTC).transpose(1, 2).reshape(x_BTC.shape))
        return merged_BTC
