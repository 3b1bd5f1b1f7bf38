"""Pictures of a dataset: drawings with their strokes coloured by order, bars and histograms."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkseq.strokes import CANVAS

matplotlib.rcParams["text.parse_math"] = False  # a word may hold a dollar sign

INK = matplotlib.colormaps["plasma"]  # from the first stroke, dark, to the last, light
GREY = "#8a8f98"
BLUE = "#3b5bdb"
ORANGE = "#f59f00"
Flat = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def page(drawings: Sequence[Flat], titles: Sequence[str], columns: int, heading: str, path: Path) -> None:
    """A PNG of `draw_page`."""
    save(draw_page(drawings, titles, [GREY] * len(titles), columns, heading), path)


def draw_page(
    drawings: Sequence[Flat], titles: Sequence[str], colors: Sequence[str], columns: int, heading: str
) -> Figure:
    """A page of drawings with small coloured titles, strokes from dark (first) to light (last)."""
    columns = min(columns, len(drawings))
    rows = -(-len(drawings) // columns)
    pitch = 1.0 + 0.1 * max(title.count("\n") + 1 for title in titles)  # of the rows, in cells: titles need room
    figure = Figure(figsize=(columns * 1.2, rows * 1.2 * pitch + 0.5), layout="constrained")
    figure.suptitle(heading, fontsize=12)
    axes = figure.subplots()  # one for all: an axes a drawing takes ten times as long
    cell = CANVAS * 1.15
    for i, ((points, pen), title, color) in enumerate(zip(drawings, titles, colors, strict=True)):
        corner = np.array([i % columns, i // columns * pitch]) * cell
        _draw(axes, points, pen, corner + CANVAS / 2)
        axes.text(corner[0] + CANVAS / 2, corner[1] - 8, title, fontsize=7, color=color, ha="center", va="bottom")
    axes.set(xlim=(-10, columns * cell), ylim=(rows * pitch * cell, -15 - (pitch - 1) * cell), aspect="equal")
    axes.axis("off")
    return figure


def _draw(axes: Axes, points: NDArray[Any], pen: NDArray[Any], middle: NDArray[Any]) -> None:
    """One drawing centred on `middle`."""
    points = points - (points.min(axis=0).astype(float) + points.max(axis=0)) / 2 + middle
    strokes = np.split(points, np.flatnonzero(pen)[:-1] + 1)
    colors = [INK(0.85 * i / max(len(strokes) - 1, 1)) for i in range(len(strokes))]
    axes.add_collection(LineCollection(strokes, colors=colors, linewidths=1.3, capstyle="round"), autolim=False)
    for stroke, color in zip(strokes, colors, strict=True):
        if not np.ptp(stroke):
            axes.plot(*stroke[0], ".", color=color, markersize=2.5)


def bars(names: Sequence[str], counts: dict[str, NDArray[np.int64]], heading: str, path: Path) -> None:
    """Horizontal bars, one a name, each stacked from the counts of two parts."""
    figure = Figure(figsize=(8, max(2.5, 0.2 * len(names) + 1.2)), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(names))
    for (part, count), color in zip(counts.items(), (BLUE, ORANGE), strict=False):
        axes.barh(range(len(names)), count, left=left, label=part, height=0.75, color=color)
        left += count
    axes.set(ylim=(len(names) - 0.4, -0.6))
    axes.set_yticks(range(len(names)), names)
    axes.set_title(heading, loc="left")
    axes.tick_params(axis="y", labelsize=7, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    save(figure, path)


def histograms(values: dict[str, NDArray[Any]], heading: str, path: Path) -> None:
    """One histogram a name, side by side, the longest hundredth gathered in the last bar, the median marked."""
    figure = Figure(figsize=(4.5 * len(values), 3), layout="constrained")
    figure.suptitle(heading)
    for axes, (name, value) in zip(figure.subplots(1, len(values), squeeze=False)[0], values.items(), strict=True):
        top = max(int(np.quantile(value, 0.99)), 2)
        step = -(-top // 60)  # whole numbers, or bars of different reach stand side by side
        axes.hist(np.minimum(value, top), bins=np.arange(0.5, top + step + 0.5, step), color=BLUE)
        axes.axvline(float(np.median(value)), color="black", linewidth=1, linestyle=":")
        axes.set(xlabel=f"{name} (median {np.median(value):g}, longest {value.max():,})", yticks=[])
        axes.spines[["top", "right", "left"]].set_visible(False)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a word in letters the font lacks shows boxes
        figure.savefig(path, dpi=110)
