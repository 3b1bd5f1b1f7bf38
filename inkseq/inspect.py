"""Look into a packed dataset: counts a class as a table, and pictures."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from inkseq.cli import main
from inkseq.config import InspectConfig
from inkseq.data.kinds import pick
from inkseq.data.overview import Sample, class_table, draw_classes, draw_overview, summary
from inkseq.data.packed import open_strokes
from inkseq.drawings.padded import number_countries
from inkseq.errors import UserError
from inkseq.evaluate.pictures import pages
from inkseq.families import PictureConfig
from inkseq.models.picture import CHANNELS, Picture
from inkseq.plots import save

AS_PICTURES = 12  # drawings, each of another class
LEARNT = "country"  # a channel that is nothing before a model has learnt it


def run(config: InspectConfig) -> None:
    """Inspect a packed dataset: a table, and pictures of counts, lengths and drawings of every class."""
    if config.page < 1:
        raise UserError(f"page={config.page}: at least 1 drawing a page is needed")
    sample = Sample.of(open_strokes(config.data), config.split)
    out = Path(config.out or Path(config.data) / "inspect")
    print(class_table(sample))
    print(summary(sample, config.split))
    draw_overview(sample, out)
    draw_classes(sample, out, config.page)
    draw_channels(sample, out)
    print(f"pictures in {out}: classes.png, lengths.png, drawings.png and one of every class")
    print("picture-ink.png and so on: what each of model.picture.channels shows of some")


def draw_channels(sample: Sample, out: Path) -> None:
    """A page of each channel that a picture model may be given, of drawings whose country is known if there are any."""
    data = sample.data
    known_N = number_countries(data.countrycode[sample.first : sample.end]) > 0
    known_first = np.argsort(~known_N, kind="stable")
    _, place = np.unique(sample.labels[known_first], return_index=True)
    some = known_first[place[:AS_PICTURES]]
    titles = [f"{sample.name(sample.labels[i])} {data.countrycode[sample.first + i].decode()}" for i in some]
    picture = Picture(PictureConfig(channels=[name for name in CHANNELS if name != LEARNT]))
    drawn = pages(picture, pick(data, sample.first + some), titles)
    for name, figure in tqdm(drawn, desc="drawing channels", total=len(CHANNELS) - 1, unit="page", disable=None):
        save(figure, out / f"picture-{name}.png")


if __name__ == "__main__":
    main(run, InspectConfig)
