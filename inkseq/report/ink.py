"""Drawings as SVG, to be put into a page: whole, as far as drawn, and coloured by what each point was worth."""

import base64
import io
import warnings
from collections.abc import Iterable
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkseq.drawings.contact_sheet import INK
from inkseq.drawings.strokes import CANVAS, Flat
from inkseq.evaluate.explanation import Heat

NUM_INKS = 12
INKS = [to_hex(INK(0.85 * i / (NUM_INKS - 1))) for i in range(NUM_INKS)]  # from the first stroke to the last
FOR, AGAINST, NEITHER = "#b0301c", "#1f5fa8", "#d0d4da"
BOX = f"-8 -8 {CANVAS + 16} {CANVAS + 16}"
WARM = LinearSegmentedColormap.from_list("warm", ["#ffffff", "#fdae61", "#d7301f"])


def definition(i: int, drawing: Flat) -> Markup:
    """The drawing, once: every picture of it in the page refers to it as `#d{i}`."""
    return Markup('<g id="d{}">{}</g>').format(i, strokes(drawing))


def strokes(drawing: Flat, shown: int | None = None) -> Markup:
    """Paths of the first `shown` points, in the colours that the strokes have in the whole drawing."""
    points, pen = centred(drawing)
    ends = np.flatnonzero(pen)[:-1] + 1
    paths, begin = [], 0
    for number, stroke in enumerate(np.split(points, ends)):
        stroke = stroke[: None if shown is None else max(shown - begin, 0)]
        begin += len(stroke)
        if len(stroke):
            color = round(number * (NUM_INKS - 1) / max(len(ends), 1))
            paths.append(Markup('<path class="i{}" d="{}"/>').format(color, path(stroke)))
    return Markup("").join(paths)


def film_frame(drawing: Flat, shown: int, label: str) -> Markup:
    return _picture(label, strokes(drawing, shown))


def credit_picture(drawing: Flat, credit_P: NDArray[np.float32], label: str) -> Markup:
    """Each point's step in red where it spoke for what was said, in blue where it spoke against it."""
    points, pen = centred(drawing)
    strongest = max(float(np.quantile(np.abs(credit_P), 0.95)), 1e-9)
    begins = np.concatenate([[True], pen[:-1] > 0])
    before = np.where(begins[:, None], points, np.concatenate([points[:1], points[:-1]]))
    worth_P = np.clip(credit_P / strongest, -1, 1)
    lines = [
        Markup('<path stroke="{}" d="{}"/>').format(_shade(float(worth_P[i])), path(np.stack([before[i], points[i]])))
        for i in np.argsort(np.abs(worth_P), kind="stable")  # the strongest last, on top
    ]
    return _picture(label, Markup("").join(lines))


def needed_picture(drawing: Flat, needed: int | None, label: str) -> Markup:
    """One stroke thick and the others thin; all alike where none is named."""
    points, pen = centred(drawing)
    parts = np.split(points, np.flatnonzero(pen)[:-1] + 1)
    lines = [
        Markup('<path class="{}" d="{}"/>').format("thick" if n == needed else "thin", path(stroke))
        for n, stroke in enumerate(parts)
    ]
    return _picture(label, Markup("").join(lines))


def heat_picture(drawing: Flat, heat: Heat, label: str) -> Markup:
    """The drawing on a grid of heat."""
    points, pen = centred(drawing)
    side = float(np.ptp(points, axis=0).max()) or 1.0
    corner, width = CANVAS / 2 + side * heat.low, side * (heat.high - heat.low)
    image = Markup('<image href="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        png(WARM(np.clip(heat.cell_YX, 0, 1))[:, :, :3]), corner, corner, width, width
    )
    lines = [
        Markup('<path stroke="#333" d="{}"/>').format(path(stroke))
        for stroke in np.split(points, np.flatnonzero(pen)[:-1] + 1)
    ]
    return _picture(label, image + Markup("").join(lines))


def _shade(worth: float) -> str:
    """From -1 to 1; what is worth nothing is grey."""
    toward = np.array(matplotlib.colors.to_rgb(FOR if worth > 0 else AGAINST))
    nothing = np.array(matplotlib.colors.to_rgb(NEITHER))
    return to_hex(nothing + (toward - nothing) * abs(worth) ** 0.7)


def _picture(label: str, inside: Markup) -> Markup:
    return Markup('<svg class="ink" viewBox="{}" role="img" aria-label="{}">{}</svg>').format(BOX, label, inside)


def centred(drawing: Flat) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The drawing in the middle of the paper."""
    points, pen = drawing
    points = points.astype(np.int64)
    return points + (CANVAS - points.min(axis=0) - points.max(axis=0)) // 2, pen


def path(stroke: NDArray[np.int64]) -> str:
    """SVG's words for a line, relative since those are shorter; a dot is a line that goes nowhere."""
    (x, y), steps = stroke[0], np.diff(stroke, axis=0)
    return f"M{x} {y}l" + (" ".join(f"{dx} {dy}" for dx, dy in steps) if len(steps) else "0 0")


def png(rgb_YX3: NDArray[np.floating]) -> str:
    """A picture as a data: address."""
    file = io.BytesIO()
    matplotlib.image.imsave(file, rgb_YX3, format="png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def svg(figure: Figure) -> str:
    """A figure as a data: address; within an <img> its ids and styles cannot meet those of others."""
    file = io.BytesIO()
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "inkseq", "font.family": "sans-serif"}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # text stays text; the browser has the letters
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"


def definitions(drawings: Iterable[tuple[int, Flat]]) -> Markup:
    return Markup("<defs>{}</defs>").format(Markup("").join(definition(i, drawing) for i, drawing in drawings))
