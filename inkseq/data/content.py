"""Digests of a packed dataset's arrays: other drawings have others, whatever the counts are."""

import zlib
from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

PIECE = 1 << 18  # bytes


def digest(array: NDArray[Any]) -> str:
    """A few letters for what an array holds.

    A checksum of each piece, and a digest of those: it is to find what a disk, a hand or another conversion changed,
    not a forger, and takes a fraction of a cryptographic hash's time.
    """
    content = array.reshape(-1).view(np.uint8)
    return _digest(content[at : at + PIECE].data for at in range(0, len(content), PIECE))


def digest_file(path: Path) -> str:
    """The same of an array in a file, which is read and not mapped: what is mapped counts as memory of the process."""
    with path.open("rb") as file:
        npy.read_magic(file)
        npy.read_array_header_1_0(file)
        return _digest(iter(partial(file.read, PIECE), b""))


def _digest(pieces: Iterable[bytes | memoryview]) -> str:
    sums = [zlib.crc32(piece) for piece in pieces]
    return blake2b(np.array(sums, "<u4").tobytes(), digest_size=8).hexdigest()


def changed(arrays: Mapping[str, NDArray[Any]], digests: Mapping[str, str]) -> list[str]:
    """The arrays that are not what was written."""
    return [name for name, array in arrays.items() if name in digests and digest(array) != digests[name]]
