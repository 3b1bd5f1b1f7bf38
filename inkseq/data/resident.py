"""The drawings of one split, wherever they fit, given out as arrays on the device that computes."""

import math
import mmap
import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.packed import Packed
from inkseq.drawings.pixels import Input
from inkseq.errors import UserError

Stored = Tensor | NDArray[Any]  # a tensor where it fits into memory, else memory-mapped

MEMORY_SHARE = 0.5  # of a memory that drawings may take; the rest is for the model and for others
CHUNK = 1 << 26  # numbers copied at a time, so that loading needs no second copy of the split


class Drawings:
    """The drawings of one split: `gather` makes arrays of any of them, on `device`."""

    length_N: NDArray[np.int32]  # points; of an image 1
    where: str  # for people: which, how many, and in what memory
    is_here: bool  # on the device that computes
    knows_countries = False

    def __init__(self, data: Packed, split: str, device: torch.device) -> None:
        indices = data.split(split)
        if not indices:
            raise UserError(f"the split {split} of {data.path} is empty")
        self.device = torch.empty(0, device=device).device  # cuda -> cuda:0
        self.classes = data.classes
        self.first = indices.start  # index in the dataset of the split's first drawing
        self.label_N = np.asarray(data.labels)[indices.start : indices.stop]
        if self.label_N.min() < -1 or self.label_N.max() >= len(data.classes):
            raise UserError(f"{data.path} has labels beyond its {len(data.classes)} classes; convert again")

    def __len__(self) -> int:
        return len(self.label_N)

    def gather(self, index_B: NDArray[np.int64] | Tensor, num_points: int) -> tuple[Input, Tensor, Tensor]:
        """Drawings by position in the split, label_B, and index_B in the whole dataset.

        `num_points` is the longest drawing's or more: known on the host, so that nobody waits for the device.
        Positions that lie on the device where everything else does are looked up there.
        """
        raise NotImplementedError

    def keep(self, arrays: list[NDArray[Any]], split: str, share: float) -> tuple[list[Stored], torch.device]:
        """What is gathered from, in a memory where it fits or in none; and the device that gathers."""
        num_bytes = sum(array.nbytes for array in arrays)
        place, in_words = choose_place(num_bytes, self.device, share)
        self.where = f"{split}: {len(self):,} drawings, {num_bytes / 1e6:,.1f} MB, {in_words}"
        gathering_device = place or torch.device("cpu")
        self.is_here = gathering_device == self.device
        return [array if place is None else load(array, place) for array in arrays], gathering_device


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
    chunk = max(CHUNK // math.prod(array.shape[1:]), 1)
    for begin in range(0, len(array), chunk):
        tensor[begin : begin + chunk] = torch.from_numpy(array[begin : begin + chunk].copy())
    return tensor


def take(stored: Stored, at: Tensor) -> Tensor:
    """stored[at]"""
    if isinstance(stored, Tensor):
        return stored.index_select(0, at.flatten()).view(*at.shape, *stored.shape[1:])
    return torch.from_numpy(stored[at.numpy()])


def let_go(stored: Stored) -> None:
    """Of what is memory-mapped: pages that were read would count as this process's memory, in the end the whole file.

    The system keeps them as long as nobody needs the room.
    """
    file: Any = stored
    while isinstance(file, np.ndarray):
        file = file.base
    if isinstance(file, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        file.madvise(mmap.MADV_DONTNEED)
