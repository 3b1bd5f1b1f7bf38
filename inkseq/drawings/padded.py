"""Drawings in one padded array, point by point: where strokes begin and end, and points in another order."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from inkseq.drawings.strokes import Flat

LENGTHS = 16  # padded lengths are multiples of this
COUNTRIES = 26 * 26 + 1  # two letters, and one for all that are not known


class Strokes(NamedTuple):
    """Drawings in one padded array, in the 0..255 they are stored in. Behind its end a drawing stays at its last point.

    So steps on padding are zero by themselves, and the box over all T is the drawing's own.
    """

    xy_BT2: Tensor  # float32
    pen_BT: Tensor  # bool, False on padding
    length_B: Tensor  # int64
    country_B: Tensor  # int64, see `number_countries`; 0 where it is not known


def number_countries(code_N: NDArray[np.bytes_]) -> NDArray[np.int16]:
    """A number for each code of two letters; 0, not known, for all others."""
    first_N, second_N = code_N.view(np.uint8).reshape(-1, 2).astype(np.int16).T - ord("A")
    known_N = (np.minimum(first_N, second_N) >= 0) & (np.maximum(first_N, second_N) < 26)
    return np.where(known_N, 1 + 26 * first_N + second_N, np.int16(0))


def pad_together(drawings: Sequence[Flat]) -> Strokes:
    """Drawings in one padded array, each staying at its last point behind its end."""
    length_B = np.array([len(points) for points, _ in drawings])
    # A length not met before costs PyTorch a third more, so there are few.
    time_T = np.arange(-(-length_B.max() // LENGTHS) * LENGTHS)
    start_B = np.cumsum(length_B) - length_B
    at_BT = start_B[:, None] + np.minimum(time_T, length_B[:, None] - 1)
    xy_BT2 = np.concatenate([points for points, _ in drawings])[at_BT]
    pen_BT = np.concatenate([pen for _, pen in drawings])[at_BT].astype(np.bool_) & (time_T < length_B[:, None])
    parts = torch.from_numpy(xy_BT2).float(), torch.from_numpy(pen_BT), torch.from_numpy(length_B)
    return Strokes(*parts, country_B=torch.zeros(len(length_B), dtype=torch.int64))


def is_real(strokes: Strokes) -> Tensor:
    """mask_BT: True on a drawing's points, False on the padding behind them."""
    return places(strokes.pen_BT) < strokes.length_B[:, None]


def begins(pen_BT: Tensor) -> Tensor:
    """True on the first point of each stroke; what lies behind a drawing's end counts as a stroke of its own."""
    return pad(pen_BT[:, :-1], (1, 0), value=True)


def places(pen_BT: Tensor) -> Tensor:
    """0, 1, 2 ... along every drawing."""
    return torch.arange(pen_BT.shape[1], device=pen_BT.device).expand(pen_BT.shape)


class Ends:
    """Where strokes begin and end, looked up when first asked for: as rows of all drawings' points, laid end to end.

    What lies behind a drawing's end counts as a stroke of its own.
    """

    def __init__(self, pen_BT: Tensor) -> None:
        self.pen_BT = pen_BT

    @cached_property
    def begins_BT(self) -> Tensor:
        return begins(self.pen_BT)

    @cached_property
    def _number_P(self) -> Tensor:
        return self.begins_BT.flatten().cumsum(0)

    @cached_property
    def first_P(self) -> Tensor:
        """For every point, its stroke's first."""
        return torch.searchsorted(self._number_P, self._number_P)

    @cached_property
    def last_P(self) -> Tensor:
        """For every point, its stroke's last."""
        return torch.searchsorted(self._number_P, self._number_P, right=True) - 1


def pick_points(x_BTC: Tensor, point_BT: Tensor) -> Tensor:
    """Each drawing's points in another order."""
    return pick_rows(x_BTC, rows_of(point_BT, x_BTC.shape[1]))


def pick_rows(x_BTC: Tensor, row_BT: Tensor) -> Tensor:
    """The same by rows of all drawings' points, laid end to end: much faster than number by number."""
    return x_BTC.flatten(0, 1).index_select(0, row_BT.flatten()).view(*row_BT.shape, x_BTC.shape[2])


def rows_of(point_BT: Tensor, num_points: int) -> Tensor:
    """row_BT: each drawing's points as rows of all of them, of which every drawing has so many."""
    return point_BT + num_points * torch.arange(point_BT.shape[0], device=point_BT.device)[:, None]


def stay_at_end(xy_BT2: Tensor, length_B: Tensor) -> Tensor:
    """The points, with padding where each drawing's last point lies."""
    place_T = torch.arange(xy_BT2.shape[1], device=xy_BT2.device)
    return pick_points(xy_BT2, torch.minimum(place_T, length_B[:, None] - 1))
