"""Raw drawings, as strokes (Quick, Draw! ndjson, SVG, InkML ...) or as images, into a packed dataset."""

import json
import sys
from itertools import islice
from pathlib import Path

from inkseq.cli import main
from inkseq.config import ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.data.packed import open_packed
from inkseq.data.tail import few_to_learn_from
from inkseq.drawings.sources import passed_over

EXAMPLES = 3  # of rejected lines, on the terminal


def run(config: ConvertConfig) -> int:
    """Convert raw drawings into a packed dataset: python -m inkseq.convert raw=FOLDER out=data/packed/NAME.

    Read are Quick, Draw! ndjson (simplified or raw), Kaggle's CSV, sketch-rnn's npz, JSON strokes [[xs, ys], ...], SVG
    and InkML, plain, in gzip or in a zip; or images: PNG, JPEG and TIFF, idx and npz arrays with their labels, pages
    with a train.csv of boxes. A drawing that says no word is called after the folder it lies in.
    """
    books = convert(config)
    print(books.to_text())
    data = open_packed(config.out)
    splits = data.meta["splits"]
    sizes = ", ".join(f"{name} {end - start:,}" for name, (start, end) in splits.items())
    print(f"packed {books.kept:,} drawings into {config.out}: {sizes}")
    if splits["train"][1] and splits["val"][0] == splits["val"][1]:
        how = "val_from_train=0.1" if config.split.val else "split.val= (of a train/ folder val_from_train=0.1)"
        print(f"there is no val split to watch training by; {how} makes one")
    for note in (*books.notes, few_to_learn_from(data)):
        if note:
            print(note)
    if books.others:
        print(passed_over(books.others))
    if not books.rejected:
        return 0
    share = books.rejected.total() / books.lines
    where = f"{config.out}/rejected.ndjson names file, line and reason of each"
    print(f"{books.rejected.total():,} of {books.lines:,} {books.what} ({share:.2%}) rejected: {where}, such as")
    with (Path(config.out) / "rejected.ndjson").open(encoding="utf-8") as lines:
        for one in map(json.loads, islice(lines, EXAMPLES)):
            print(f"  {one['file']}:{one['line']}: {one['reason']}")
    if books.damaged:
        named = ", ".join(books.damaged)
        print(f"inkseq: only what comes before the damage was read of {named}", file=sys.stderr)
    if share > config.max_rejected:
        print(
            f"inkseq: more than max_rejected={config.max_rejected:g} of the {books.what} are no drawings",
            file=sys.stderr,
        )
    return int(bool(books.damaged) or share > config.max_rejected)


if __name__ == "__main__":
    main(run, ConvertConfig)
