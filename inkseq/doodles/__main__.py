"""The embedded dataset: drawings of many classes made by small programs, as Quick, Draw! ndjson."""

from pathlib import Path

from inkseq.cli import main
from inkseq.config import DoodlesConfig
from inkseq.doodles.write import CLASSES, write_doodles
from inkseq.errors import UserError


def run(config: DoodlesConfig) -> None:
    """Draw doodles: `per_class` of every class, one WORD.ndjson a class."""
    if config.per_class < 1:
        raise UserError(f"per_class={config.per_class}: at least 1 is needed")
    classes = config.classes or sorted(CLASSES)
    count = write_doodles(Path(config.out), config.per_class, config.seed, classes)
    print(f"drew {count:,} doodles of {len(classes)} classes into {config.out}")


if __name__ == "__main__":
    main(run, DoodlesConfig)
