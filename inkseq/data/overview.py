"""What is in a packed dataset: counts a class as a table, and pictures."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.data.packed import PackedStrokes, count_strokes
from inkseq.drawings.contact_sheet import page
from inkseq.errors import UserError
from inkseq.plots import bars, histograms
from inkseq.tables import table

UNLABELLED = "unlabelled"
LONGEST_NAME = 48  # letters: for pictures to hold them, and as a file name, which may have 255 bytes


@dataclass(frozen=True)
class Sample:
    """What is looked at: drawings `first` to `end` of a dataset, and what each of them is."""

    data: PackedStrokes
    first: int
    end: int
    labels: NDArray[np.int16]  # -1 without a word
    recognized: NDArray[np.bool_]
    num_points: NDArray[np.int64]
    num_strokes: NDArray[np.int64]

    @classmethod
    def of(cls, data: PackedStrokes, split: str | None) -> "Sample":
        chosen = data.split(split)
        if not chosen:
            raise UserError(f"the split {split} of {data.path} is empty" if split else f"{data.path} is empty")
        stretch = slice(chosen.start, chosen.stop)
        num_points = np.diff(data.offsets[chosen.start : chosen.stop + 1])
        labels, recognized = np.asarray(data.labels[stretch]), np.asarray(data.recognized[stretch])
        return cls(data, chosen.start, chosen.stop, labels, recognized, num_points, count_strokes(data, chosen))

    def __len__(self) -> int:
        return self.end - self.first

    def name(self, label: int) -> str:
        word = self.data.classes[label] if label >= 0 else UNLABELLED
        return word if len(word) <= LONGEST_NAME else word[: LONGEST_NAME - 1] + "…"


def draw_overview(sample: Sample, out: Path) -> None:
    """classes.png, lengths.png and drawings.png: one drawing of each of (at most 96) classes."""
    data = sample.data
    names = [sample.name(label) for label in range(len(data.classes))]
    if (sample.labels < 0).any():
        names.append(UNLABELLED)
    bar = np.where(sample.labels < 0, len(names) - 1, sample.labels)
    counts = {
        "recognized": np.bincount(bar[sample.recognized], minlength=len(names)),
        "not recognized": np.bincount(bar[~sample.recognized], minlength=len(names)),
    }
    bars(names, counts, f"drawings of {len(data.classes)} classes", out / "classes.png")
    lengths = {"points": sample.num_points, "strokes": sample.num_strokes}
    histograms(lengths, "a drawing has", out / "lengths.png")
    met, first = np.unique(sample.labels, return_index=True)
    titles = [sample.name(label) for label in met[:96]]
    page([data.drawing(sample.first + i) for i in first[:96]], titles, 12, "", out / "drawings.png")


def draw_classes(sample: Sample, out: Path, per_page: int) -> None:
    """A page of drawings of every class."""
    data, rng = sample.data, np.random.default_rng(0)
    for label in tqdm(np.unique(sample.labels), desc="drawing pages", unit="page", disable=None):
        of_class = sample.first + np.flatnonzero(sample.labels == label)
        some = np.sort(rng.choice(of_class, min(per_page, len(of_class)), replace=False))
        titles = [data.countrycode[i].decode() + ("" if data.recognized[i] else " (not recognized)") for i in some]
        heading = f"{sample.name(label)}: {len(of_class):,}"
        page(list(map(data.drawing, some)), titles, 8, heading, out / _file_name(label, sample.name(label)))


def class_table(sample: Sample) -> str:
    rows, splits = [], sample.data.meta["splits"]
    bounds = (np.array(list(splits.values())) - sample.first).clip(0, len(sample))
    for label in np.unique(sample.labels):
        mine = sample.labels == label
        num_points = sample.num_points[mine]
        rows.append(
            [
                sample.name(label),
                *[int(mine[start:end].sum()) for start, end in bounds],
                round(float(num_points.mean()), 1),
                int(np.median(num_points)),
                int(num_points.max()),
                round(float(sample.num_strokes[mine].mean()), 1),
                f"{sample.recognized[mine].mean():.0%}",
            ]
        )
    return table(["class", *splits, "points", "median", "longest", "strokes", "recognized"], rows)


def summary(sample: Sample, split: str | None) -> str:
    data = sample.data
    where = f"split {split}" if split else "all splits"
    size = sum(file.stat().st_size for file in data.path.glob("*.npy"))
    countries = Counter(data.countrycode[sample.first : sample.end].tolist()).most_common(8)
    named = ", ".join(f"{(code or b'none').decode()} {count:,}" for code, count in countries)
    return (
        f"\n{where}: {len(sample):,} drawings of {len(data.classes)} classes, "
        f"{sample.num_points.mean():.1f} points and {sample.num_strokes.mean():.1f} strokes a drawing\n"
        f"recognized by the game: {sample.recognized.mean():.1%}\n"
        f"countries: {named}\n"
        f"on disk: {size:,} bytes, {size / data.meta['num_points']:.2f} a point"
    )


def _file_name(label: int, name: str) -> str:
    """`The Eiffel Tower` -> `012-the-eiffel-tower.png`: nothing in a word may lead elsewhere on the disk."""
    slug = re.sub(r"[^\w]+", "-", name.lower()).strip("-")
    return f"{label:03d}-{slug}.png" if label >= 0 else f"{UNLABELLED}.png"
