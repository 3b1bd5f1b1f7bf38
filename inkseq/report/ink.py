"""Drawings as SVG, to be put into a page: whole, as far as drawn, and coloured by what each point was worth.

Images are shown as they are stored, ink dark on white paper.
"""

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
from PIL import Image

from inkseq.drawings.contact_sheet import INK
from inkseq.drawings.strokes import CANVAS, Flat
from inkseq.evaluate.explanation import Heat

NUM_INKS = 12
INKS = [to_hex(INK(0.85 * i / (NUM_INKS - 1))) for i in range(NUM_INKS)]  # from the first stroke to the last
FOR, AGAINST, NEITHER = "#b0301c", "#1f5fa8", "#d0d4da"
BOX = f"-8 -8 {CANVAS + 16} {CANVAS + 16}"
Drawn = Flat | NDArray[np.uint8]  # strokes, or an image's ink
WARM = LinearSegmentedColormap.from_list("warm", ["#ffffff", "#fdae61", "#d7301f"])


def definition(i: int, drawing: Drawn) -> Markup:
    """The drawing, once: every picture of it in the page refers to it as `#d{i}`."""
    if isinstance(drawing, tuple):
        return Markup('<g id="d{}">{}</g>').format(i, Markup("").join(colored(drawing, len(drawing[0]))))
    return Markup('<g id="d{}">{}</g>').format(i, _pixels(grey_png(255 - drawing), 0, CANVAS, "scan"))


def colored(drawing: Flat, shown: int) -> list[Markup]:
    """Paths of the first `shown` points, in the colours that the strokes have in the whole drawing."""
    strokes = centred(drawing)
    paths = []
    for number, stroke in enumerate(strokes):
        if len(seen := stroke[: max(shown, 0)]):
            color = round(number * (NUM_INKS - 1) / max(len(strokes) - 1, 1))
            paths.append(Markup('<path class="i{}" d="{}"/>').format(color, path(seen)))
        shown -= len(stroke)
    return paths


def film_frame(drawing: Flat, shown: int, label: str) -> Markup:
    return _picture(label, colored(drawing, shown))


def credit_picture(drawing: Flat, credit_P: NDArray[np.float32], label: str) -> Markup:
    """Each point's step in red where it spoke for what was said, in blue where it spoke against it."""
    steps = [stroke[[max(i - 1, 0), i]] for stroke in centred(drawing) for i in range(len(stroke))]
    strongest = max(float(np.quantile(np.abs(credit_P), 0.95)), 1e-9)
    worth_P = np.clip(credit_P / strongest, -1, 1)
    lines = [
        Markup('<path stroke="{}" d="{}"/>').format(_shade(float(worth_P[i])), path(steps[i]))
        for i in np.argsort(np.abs(worth_P), kind="stable")  # the strongest last, on top
    ]
    return _picture(label, lines)


def needed_picture(drawing: Flat, needed: int | None, label: str) -> Markup:
    """One stroke thick and the others thin; all alike where none is named."""
    lines = [
        Markup('<path class="{}" d="{}"/>').format("thick" if n == needed else "thin", path(stroke))
        for n, stroke in enumerate(centred(drawing))
    ]
    return _picture(label, lines)


def heat_picture(drawing: Flat, heat: Heat, label: str) -> Markup:
    """The drawing on a grid of heat."""
    side = float(np.ptp(drawing[0], axis=0).max()) or 1.0
    lines = [Markup('<path stroke="#333" d="{}"/>').format(path(stroke)) for stroke in centred(drawing)]
    return _picture(label, [_heat(heat, side), *lines])


def credit_over_image(i: int, credit_YX: NDArray[np.float32], label: str) -> Markup:
    """The image pale, and over it each pixel in red where it spoke for what was said, in blue where against it."""
    strongest = max(float(np.quantile(np.abs(credit_YX), 0.99)), 1e-9)  # most pixels are paper, which is worth nothing
    worth_YX1 = np.clip(credit_YX / strongest, -1, 1)[:, :, None]
    color_YX3 = np.where(worth_YX1 > 0, *(matplotlib.colors.to_rgb(color) for color in (FOR, AGAINST)))
    shades = _pixels(png(np.dstack([color_YX3, np.abs(worth_YX1) ** 0.7])), 0, CANVAS, "scan")
    return _picture(label, [Markup('<use href="#d{}" opacity=".25"/>').format(i), shades])


def heat_over_image(i: int, heat: Heat, label: str) -> Markup:
    return _picture(label, [Markup('<use href="#d{}"/>').format(i), _heat(heat, CANVAS)])


def _heat(heat: Heat, side: float) -> Markup:
    """Like felt pen: what lies beneath stays as dark as it is."""
    corner, width = CANVAS / 2 + side * heat.low, side * (heat.high - heat.low)
    return _pixels(png(WARM(np.clip(heat.cell_YX, 0, 1))[:, :, :3]), corner, width, "heat")


def _pixels(address: str, corner: float, width: float, kind: str) -> Markup:
    image = Markup('<image class="{}" href="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    return image.format(kind, address, corner, corner, width, width)


def _shade(worth: float) -> str:
    """From -1 to 1; what is worth nothing is grey."""
    toward = np.array(matplotlib.colors.to_rgb(FOR if worth > 0 else AGAINST))
    nothing = np.array(matplotlib.colors.to_rgb(NEITHER))
    return to_hex(nothing + (toward - nothing) * abs(worth) ** 0.7)


def _picture(label: str, parts: list[Markup]) -> Markup:
    inside = Markup("").join(parts)
    return Markup('<svg class="ink" viewBox="{}" role="img" aria-label="{}">{}</svg>').format(BOX, label, inside)


def centred(drawing: Flat) -> list[NDArray[np.int64]]:
    """The drawing's strokes, in the middle of the paper."""
    points = drawing[0].astype(np.int64)
    points += (CANVAS - points.min(axis=0) - points.max(axis=0)) // 2
    return np.split(points, np.flatnonzero(drawing[1])[:-1] + 1)


def path(stroke: NDArray[np.int64]) -> str:
    """SVG's words for a line, relative since those are shorter; a dot is a line that goes nowhere."""
    (x, y), steps = stroke[0], np.diff(stroke, axis=0)
    return f"M{x} {y}l" + (" ".join(f"{dx} {dy}" for dx, dy in steps) if len(steps) else "0 0")


def png(rgb_YX3: NDArray[np.floating]) -> str:
    """A picture as a data: address."""
    file = io.BytesIO()
    matplotlib.image.imsave(file, rgb_YX3, format="png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def grey_png(grey_YX: NDArray[np.uint8]) -> str:
    """The same of greys, in a quarter of the bytes."""
    file = io.BytesIO()
    Image.fromarray(grey_YX).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def svg(figure: Figure) -> str:
    """A figure as a data: address; within an <img> its ids and styles cannot meet those of others."""
    file = io.BytesIO()
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "inkseq", "font.family": "sans-serif"}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # text stays text; the browser has the letters
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"


def definitions(drawings: Iterable[tuple[int, Drawn]]) -> Markup:
    return Markup("<defs>{}</defs>").format(Markup("").join(definition(i, drawing) for i, drawing in drawings))
