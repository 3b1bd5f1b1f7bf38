"""The confusion matrix as the page has it: a pixel a cell, which is read out under the pointer or by the keys."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.colors import PowerNorm
from numpy.typing import NDArray

from inkseq.evaluate.confusions import Confusions
from inkseq.evaluate.figures import DARKEST, MAX_LABELLED, MOST_SHOWN, confusion, similar_together
from inkseq.report.ink import png, svg
from inkseq.report.words import spoken

LEAST = 0.005  # share of a row that is read out


class ConfusionMatrix(NamedTuple):
    """A picture of a pixel a cell, the names of its rows, and of each row its columns with shares in per mille."""

    picture: str
    names: list[str]
    cells: list[list[tuple[int, int]]]
    named: str | None  # a larger picture, with names and numbers, where there is room for them


def matrix(found: Confusions, classes: Sequence[str]) -> ConfusionMatrix:
    """Of the classes in most mistakes, 400 at most."""
    kept = found.most_confused(MOST_SHOWN)
    share_KK = found.shares(kept)
    order = similar_together(share_KK + share_KK.T)
    share_KK = share_KK[np.ix_(order, order)]
    cells = [[(int(column), round(1000 * row[column])) for column in np.flatnonzero(row >= LEAST)] for row in share_KK]
    named = svg(confusion(found, classes)) if len(classes) <= MAX_LABELLED else None
    return ConfusionMatrix(png(_colors(share_KK)), [spoken(classes[k]) for k in kept[order]], cells, named)


def _colors(share_KK: NDArray[np.float64]) -> NDArray[np.floating]:
    """White where nothing is, blue for right, red for wrong; the root makes a few per cent visible."""
    wrong = matplotlib.colormaps["Reds"](PowerNorm(0.5, 0, DARKEST, clip=True)(share_KK))[:, :, :3]
    right = matplotlib.colormaps["Blues"](PowerNorm(0.5, 0, 1)(share_KK))[:, :, :3]
    rgb_KK3: NDArray[np.floating] = np.where(np.eye(len(share_KK), dtype=bool)[:, :, None], right, wrong)
    rgb_KK3[share_KK == 0] = 1.0
    return rgb_KK3
