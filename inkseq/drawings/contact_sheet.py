"""Pages of drawings as pictures, their strokes coloured by order."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkseq.drawings.strokes import CANVAS, Flat
from inkseq.plots import GREY, save

INK = matplotlib.colormaps["plasma"]  # from the first stroke, dark, to the last, light


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
    figure = Figure(figsize=(columns * 1.2, rows * 1.2 * pitch + 0.5))
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
