"""The strokes of one split, given out as padded arrays: flat in memory, cut out and padded on the device."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.packed import PackedStrokes
from inkseq.data.resident import MEMORY_SHARE, Drawings, load, take
from inkseq.devices import send
from inkseq.drawings.padded import Strokes, number_countries


class StrokesOfSplit(Drawings):
    """Points and pen of all drawings, one after the other."""

    def __init__(self, data: PackedStrokes, split: str, device: torch.device, share: float = MEMORY_SHARE) -> None:
        super().__init__(data, split, device)
        indices = data.split(split)

        # Points are kept from a whole byte of the pen's bits on.
        offsets = np.asarray(data.offsets)[indices.start : indices.stop + 1]
        begin, end = int(offsets[0]) // 8 * 8, int(offsets[-1])
        self._origin, self._offsets = begin, offsets
        self.length_N = np.empty(len(indices), np.int32)
        np.subtract(offsets[1:], offsets[:-1], out=self.length_N, casting="same_kind")
        self._country_N = number_countries(np.asarray(data.countrycode)[indices.start : indices.stop])
        self.knows_countries = bool(self._country_N.any())

        points = np.asarray(data.points)[begin:end].view(np.int16)[:, 0]  # both bytes of a point at once
        pen = np.asarray(data.pen)[begin // 8 : -(-end // 8)]
        (self._points, self._pen), self._gathering_device = self.keep([points, pen], split, share)

    def gather(self, index_B: NDArray[np.int64] | Tensor, num_points: int) -> tuple[Strokes, Tensor, Tensor]:
        facts_5B = self._look_up(index_B) if isinstance(index_B, Tensor) else self._send_facts(index_B)
        return self._gather(facts_5B, num_points)

    def _look_up(self, index_B: Tensor) -> Tensor:
        """facts_5B on the device: where each drawing starts, how long it is, its label, position and country."""
        offset_N, label_N, country_N = self._table
        start_B, label_B, country_B = offset_N[index_B], label_N[index_B], country_N[index_B]
        return torch.stack([start_B, offset_N[index_B + 1] - start_B, label_B.long(), index_B, country_B.long()])

    @cached_property
    def _table(self) -> tuple[Tensor, Tensor, Tensor]:
        offset_N, label_N, country_N = self._offsets - self._origin, self.label_N, self._country_N
        return load(offset_N, self.device), load(label_N, self.device), load(country_N, self.device)

    def _send_facts(self, index_B: NDArray[np.int64]) -> Tensor:
        """The same from the host."""
        start_B = self._offsets[index_B] - self._origin
        facts: list[NDArray[Any]] = [
            start_B,
            self.length_N[index_B],
            self.label_N[index_B],
            index_B,
            self._country_N[index_B],
        ]
        return send(torch.from_numpy(np.stack(facts)), self._gathering_device)

    def _gather(self, facts_5B: Tensor, num_points: int) -> tuple[Strokes, Tensor, Tensor]:
        start_B1, length_B1 = facts_5B[0, :, None], facts_5B[1, :, None]

        time_T = torch.arange(num_points, device=facts_5B.device)
        point_BT = start_B1 + torch.minimum(time_T, length_B1 - 1)
        xy_BT = take(self._points, point_BT)
        byte_BT = take(self._pen, point_BT >> 3)
        bit_BT = (point_BT & 7).to(torch.uint8)
        pen_BT = ((byte_BT << bit_BT) >= 128) & (time_T < length_B1)  # the first point is the highest bit

        xy_BT2 = send(xy_BT, self.device).view(torch.uint8).view(*xy_BT.shape, 2).float()
        _, length_B, label_B, index_in_split_B, country_B = send(facts_5B, self.device)
        strokes = Strokes(xy_BT2, send(pen_BT, self.device), length_B, country_B)
        return strokes, label_B, index_in_split_B + self.first
