import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inkseq.drawings.canonical import Rejected
from inkseq.drawings.scans import MAX_PIXELS, read_ink


def written() -> NDArray[np.uint8]:
    """A thick L on white paper, in grey."""
    grey = np.full((40, 40), 255, np.uint8)
    grey[8:32, 10:16] = grey[26:32, 10:30] = 20
    return grey


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


GREY = written()
IMAGE = Image.fromarray(GREY)
CLEAR = Image.merge("LA", [Image.new("L", (40, 40)), Image.fromarray(np.where(GREY < 99, 235, 0).astype(np.uint8))])
TURNED = Image.Exif()
TURNED[0x0112] = 6  # to be turned right by a quarter
WAYS = {
    "grey": saved(IMAGE),
    "ink is light": saved(Image.fromarray(255 - GREY)),
    "colour": saved(IMAGE.convert("RGB")),
    "sixteen bits": saved(Image.fromarray(GREY.astype(np.uint16) * 257)),
    "palette": saved(IMAGE.convert("P")),
    "alpha": saved(CLEAR),
    "colour and alpha": saved(CLEAR.convert("RGBA")),
    "a palette with a transparent colour": saved(IMAGE.convert("P"), transparency=255),
    "tiff": saved(IMAGE, "TIFF", compression="tiff_lzw"),
    "tiff of sixteen bits": saved(Image.fromarray(GREY.astype(np.uint16) * 257), "TIFF"),
    "tiff on its side": saved(IMAGE.rotate(90), "TIFF", exif=TURNED),
    "png on its side": saved(IMAGE.rotate(90), exif=TURNED),
    "jpeg": saved(IMAGE, "JPEG", quality=98),
    "jpeg in four colours": saved(IMAGE.convert("CMYK"), "JPEG", quality=98),
    "jpeg on its side": saved(IMAGE.rotate(90), "JPEG", quality=98, exif=TURNED),
    "many times as large": saved(IMAGE.resize((1600, 1600), Image.Resampling.NEAREST)),
    "a jpeg many times as large": saved(IMAGE.resize((1600, 1600), Image.Resampling.NEAREST), "JPEG"),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_was_saved_the_ink_is_the_same(way: str) -> None:
    off = np.abs(read_ink(WAYS[way], 40).astype(int) - (255 - GREY))
    if "many" in way:  # edges that were sharp lie between pixels
        assert off.mean() < 4
    else:
        assert off.max() <= (6 if "jpeg" in way else 0)


def test_black_and_white() -> None:
    assert (read_ink(saved(Image.fromarray(GREY > 128)), 40) == np.where(GREY < 128, 255, 0)).all()


def test_the_longer_side_fills_the_square_and_the_rest_is_paper() -> None:
    tall = read_ink(saved(IMAGE.crop((5, 0, 25, 40))), 64)
    assert not tall[:, :16].any()
    assert not tall[:, 48:].any()
    assert tall[:, 16:48].any()
    assert read_ink(saved(IMAGE.resize((1, 3000))), 32).shape == (32, 32)
    yellowed = np.where(GREY[:, 5:25] > 128, 210, 20).astype(np.uint8)
    assert set(np.unique(read_ink(saved(Image.fromarray(yellowed)), 40))) == {45, 235}


def of_size(width: int, height: int) -> bytes:
    """The head of a PNG that says it is so large, and nothing else."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + b"\0\0\0\0IDAT"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "empty"),
        (b"hello", "no PNG, JPEG or TIFF image"),
        (saved(IMAGE, "GIF"), "no PNG, JPEG or TIFF image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no PNG, JPEG or TIFF image"),
        (saved(IMAGE)[:-40], "an image that breaks off"),
        (saved(IMAGE, "JPEG")[:400], "an image that breaks off"),
        (saved(IMAGE, "TIFF")[:60], "an image that"),
        (of_size(6000, 6000), f"more than {MAX_PIXELS:,} pixels"),
        (of_size(10_000, 10_000), f"more than {MAX_PIXELS:,} pixels"),
        (of_size(100_000, 100_000), f"more than {MAX_PIXELS:,} pixels"),
        (saved(Image.new("L", (4000, 4000)), "JPEG")[:-2] + b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 40, "scanned too often"),
    ],
)
def test_what_is_no_image_says_why(image: bytes, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Rejected, match=reason):
        read_ink(image, 32)
    assert capfd.readouterr() == ("", "")


def test_a_million_pixels_are_no_bomb() -> None:
    assert read_ink(saved(Image.new("1", (1000, 1000), 1)), 32).max() == 0


def test_damaged_bytes_are_read_or_refused_and_say_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    rng, refused = np.random.default_rng(0), 0
    for way in (
        "grey",
        "palette",
        "tiff of sixteen bits",
        "tiff on its side",
        "jpeg",
        "jpeg on its side",
        "sixteen bits",
    ):
        for _ in range(60):
            damaged = np.frombuffer(WAYS[way], np.uint8).copy()
            damaged[rng.integers(len(damaged), size=3)] = rng.integers(256, size=3)
            try:
                assert read_ink(damaged.tobytes(), 32).shape == (32, 32)
            except Rejected:
                refused += 1
    assert refused
    assert capfd.readouterr() == ("", "")
