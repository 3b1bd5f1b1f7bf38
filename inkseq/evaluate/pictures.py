"""What models that look are shown, as pages of pictures: a page a channel, so that a person sees what they see."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from torch import Tensor

from inkseq.drawings.pixels import Input
from inkseq.models.picture import Picture
from inkseq.plots import GREY

Colours = NDArray[np.floating[Any]]

COLUMNS = 6  # of planes on a page
GAP = 0.1  # between them, of one
SIGNED = {"direction", "time", "country"}  # planes of numbers that can be below 0
GREEN, RED = np.array([0.17, 0.54, 0.24]), np.array([0.88, 0.19, 0.19])  # where strokes begin, and where they end


def pages(picture: Picture, drawings: Input, titles: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """Each channel by its name, and a page of the drawings in it."""
    for name, planes_BCYX in picture.channels(picture(drawings)).items():
        yield name, page(name, tint(name, planes_BCYX), titles)


def tint(name: str, planes_BCYX: Tensor) -> Colours:
    """rgb_BYX3: colours as they are, ends green and red, one plane beside the other of what has a sign; else ink."""
    planes_BCYX = planes_BCYX.detach().float().cpu().clamp(-1, 1)
    if name == "stroke_colours":
        return planes_BCYX.permute(0, 2, 3, 1).numpy()
    if name == "ends":
        begin_BYX1, end_BYX1 = (plane_BYX1.numpy() for plane_BYX1 in planes_BCYX[..., None].unbind(1))
        ends_BYX3: Colours = (1 - begin_BYX1 * (1 - GREEN)) * (1 - end_BYX1 * (1 - RED))
        return ends_BYX3
    beside_BYX = planes_BCYX.permute(0, 2, 1, 3).flatten(2).numpy()
    rgba_BYX4: Colours = colormaps["RdBu"]((beside_BYX + 1) / 2) if name in SIGNED else colormaps["Greys"](beside_BYX)
    return rgba_BYX4[..., :3]


def page(heading: str, rgb_BYX3: Colours, titles: Sequence[str], colors: Sequence[str] | None = None) -> Figure:
    """Pictures in rows, pixel by pixel, with their titles above them, grey unless told."""
    wide = rgb_BYX3.shape[2] // rgb_BYX3.shape[1]  # planes side by side
    columns = min(COLUMNS // wide, len(titles))
    rows = -(-len(titles) // columns)
    pitch = 1 + GAP * (1 + max(title.count("\n") + 1 for title in titles))  # of the rows: titles need room
    figure = Figure(figsize=(1.4 * columns * (wide + GAP), 1.34 * pitch * rows + 0.5))
    figure.suptitle(heading, fontsize=12)
    axes = figure.subplots()
    for i, (rgb_YX3, title, color) in enumerate(zip(rgb_BYX3, titles, colors or [GREY] * len(titles), strict=True)):
        left, top = i % columns * (wide + GAP), i // columns * pitch
        axes.imshow(rgb_YX3, extent=(left, left + wide, top + 1, top), interpolation="nearest")
        frame = Rectangle((left, top), wide, 1, fill=False, edgecolor=GREY, linewidth=0.5)
        axes.add_patch(frame)
        axes.text(left + wide / 2, top - GAP / 4, title, fontsize=7, color=color, ha="center", va="bottom")
    axes.set(xlim=(-GAP, columns * (wide + GAP)), ylim=(rows * pitch, 1 - pitch), aspect="equal")
    axes.axis("off")
    return figure
