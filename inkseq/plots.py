"""How every picture looks: colours, frames; bars and histograms; written as PNG."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from numpy.typing import NDArray

matplotlib.rcParams |= {
    "text.parse_math": False,  # a word may hold a dollar sign
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

GREY = "#8a8f98"
BLUE = "#3b5bdb"
ORANGE = "#f59f00"
DPI = 110  # pixels an inch


def chart(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of so many inches, and its one frame."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def bars(names: Sequence[str], counts: dict[str, NDArray[np.int64]], heading: str, path: Path) -> None:
    """Horizontal bars, one a name, each stacked from the counts of two parts."""
    figure, axes = chart(8, max(2.5, 0.2 * len(names) + 1.2))
    left = np.zeros(len(names))
    for (part, count), color in zip(counts.items(), (BLUE, ORANGE), strict=False):
        axes.barh(range(len(names)), count, left=left, label=part, height=0.75, color=color)
        left += count
    axes.set(ylim=(len(names) - 0.4, -0.6))
    axes.set_yticks(range(len(names)), names)
    axes.set_title(heading, loc="left")
    axes.tick_params(axis="y", labelsize=7, length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    save(figure, path)


def histograms(values: dict[str, NDArray[Any]], heading: str, path: Path) -> None:
    """One histogram a name, side by side, the longest hundredth gathered in the last bar, the median marked."""
    figure = Figure(figsize=(4.5 * len(values), 3))
    figure.suptitle(heading)
    for axes, (name, value) in zip(figure.subplots(1, len(values), squeeze=False)[0], values.items(), strict=True):
        top = max(int(np.quantile(value, 0.99)), 2)
        step = -(-top // 60)  # whole numbers, or bars of different reach stand side by side
        edges = np.arange(0.5, top + step + 0.5, step)
        axes.hist(np.minimum(value, top), bins=edges, color=BLUE)
        if value.max() > top:
            rest, middle = int(edges[-2] + 0.5), (edges[-2] + edges[-1]) / 2
            text = f" {rest:,} and more"
            axes.text(middle, np.count_nonzero(value >= rest), text, rotation=90, va="bottom", ha="center")
        axes.axvline(float(np.median(value)), color="black", linewidth=1, linestyle=":")
        axes.set(xlabel=f"{name} (median {np.median(value):g}, longest {value.max():,})", yticks=[])
        axes.spines["left"].set_visible(False)
    save(figure, path)


def save(figure: Figure, path: Path) -> NDArray[np.uint8]:
    """Write a PNG, making its folder; returns its pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.dpi = DPI
    canvas: Any = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a word in letters the font lacks shows boxes
        canvas.draw()  # once: `savefig` does it twice, the first time to make room for the words
    pixels_YX4 = np.asarray(canvas.buffer_rgba())
    imsave(path, pixels_YX4, dpi=DPI)
    return pixels_YX4
