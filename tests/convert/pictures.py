"""Image files for the tests of convert, and what became of them."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inkseq.config import ConvertConfig
from inkseq.convert.books import Books
from inkseq.convert.conversion import WORKER_BYTES, convert
from inkseq.data.packed import PackedImages, open_packed

Grey = NDArray[np.uint8]


def scribble(seed: int, size: int = 16) -> Grey:
    """Ink nobody has drawn before, on paper."""
    ink = np.zeros((size, size), np.uint8)
    ink[3:-3, 3:-3] = np.random.default_rng(seed).integers(0, 256, (size - 6, size - 6))
    return ink


def png(ink: Grey) -> bytes:
    file = BytesIO()
    Image.fromarray(255 - ink).save(file, "PNG")
    return file.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_folders(raw: Path, counts: dict[str, int]) -> Path:
    """So many images in folders of these names."""
    seed = 0
    for name, count in counts.items():
        for number in range(count):
            put(raw / name / f"{number}.png", png(scribble(seed := seed + 1)))
    return raw


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def pack_images(
    tmp_path: Path,
    *raw: Path,
    out: str = "packed",
    workers: int = 1,
    size: int = 16,
    per_worker: int = WORKER_BYTES,
    **settings: Any,
) -> tuple[PackedImages, Books]:
    sources = [str(path) for path in raw]
    config = ConvertConfig(raw=sources, out=str(tmp_path / out), workers=workers, size=size, **settings)
    books = convert(config, per_worker=per_worker)
    data = open_packed(tmp_path / out)
    assert isinstance(data, PackedImages)
    return data, books


def counts_of(data: PackedImages) -> dict[str, dict[str, int]]:
    """How many images of each class are in each split."""
    found = {}
    for name in data.meta["splits"]:
        words, numbers = np.unique(data.labels[data.split(name)], return_counts=True)
        found[name] = {data.classes[word]: int(number) for word, number in zip(words, numbers, strict=True)}
    return found
