"""What a recogniser gets wrong: a picture of the confusions of its classes, and what is said of drawings it named."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkseq.evaluate.confusions import Confusions
from inkseq.plots import BLUE, GREY

GREEN, RED = "#2b8a3e", "#e03131"
EMPTY = "#eceef1"  # rows of classes without drawings
MAX_LABELLED, MAX_NUMBERED = 50, 20  # classes that have room for names, for numbers
DARKEST = 0.5  # the share of wrong answers that is as red as red can be
NUM_PAIRS = 30  # named beside a matrix too large for names
MOST_SHOWN = 400  # classes in a matrix: of more nobody could tell rows apart

Guesses = Sequence[tuple[str, float]]  # words with their probability, the likeliest first


class Verdicts(NamedTuple):
    """Of drawings on a page: what was said and how sure; red where that was wrong, with the truth beneath."""

    titles: list[str]
    colors: list[str]
    heading: str


def verdicts(truth: Sequence[str], guesses: Sequence[Guesses]) -> Verdicts:
    right = [guess[0][0] == word for word, guess in zip(truth, guesses, strict=True)]
    titles = [_verdict(word, guess) for word, guess in zip(truth, guesses, strict=True)]
    return Verdicts(titles, [GREEN if good else RED for good in right], f"{sum(right)} of {len(right)} right")


def _verdict(truth: str, guesses: Guesses) -> str:
    (said, sure), probability = guesses[0], dict(guesses)
    if said == truth:
        return f"{titled(said)} {sure:.0%}"
    then = f" {probability[truth]:.0%}" if truth in probability else ""
    return f"{titled(said)} {sure:.0%}\nis {titled(truth)}{then}"


def shortened(word: str) -> str:
    """No wider than a drawing."""
    return word if len(word) <= 18 else word[:17].rstrip() + "…"


def code_points(word: str) -> str:
    """U+3042, of a character or two beyond ASCII: what to go by, and to search for, where no font has them."""
    return "" if word.isascii() or len(word) > 2 else " ".join(f"U+{ord(letter):04X}" for letter in word)


def titled(word: str) -> str:
    """As it stands in a picture, with its code points."""
    return f"{shortened(word)} {code_points(word)}".rstrip()


def confusion(found: Confusions, classes: Sequence[str]) -> Figure:
    """Shares of each class's drawings (row) by what they were taken for (column); classes often confused are
    neighbours. Up to 50 classes are labelled, of more the strongest confusions are named beside the matrix, which
    has 400 at most, those in most mistakes."""
    kept = found.most_confused(MOST_SHOWN)
    share_KK, drawings_K, kept_classes = found.shares(kept), found.drawings_K, [classes[k] for k in kept]
    order = similar_together(share_KK + share_KK.T)
    shown_KK, names = share_KK[np.ix_(order, order)], [titled(kept_classes[k]) for k in order]
    if len(classes) <= MAX_LABELLED:
        side = 0.27 * len(classes) + 2.6
        figure = Figure(figsize=(side + 0.4, side))
        axes = figure.subplots()
        _label(axes, names)
    else:
        figure = Figure(figsize=(13, 9))
        axes, beside = figure.subplots(1, 2, width_ratios=[3, 1])
        axes.set(xticks=[], yticks=[])
        _strongest(beside, share_KK, kept_classes)
    _matrix(axes, shown_KK, drawings_K[kept[order]] == 0)
    if len(classes) <= MAX_NUMBERED:
        _numbers(axes, shown_KK)
    right = (found.count_C - found.mistakes_C).sum() / max(drawings_K.sum(), 1)
    of_more = "" if len(kept) == len(classes) else f"; the {len(kept)} of {len(classes):,} classes in most mistakes"
    axes.set_title(f"{right:.1%} of {drawings_K.sum():,} drawings right{of_more}", loc="left", fontsize=11)
    axes.set_ylabel("drawn" if drawings_K[kept].all() else "drawn (grey: none)")
    axes.set_xlabel("said, in per cent of the row")
    return figure


def similar_together(similar_KK: NDArray[np.float64]) -> list[int]:
    """An order in which similar classes are near each other: the two most similar groups are joined, turned so that
    the ends that meet are most similar, until one group is left (average linkage)."""
    ends_KK = similar_KK
    similar_KK = similar_KK.copy()
    np.fill_diagonal(similar_KK, -np.inf)
    groups = [[k] for k in range(len(similar_KK))]
    for _ in range(len(groups) - 1):
        a, b = divmod(int(similar_KK.argmax()), len(groups))
        weight = len(groups[a]) / (len(groups[a]) + len(groups[b]))
        groups[a] = _join(groups[a], groups[b], ends_KK)
        groups[b] = []
        similar_KK[a] = similar_KK[:, a] = weight * similar_KK[a] + (1 - weight) * similar_KK[b]
        similar_KK[a, a] = -np.inf
        similar_KK[b] = similar_KK[:, b] = -np.inf
    return next(group for group in groups if group)


def _join(a: list[int], b: list[int], ends_KK: NDArray[np.float64]) -> list[int]:
    turned = [(left, right) for left in (a, a[::-1]) for right in (b, b[::-1])]
    left, right = max(turned, key=lambda pair: ends_KK[pair[0][-1], pair[1][0]])
    return left + right


def _matrix(axes: Axes, share_KK: NDArray[np.float64], empty_K: NDArray[np.bool_]) -> None:
    """What is right in blue, what is wrong in red; the root makes a few per cent visible."""
    diagonal = np.eye(len(share_KK), dtype=bool)
    for hide, colors, full in ((~diagonal, "Blues", 1.0), (diagonal, "Reds", DARKEST)):
        cells: Any = np.ma.masked_array(share_KK, hide | (share_KK == 0))
        axes.imshow(cells, cmap=colors, norm=PowerNorm(0.5, 0, full), interpolation="nearest")
    for row in np.flatnonzero(empty_K):
        axes.axhspan(row - 0.5, row + 0.5, color=EMPTY, zorder=0)
    axes.spines[:].set(visible=True, color=GREY)


def _label(axes: Axes, names: list[str]) -> None:
    places = np.arange(len(names))
    axes.set_xticks(places, names, rotation=90)
    axes.set_yticks(places, names)
    axes.tick_params(length=0, labelsize=8)
    axes.set_xticks(places[1:] - 0.5, minor=True)
    axes.set_yticks(places[1:] - 0.5, minor=True)
    axes.grid(which="minor", color=EMPTY, linewidth=0.6)
    axes.tick_params(which="minor", length=0)


def _numbers(axes: Axes, share_KK: NDArray[np.float64]) -> None:
    """Per cent, in the cells that have any."""
    for (row, column), share in np.ndenumerate(share_KK):
        if share >= 0.005:
            color = "white" if share >= 0.2 else "black"
            axes.text(column, row, f"{100 * share:.0f}", color=color, fontsize=7, ha="center", va="center")


def _strongest(axes: Axes, share_KK: NDArray[np.float64], classes: Sequence[str]) -> None:
    """Bars of the pairs most often confused, one a line."""
    wrong_KK = share_KK * (1 - np.eye(len(share_KK)))
    top = np.argsort(-wrong_KK, axis=None, kind="stable")[:NUM_PAIRS]
    pairs = [divmod(int(cell), len(classes)) for cell in top if wrong_KK.flat[cell] > 0]
    shares = [wrong_KK[pair] for pair in pairs]
    axes.barh(range(len(pairs)), shares, height=0.75, color=matplotlib.colormaps["Reds"](0.2))
    for place, ((drawn, said), share) in enumerate(zip(pairs, shares, strict=True)):
        axes.text(
            0, place, f" {titled(classes[drawn])} → {titled(classes[said])}  {share:.0%}", fontsize=8, va="center"
        )
    axes.set(ylim=(max(len(pairs), 1) - 0.4, -0.6), xlim=(0, 1), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title("drawn → said, share of the drawings", loc="left", fontsize=10, color=BLUE)
