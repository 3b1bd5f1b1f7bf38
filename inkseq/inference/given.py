"""What programs hand over, strokes or an image in any of the forms that people have them in, as a model takes it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from inkseq.drawings.canonical import AnyStrokes, Rejected, canonical
from inkseq.drawings.scans import read_ink
from inkseq.drawings.strokes import Drawn

AnyImage = str | Path | bytes | Image.Image | NDArray[Any]  # a file, what is in one, or its pixels
KEPT = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")  # modes that a PNG has
WHITES = (1, 255, 65_535)
NEEDS_STROKES = "this recogniser needs strokes, and an image has none"


def as_drawn(given: AnyStrokes | AnyImage, side: int | None) -> Drawn:
    """Canonical points and pen, or ink of so many pixels a side. ValueError says what is wrong."""
    if not is_image(given):
        return canonical(given)  # type: ignore[arg-type]
    if side is None:
        raise ValueError(NEEDS_STROKES)
    try:
        return read_ink(as_file(given), side)
    except Rejected as reason:
        raise ValueError(f"this is no image: {reason}") from None


def is_image(given: Any) -> bool:
    """Strokes are lists; as one array they would be (strokes, 2 or 3, points), which no image is."""
    if isinstance(given, str | Path | bytes | Image.Image):
        return True
    shape: tuple[int, ...] = getattr(given, "shape", ())
    return len(shape) == 2 or (len(shape) == 3 and shape[1] > 3)


def as_file(image: Any) -> bytes:
    """An image as the bytes of a file, so that one rule reads all of them."""
    if isinstance(image, str | Path):
        return Path(image).read_bytes()
    if isinstance(image, bytes):
        return image
    picture = image if isinstance(image, Image.Image) else Image.fromarray(to_bytes(np.asarray(image)))
    file = BytesIO()
    turned = ImageOps.exif_transpose(picture)
    (turned if turned.mode in KEPT else turned.convert("L")).save(file, "PNG", compress_level=0)
    return file.getvalue()


def to_bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey or colours, whether they go to 1, to 255 or to 65,535."""
    pixels = np.squeeze(pixels)
    if not (pixels.size and (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4)))):
        raise ValueError(
            f"this is no image: an array of shape {pixels.shape}; (height, width) is, and with 3 or 4 colours"
        )
    low, high = pixels.min(), pixels.max()
    white = next((white for white in WHITES if high <= white), None)
    if white is None or not low >= 0:
        raise ValueError(f"this is no image: its numbers go from {low} to {high}")
    return np.round(pixels * (255 / white)).astype(np.uint8)
