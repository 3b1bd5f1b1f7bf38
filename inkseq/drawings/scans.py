"""Image files as ink on paper: scans, photographs, what was drawn on a screen."""

import warnings
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from inkseq.drawings.canonical import Rejected

FORMATS = ("PNG", "JPEG", "TIFF")  # Pillow opens no other
MAX_PIXELS = 2**25  # of a page at 300 dots an inch 9 million; known before any is decoded, and up to 12 bytes each
MAX_SCANNED = 2**29  # pixels of a JPEG, again for each of its scans: one that changes nothing is 20 bytes long
JPEG, SCAN = b"\xff\xd8", b"\xff\xda"  # how one begins, and each of its scans
MIDDLE = 128  # of grey


def read_ink(image: bytes, size: int) -> NDArray[np.uint8]:
    """What a file shows at so many pixels a side, 255 where there is most ink and 0 on paper; raises Rejected."""
    return fit(open_grey(image, size), size)


def open_grey(image: bytes, size: int = MAX_PIXELS) -> Image.Image:
    """A file in grey, over white and the right way up; no larger than `size` needs. Raises Rejected."""
    if not image:
        raise Rejected("empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Pillow has doubts about is no image here
            opened = Image.open(BytesIO(image), formats=FORMATS)
            if opened.width * opened.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if opened.width * opened.height * image.count(SCAN) > MAX_SCANNED and image.startswith(JPEG):
                raise Rejected("a JPEG that is scanned too often")
            return _grey(opened, size)
    except (Rejected, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Rejected(f"more than {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise Rejected(f"no {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image") from None
    except Exception as error:  # Pillow raises all sorts where bytes are wrong
        damage = "breaks off" if "truncated" in str(error) else f"is damaged ({type(error).__name__})"
        raise Rejected(f"an image that {damage}") from None


def _grey(image: Image.Image, size: int) -> Image.Image:
    width, height = image.size
    enough = 2 * size / max(width, height)  # the rest is left to `fit`
    if enough < 1:
        image.draft("L", (round(width * enough), round(height * enough)))  # a JPEG is decoded at a fraction of its size
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode in ("1", "P"):
        image = image.convert("L")
    if (factor := max(image.size) // (2 * size)) > 1:
        image = image.reduce(factor)
    if image.mode not in ("LA", "RGBA"):
        return image.convert("L")
    ink_YX, opaque_YX = np.moveaxis(np.asarray(image.convert("LA").convert("La")), -1, 0)
    return Image.fromarray(ink_YX + (255 - opaque_YX))


def fit(grey: Image.Image, size: int) -> NDArray[np.uint8]:
    """The ink of an image, its longer side `size`, in the middle of a square of paper.

    Which is ink and which paper its border says: most of that is paper.
    """
    scale = size / max(grey.size)
    width, height = (max(round(side * scale), 1) for side in grey.size)
    if grey.size != (width, height):
        grey = grey.resize((width, height), Image.Resampling.BILINEAR)
    ink_YX = np.asarray(grey)
    border = np.sort(np.concatenate([ink_YX[0], ink_YX[-1], ink_YX[:, 0], ink_YX[:, -1]]))
    paper = border[len(border) // 2]  # the median
    if paper >= MIDDLE:
        ink_YX, paper = 255 - ink_YX, 255 - paper
    square_YX = np.full((size, size), paper)
    top, left = (size - height) // 2, (size - width) // 2
    square_YX[top : top + height, left : left + width] = ink_YX
    return square_YX
