"""Drawings for the tests: random canonical lines, and the real data where it lies beside the checkout."""

import json
from pathlib import Path

import numpy as np
import pytest

from inkseq.config import ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.doodles.write import write_doodles

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the real drawings (../shared/data) are not here")

WORDS = ["cat", "dog", "snail"]


def random_strokes(rng: np.random.Generator) -> list[list[list[int]]]:
    """Whole numbers in 0..255 that fill the canvas."""
    strokes = [rng.integers(0, 256, (2, rng.integers(1, 12))).tolist() for _ in range(rng.integers(1, 6))]
    strokes[0][0][0], strokes[0][1][0] = 0, 0
    strokes.append([[0, 255], [3, 0]])
    return strokes


def line(word: str = "cat", key_id: int = 1, strokes: object = None, **others: object) -> bytes:
    """One line as Google writes them."""
    fields = {
        "word": word,
        "countrycode": "US",
        "timestamp": "2017-03-08 03:24:29.16088 UTC",
        "recognized": True,
        "key_id": str(key_id),
        "drawing": [[[0, 255], [0, 9]]] if strokes is None else strokes,
    }
    return json.dumps(fields | others, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def random_lines(count: int, seed: int = 0, words: list[str] = WORDS) -> list[bytes]:
    """Canonical lines with words by turns and a key_id for each."""
    rng = np.random.default_rng(seed)
    countries = ["US", "DE", "FR"]
    return [
        line(
            words[i % len(words)],
            10**15 * (seed + 1) + i,
            random_strokes(rng),
            countrycode=countries[i % 3],
            recognized=bool(rng.random() < 0.9),
        )
        for i in range(count)
    ]


def packed_doodles(folder: Path, per_class: int, classes: list[str]) -> Path:
    """A dataset it takes a second to make; the raw doodles are beside it."""
    write_doodles(folder / "raw", per_class, 0, classes)
    convert(ConvertConfig(raw=[str(folder / "raw")], out=str(folder / "packed"), workers=1))
    return folder / "packed"
