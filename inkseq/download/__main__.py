"""The public Quick, Draw! files, simplified form, for chosen classes; goes on where it stopped."""

from pathlib import Path

from inkseq.cli import main
from inkseq.config import DownloadConfig
from inkseq.download.fetch import fetch, known_classes


def run(config: DownloadConfig) -> None:
    """Download Quick, Draw! ndjson for classes=[cat,dog], or classes=[all]; run again to go on."""
    classes = known_classes() if config.classes == ["all"] else list(config.classes)
    out = Path(config.out)
    fetch(classes, out, config.base_url, config.workers, config.retries, config.retry_wait)
    print(f"{len(classes)} files are in {out}; `make data RAW={out}` packs them")


if __name__ == "__main__":
    main(run, DownloadConfig)
