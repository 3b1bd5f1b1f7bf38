"""The drawings of one split, wherever they fit, given out as padded arrays on the device that computes."""

import os
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.packed import Packed
from inkseq.devices import send
from inkseq.drawings.padded import Strokes, number_countries, pad_together
from inkseq.errors import UserError

Stored = Tensor | NDArray[Any]  # a tensor where it fits into memory, else memory-mapped

MEMORY_SHARE = 0.5  # of a memory that drawings may take; the rest is for the model and for others
CHUNK = 1 << 26  # points copied at a time, so that loading needs no second copy of the split


class Drawings:
    """One split: `gather` makes padded arrays of any of its drawings, on `device`."""

    def __init__(self, data: Packed, split: str, device: torch.device, share: float = MEMORY_SHARE) -> None:
        indices = data.split(split)
        if not indices:
            raise UserError(f"the split {split} of {data.path} is empty")
        self.device = torch.empty(0, device=device).device  # cuda -> cuda:0
        self.classes = data.classes
        self.first = indices.start  # index in the dataset of the split's first drawing
        self.label_N = np.asarray(data.labels)[indices.start : indices.stop]
        if self.label_N.min() < -1 or self.label_N.max() >= len(data.classes):
            raise UserError(f"{data.path} has labels beyond its {len(data.classes)} classes; convert again")

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
        num_bytes = points.nbytes + pen.nbytes
        place, in_words = choose_place(num_bytes, self.device, share)
        self._points: Stored = points if place is None else load(points, place)
        self._pen: Stored = pen if place is None else load(pen, place)
        self._gathering_device = place or torch.device("cpu")
        self.is_here = self._gathering_device == self.device  # on the device that computes
        self.where = f"{split}: {len(self):,} drawings, {num_bytes / 1e6:,.1f} MB, {in_words}"

    def __len__(self) -> int:
        return len(self.length_N)

    def gather(self, index_B: NDArray[np.int64] | Tensor, num_points: int) -> tuple[Strokes, Tensor, Tensor]:
        """Drawings by position in the split, label_B, and index_B in the whole dataset.

        `num_points` is the longest drawing's or more: known on the host, so that nobody waits for the device.
        Positions that lie on the device where everything else does are looked up there.
        """
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


def pick(data: Packed, index_N: NDArray[np.int64]) -> Strokes:
    """A few drawings of a dataset, on the host, without their split."""
    strokes = pad_together([data.drawing(i) for i in index_N])
    return strokes._replace(country_B=torch.from_numpy(number_countries(data.countrycode[index_N])).long())


def choose_place(num_bytes: int, device: torch.device, share: float = MEMORY_SHARE) -> tuple[torch.device | None, str]:
    """The memory to keep so many bytes in, None for no memory at all, and how to tell people."""
    host = torch.device("cpu")
    if num_bytes <= share * memory_of(device):
        return device, "in memory" if device == host else f"in the memory of {device}"
    if num_bytes <= share * memory_of(host):
        return host, f"in host memory (too large for {device})"
    return None, "memory-mapped (too large for memory)"


def memory_of(device: torch.device) -> int:
    """Bytes: what is free on a GPU, what a host has (its files in memory give way)."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def load(array: NDArray[Any], device: torch.device) -> Tensor:
    """A copy of a (memory-mapped) array on a device."""
    tensor = torch.empty(array.shape, dtype=torch.from_numpy(array[:0].copy()).dtype, device=device)
    for begin in range(0, len(array), CHUNK):
        tensor[begin : begin + CHUNK] = torch.from_numpy(array[begin : begin + CHUNK].copy())
    return tensor


def take(stored: Stored, at_BT: Tensor) -> Tensor:
    """stored[at_BT]"""
    if isinstance(stored, Tensor):
        return stored.index_select(0, at_BT.flatten()).view_as(at_BT)
    return torch.from_numpy(stored[at_BT.numpy()])
