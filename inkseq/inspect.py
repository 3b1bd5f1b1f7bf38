"""Look into a packed dataset: counts a class as a table, and pictures."""

from pathlib import Path
from textwrap import fill

import numpy as np
import torch
from tqdm import tqdm

from inkseq.cli import main
from inkseq.config import InspectConfig
from inkseq.data.kinds import pick
from inkseq.data.overview import (
    MOST_AT_ONCE,
    Sample,
    StrokesSample,
    choose,
    class_table,
    draw_classes,
    draw_counts,
    draw_overview,
    summary,
)
from inkseq.data.packed import PackedImages, PackedStrokes, open_packed
from inkseq.data.sampling import Indices
from inkseq.data.tail import rare_in_train
from inkseq.drawings.padded import number_countries
from inkseq.errors import UserError
from inkseq.evaluate.pictures import page, pages, tint
from inkseq.families import Binarise, PictureConfig
from inkseq.models.binarise import BINARISE
from inkseq.models.picture import CHANNELS, Picture
from inkseq.plots import save
from inkseq.tables import table

AS_PICTURES = 12  # drawings, each of another class
LEARNT = "country"  # a channel that is nothing before a model has learnt it
LINE = 20  # letters that there is room for above an image
STRETCH = 1 << 14  # images whose ink is measured at a time


def run(config: InspectConfig) -> None:
    """Inspect a packed dataset: a table, and pictures of counts, lengths and drawings of every class."""
    if config.page < 1:
        raise UserError(f"page={config.page}: at least 1 drawing a page is needed")
    data, out = open_packed(config.data), Path(config.out or Path(config.data) / "inspect")
    if isinstance(data, PackedImages):
        look_at_images(data, config, out)
    else:
        assert isinstance(data, PackedStrokes)
        look_at_strokes(StrokesSample.of(data, config.split), config, out)
    if rare := rare_in_train(data):
        print(rare)


def look_at_strokes(sample: StrokesSample, config: InspectConfig, out: Path) -> None:
    print(class_table(sample))
    print(summary(sample, config.split))
    draw_overview(sample, out)
    draw_classes(sample, out, config.page)
    draw_channels(sample, out)
    print(f"pictures in {out}: classes.png, lengths.png, drawings.png and one of every class")
    print("picture-ink.png and so on: what each of model.picture.channels shows of some")


def draw_channels(sample: StrokesSample, out: Path) -> None:
    """A page of each channel that a picture model may be given, of drawings whose country is known if there are any."""
    data = sample.data
    known_N = number_countries(data.countrycode[sample.first :][: len(sample)]) > 0
    known_first = np.argsort(~known_N, kind="stable")
    _, place = np.unique(sample.labels[known_first], return_index=True)
    some = known_first[place[:AS_PICTURES]]
    titles = [f"{sample.name(sample.labels[i])} {data.countrycode[sample.first + i].decode()}" for i in some]
    picture = Picture(PictureConfig(channels=[name for name in CHANNELS if name != LEARNT]))
    drawn = pages(picture, pick(data, sample.first + some), titles)
    for name, figure in tqdm(drawn, desc="drawing channels", total=len(CHANNELS) - 1, unit="page", disable=None):
        save(figure, out / f"picture-{name}.png")


def look_at_images(data: PackedImages, config: InspectConfig, out: Path) -> None:
    """What ink there is, and what each way to make it black and white would leave of it."""
    chosen = choose(data, config.split)
    sample = Sample(data, chosen.start, np.asarray(data.labels[chosen.start : chosen.stop]))
    starts = range(chosen.start, chosen.stop, STRETCH)
    ink_N = np.concatenate([data.images[at : min(at + STRETCH, chosen.stop)].mean((1, 2)) / 255 for at in starts])
    rows = [[*begin, f"{ink_N[mine].mean():.1%}"] for mine, begin in sample.by_class()]
    print(table(["class", *data.meta["splits"], "ink"], rows))
    size = data.meta["size"]
    where = f"split {config.split}" if config.split else "all splits"
    print(f"\n{where}: {len(sample):,} images of {len(data.classes)} classes, {size} x {size}, {ink_N.mean():.1%} ink")
    splits = {name: np.arange(*ends) for name, ends in data.meta["splits"].items()}
    is_train = np.isin(sample.first + np.arange(len(sample)), splits["train"])
    draw_counts(sample, {"train": is_train, "other splits": ~is_train}, out)
    names, some = sample.one_each(MOST_AT_ONCE)
    titles = [fill(name, LINE) for name in names]
    draw_images(data, some, "", titles, out / "drawings.png")
    for file, heading, of_class in sample.pages(config.page):
        in_split = [next(name for name, places in splits.items() if i in places) for i in of_class]
        draw_images(data, of_class, heading, in_split, out / file)
    draw_binarised(data, some[:AS_PICTURES], titles, out / "binarise.png")
    print(f"pictures in {out}: classes.png, drawings.png and one of every class")
    print("binarise.png: what each of model.picture.binarise leaves of some")


def draw_images(data: PackedImages, some: Indices, heading: str, titles: list[str], path: Path) -> None:
    save(page(heading, tint("ink", torch.from_numpy(data.images[some])[:, None] / 255), titles), path)


def draw_binarised(data: PackedImages, some: Indices, titles: list[str], path: Path) -> None:
    """Some images as they are, and beside it in black and white by each of the ways."""
    ink_BYX = torch.from_numpy(data.images[some]) / 255
    ways_BCYX = torch.stack([divide(ink_BYX) for divide in BINARISE.values()], dim=1)
    save(page(", ".join(way.name for way in Binarise), tint("ink", ways_BCYX), titles[: len(some)]), path)


if __name__ == "__main__":
    main(run, InspectConfig)
