"""Look into a packed dataset: counts a class as a table, and pictures."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm import tqdm

from inkseq.cli import main
from inkseq.config import InspectConfig
from inkseq.data.packed import Packed, open_packed
from inkseq.data.pictures import bars, histograms, page
from inkseq.errors import UserError
from inkseq.tables import table


def run(config: InspectConfig) -> None:
    """Inspect a packed dataset: a table, and pictures of counts, lengths and drawings of every class."""
    data = open_packed(config.data)
    chosen = data.split(config.split)
    if not chosen:
        raise UserError(f"the split {config.split} of {config.data} is empty")
    out = Path(config.out or Path(config.data) / "inspect")
    indices = np.arange(chosen.start, chosen.stop)
    labels = np.asarray(data.labels[chosen.start : chosen.stop])
    num_points = np.diff(data.offsets[chosen.start : chosen.stop + 1])
    num_strokes = _count_strokes(data, chosen)
    print(_class_table(data, chosen, labels, num_points, num_strokes))
    print(_summary(data, config.split, chosen, num_points, num_strokes))
    draw_overview(data, indices, labels, num_points, num_strokes, out)
    rng = np.random.default_rng(0)
    for label in tqdm(np.unique(labels), desc="drawing pages", unit="page", disable=None):
        name = data.classes[label] if label >= 0 else "unlabelled"
        of_class = indices[labels == label]
        some = np.sort(rng.choice(of_class, min(config.page, len(of_class)), replace=False))
        titles = [_country(data, i) + ("" if data.recognized[i] else " (not recognized)") for i in some]
        page(
            list(map(data.drawing, some)),
            titles,
            8,
            f"{name}: {len(of_class):,}",
            out / _file_name(label, name),
        )
    print(f"pictures in {out}: classes.png, lengths.png, drawings.png and one of every class")


def draw_overview(
    data: Packed,
    indices: np.ndarray,
    labels: np.ndarray,
    num_points: np.ndarray,
    num_strokes: np.ndarray,
    out: Path,
) -> None:
    """classes.png, lengths.png and drawings.png: one drawing of each of (at most 96) classes."""
    seen = np.asarray(data.recognized)[indices]
    names = data.classes or ["unlabelled"]
    of_class = np.maximum(labels, 0)
    counts = {
        "recognized": np.bincount(of_class[seen], minlength=len(names)),
        "not recognized": np.bincount(of_class[~seen], minlength=len(names)),
    }
    bars(names, counts, f"drawings of {len(names)} classes", out / "classes.png")
    histograms({"points": num_points, "strokes": num_strokes}, "a drawing has", out / "lengths.png")
    first = [int(indices[np.flatnonzero(labels == k)[0]]) for k in np.unique(labels)][:96]
    titles = [data.classes[data.labels[i]] if data.labels[i] >= 0 else "" for i in first]
    page(list(map(data.drawing, first)), titles, 12, "", out / "drawings.png")


def _class_table(
    data: Packed, chosen: range, labels: np.ndarray, num_points: np.ndarray, num_strokes: np.ndarray
) -> str:
    recognized = np.asarray(data.recognized[chosen.start : chosen.stop])
    rows = []
    for label in np.unique(labels):
        mine = labels == label
        rows.append(
            [
                data.classes[label] if label >= 0 else "unlabelled",
                *_split_counts(data, chosen, mine),
                round(float(num_points[mine].mean()), 1),
                int(np.median(num_points[mine])),
                int(num_points[mine].max()),
                round(float(num_strokes[mine].mean()), 1),
                f"{recognized[mine].mean():.0%}",
            ]
        )
    splits = list(data.meta["splits"])
    return table(["class", *splits, "points", "median", "longest", "strokes", "recognized"], rows)


def _split_counts(data: Packed, chosen: range, mine: np.ndarray) -> list[int]:
    bounds = np.array(list(data.meta["splits"].values())) - chosen.start
    bounds = bounds.clip(0, len(chosen))
    return [int(mine[start:end].sum()) for start, end in bounds]


def _summary(data: Packed, split: str | None, chosen: range, num_points: np.ndarray, num_strokes: np.ndarray) -> str:
    where = f"split {split}" if split else "all splits"
    size = sum(file.stat().st_size for file in data.path.glob("*.npy"))
    countries = Counter(data.countrycode[chosen.start : chosen.stop].tolist()).most_common(8)
    named = ", ".join(f"{(code or b'none').decode()} {count:,}" for code, count in countries)
    return (
        f"\n{where}: {len(chosen):,} drawings of {len(data.classes)} classes, {num_points.mean():.1f} points and "
        f"{num_strokes.mean():.1f} strokes a drawing\n"
        f"recognized by the game: {np.mean(data.recognized[chosen.start : chosen.stop]):.1%}\n"
        f"countries: {named}\n"
        f"on disk: {size:,} bytes, {size / data.meta['num_points']:.2f} a point"
    )


def _count_strokes(data: Packed, chosen: range) -> np.ndarray:
    """Strokes of each drawing: the pen's bits between its offsets, a stretch of drawings at a time."""
    counts = np.empty(len(chosen), np.int64)
    for start in range(chosen.start, chosen.stop, 1 << 18):
        stop = min(start + (1 << 18), chosen.stop)
        offsets = np.asarray(data.offsets[start : stop + 1])
        first_bit = offsets[0] // 8 * 8
        bits = np.unpackbits(data.pen[first_bit // 8 : -(-offsets[-1] // 8)])
        before = np.concatenate([[0], np.cumsum(bits, dtype=np.int64)])[offsets - first_bit]
        counts[start - chosen.start : stop - chosen.start] = np.diff(before)
    return counts


def _country(data: Packed, i: int) -> str:
    return bytes(data.countrycode[i]).decode()


def _file_name(label: int, name: str) -> str:
    """`The Eiffel Tower` -> `012-the-eiffel-tower.png`: nothing in a word may lead elsewhere on the disk."""
    slug = re.sub(r"[^\w]+", "-", name.lower()).strip("-")
    return f"{label:03d}-{slug}.png"


if __name__ == "__main__":
    main(run, InspectConfig)
