"""Look into a packed dataset: counts a class as a table, and pictures."""

from pathlib import Path

from inkseq.cli import main
from inkseq.config import InspectConfig
from inkseq.data.overview import Sample, class_table, draw_classes, draw_overview, summary
from inkseq.data.packed import open_packed
from inkseq.errors import UserError


def run(config: InspectConfig) -> None:
    """Inspect a packed dataset: a table, and pictures of counts, lengths and drawings of every class."""
    if config.page < 1:
        raise UserError(f"page={config.page}: at least 1 drawing a page is needed")
    sample = Sample.of(open_packed(config.data), config.split)
    out = Path(config.out or Path(config.data) / "inspect")
    print(class_table(sample))
    print(summary(sample, config.split))
    draw_overview(sample, out)
    draw_classes(sample, out, config.page)
    print(f"pictures in {out}: classes.png, lengths.png, drawings.png and one of every class")


if __name__ == "__main__":
    main(run, InspectConfig)
