"""What is in a packed dataset: counts a class as a table, and pictures."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.data.packed import Packed, PackedStrokes, count_strokes
from inkseq.data.sampling import Indices
from inkseq.drawings.contact_sheet import page
from inkseq.errors import UserError
from inkseq.plots import bars, histograms
from inkseq.tables import table

UNLABELLED = "unlabelled"
MOST_AT_ONCE = 96  # classes, a drawing of each
MOST_BARS = 500  # a picture has 65,535 pixels a side at most
LONGEST_NAME = 48  # letters: for pictures to hold them, and as a file name, which may have 255 bytes


@dataclass(frozen=True)
class Sample:
    """What is looked at: drawings of a dataset from `first` on, and what each of them is."""

    data: Packed
    first: int
    labels: NDArray[np.int16]  # -1 without a word

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, label: int) -> str:
        word = self.data.classes[label] if label >= 0 else UNLABELLED
        return word if len(word) <= LONGEST_NAME else word[: LONGEST_NAME - 1] + "…"

    def one_each(self, most: int) -> tuple[list[str], Indices]:
        """A drawing of each of so many classes: what it is, and its place in the dataset."""
        met, first = np.unique(self.labels, return_index=True)
        return [self.name(label) for label in met[:most]], self.first + first[:most]

    def pages(self, per_page: int) -> Iterator[tuple[str, str, Indices]]:
        """Of every class the name of a file, a heading, and places of drawings in the dataset."""
        rng = np.random.default_rng(0)
        for label in tqdm(np.unique(self.labels), desc="drawing pages", unit="page", disable=None):
            of_class = self.first + np.flatnonzero(self.labels == label)
            some = np.sort(rng.choice(of_class, min(per_page, len(of_class)), replace=False))
            yield _file_name(label, self.name(label)), f"{self.name(label)}: {len(of_class):,}", some

    def by_class(self) -> Iterator[tuple[NDArray[np.bool_], list[str | int]]]:
        """Of every class which drawings are its own, and what a table begins with: its name, counts a split."""
        bounds = (np.array(list(self.data.meta["splits"].values())) - self.first).clip(0, len(self))
        for label in np.unique(self.labels):
            mine = self.labels == label
            yield mine, [self.name(label), *[int(mine[start:end].sum()) for start, end in bounds]]


@dataclass(frozen=True)
class StrokesSample(Sample):
    data: PackedStrokes
    recognized: NDArray[np.bool_]
    num_points: NDArray[np.int64]
    num_strokes: NDArray[np.int64]

    @classmethod
    def of(cls, data: PackedStrokes, split: str | None) -> "StrokesSample":
        chosen = choose(data, split)
        stretch = slice(chosen.start, chosen.stop)
        num_points = np.diff(data.offsets[chosen.start : chosen.stop + 1])
        labels, recognized = np.asarray(data.labels[stretch]), np.asarray(data.recognized[stretch])
        return cls(data, chosen.start, labels, recognized, num_points, count_strokes(data, chosen))


def choose(data: Packed, split: str | None) -> range:
    """Which drawings are looked at."""
    chosen = data.split(split)
    if not chosen:
        raise UserError(f"the split {split} of {data.path} is empty" if split else f"{data.path} is empty")
    return chosen


def draw_counts(sample: Sample, parts: dict[str, NDArray[np.bool_]], out: Path) -> None:
    """classes.png: how many drawings of a class are of each part. Of very many classes the rarest."""
    names = [sample.name(label) for label in range(len(sample.data.classes))]
    if (sample.labels < 0).any():
        names.append(UNLABELLED)
    bar = np.where(sample.labels < 0, len(names) - 1, sample.labels)
    counts = {part: np.bincount(bar[mine], minlength=len(names)) for part, mine in parts.items()}
    heading, rarest = f"drawings of {len(sample.data.classes)} classes", np.arange(len(names))
    if len(names) > MOST_BARS:
        heading += f", the {MOST_BARS} rarest"
        rarest = np.sort(np.bincount(bar, minlength=len(names)).argsort(kind="stable")[:MOST_BARS])
    bars([names[k] for k in rarest], {part: n[rarest] for part, n in counts.items()}, heading, out / "classes.png")


def draw_overview(sample: StrokesSample, out: Path) -> None:
    """classes.png, lengths.png and drawings.png: one drawing of each of (at most 96) classes."""
    draw_counts(sample, {"recognized": sample.recognized, "not recognized": ~sample.recognized}, out)
    lengths = {"points": sample.num_points, "strokes": sample.num_strokes}
    histograms(lengths, "a drawing has", out / "lengths.png")
    titles, some = sample.one_each(MOST_AT_ONCE)
    page(list(map(sample.data.drawing, some)), titles, 12, "", out / "drawings.png")


def draw_classes(sample: StrokesSample, out: Path, per_page: int) -> None:
    """A page of drawings of every class."""
    data = sample.data
    for file, heading, some in sample.pages(per_page):
        titles = [data.countrycode[i].decode() + ("" if data.recognized[i] else " (not recognized)") for i in some]
        page(list(map(data.drawing, some)), titles, 8, heading, out / file)


def class_table(sample: StrokesSample) -> str:
    rows = []
    for mine, begin in sample.by_class():
        num_points = sample.num_points[mine]
        rows.append(
            [
                *begin,
                round(float(num_points.mean()), 1),
                int(np.median(num_points)),
                int(num_points.max()),
                round(float(sample.num_strokes[mine].mean()), 1),
                f"{sample.recognized[mine].mean():.0%}",
            ]
        )
    splits = sample.data.meta["splits"]
    return table(["class", *splits, "points", "median", "longest", "strokes", "recognized"], rows)


def summary(sample: StrokesSample, split: str | None) -> str:
    data = sample.data
    where = f"split {split}" if split else "all splits"
    size = sum(file.stat().st_size for file in data.path.glob("*.npy"))
    countries = Counter(data.countrycode[sample.first :][: len(sample)].tolist()).most_common(8)
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
