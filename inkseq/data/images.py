"""The images of one split, given out as arrays of ink."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.packed import PackedImages
from inkseq.data.resident import MEMORY_SHARE, Drawings, let_go, load, take
from inkseq.devices import send
from inkseq.drawings.pixels import Images


class ImagesOfSplit(Drawings):
    """All of a size, so all of a length."""

    def __init__(self, data: PackedImages, split: str, device: torch.device, share: float = MEMORY_SHARE) -> None:
        super().__init__(data, split, device)
        indices = data.split(split)
        self.length_N = np.ones(len(indices), np.int32)
        images = np.asarray(data.images)[indices.start : indices.stop]
        (self._images,), self._gathering_device = self.keep([images], split, share)
        self._label_N = load(self.label_N, self._gathering_device)

    def gather(self, index_B: NDArray[np.int64] | Tensor, num_points: int) -> tuple[Images, Tensor, Tensor]:
        at_B = index_B if isinstance(index_B, Tensor) else send(torch.from_numpy(index_B), self._gathering_device)
        ink_BYX, label_B = (send(take(rows, at_B), self.device) for rows in (self._images, self._label_N))
        let_go(self._images)
        return Images(ink_BYX.float() / 255), label_B.long(), send(at_B, self.device) + self.first
