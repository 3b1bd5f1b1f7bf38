"""Made-up images of ink, packed: bars of two directions and blots, which a small network tells apart soon."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkseq.data.content import digest
from inkseq.data.packed import FORMAT, IMAGE_ARRAYS
from inkseq.families import CnnConfig, PictureConfig
from tests.train.tiny import run, tiny

CLASSES = ["across", "blot", "down"]


def scans(count: int, size: int = 32, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Images and their labels."""
    rng = np.random.default_rng(seed)
    images, label_N = np.zeros((count, size, size), np.uint8), np.arange(count, dtype=np.int16) % len(CLASSES)
    for image, label in zip(images, label_N, strict=True):
        y, x = rng.integers(size // 8, size // 2, 2)
        long, thick = size // 3, max(size // 10, 2)
        high, wide = {0: (thick, long), 1: (long // 2, long // 2), 2: (long, thick)}[int(label)]
        image[y : y + high, x : x + wide] = rng.integers(150, 256)
    return images, label_N


def pack_scans(folder: Path, splits: dict[str, int], size: int = 32) -> Path:
    """A packed folder of so many images a split."""
    ends = np.cumsum([0, *splits.values()]).tolist()
    images, label_N = scans(ends[-1], size)
    arrays: dict[str, NDArray[Any]] = {
        "images": images,
        "labels": label_N,
        "key_id": np.arange(ends[-1], dtype=np.uint64),
    }
    folder.mkdir()
    for name, array in arrays.items():
        assert array.dtype == IMAGE_ARRAYS[name]
        np.save(folder / f"{name}.npy", array)
    meta = {
        "format": FORMAT,
        "kind": "images",
        "size": size,
        "classes": CLASSES,
        "splits": {name: [first, end] for name, first, end in zip(splits, ends, ends[1:], strict=False)},
        "num_drawings": ends[-1],
        "digests": {name: digest(array) for name, array in arrays.items()},
        "options": {"seed": 0},
    }
    (folder / "meta.json").write_text(json.dumps(meta), "utf-8")
    return folder


def learn_scans(folder: Path, size: int = 32) -> Path:
    """The folder of a run that has learnt to tell them, from a dataset beside it."""
    data = pack_scans(folder / "scans", {"train": 96, "val": 24, "test": 24}, size)
    model = CnnConfig(channels=[8, 16], picture=PictureConfig(size=32, channels=["ink"]))
    config = tiny(data, folder, model=model, duration="80 steps", evaluate="40 steps")
    run(config)
    return folder / "run"
