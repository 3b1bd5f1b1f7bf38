"""Raw drawings as a training's own data: packed on the way, once for every content that the files ever have."""

import hashlib
from pathlib import Path

from inkseq.config import ConvertConfig, SplitConfig, TrainConfig
from inkseq.data.conversion import convert
from inkseq.data.packed import FORMAT, open_packed
from inkseq.data.sources import find_tasks
from inkseq.errors import UserError

SPLIT = SplitConfig(train=0.8, val=0, test=0.2)  # few as they are, none are spent on choosing weights


def find_data(config: TrainConfig) -> None:
    """Where `raw` is given instead of `data`, pack it and let `data` be the packed folder."""
    if not config.raw:
        if not config.data:
            raise UserError("data= is needed, a packed folder, or raw=, drawings to pack; see --help")
        return
    if config.data:
        raise UserError(f"raw= is packed into a folder of its own; leave out data={config.data}")
    out = Path("data/packed") / f"{_stem(config.raw)}-{_content(config.raw)}"
    if not out.exists():
        books = convert(ConvertConfig(raw=config.raw, out=str(out), split=SPLIT, workers=1))
        print(f"packed {books.kept:,} drawings of {len(books.classes)} classes into {out}")
        if books.rejected:
            print(f"{books.rejected.total():,} of {books.lines:,} lines rejected: {out}/rejected.ndjson says why")
    config.raw, config.data = [], str(out)
    if few := len(open_packed(out).split("train")):
        config.batch_size = min(config.batch_size, few)  # who has taught ten drawings has taught enough to begin


def _stem(raw: list[str]) -> str:
    """`data/raw/own/own.ndjson.gz` -> own; of several files the folder of the first."""
    first = Path(raw[0]).resolve()
    return first.name.partition(".")[0] if len(raw) == 1 else first.parent.name


def _content(raw: list[str]) -> str:
    """A few letters that stand for what is in the files."""
    digest = hashlib.blake2b(bytes([FORMAT]), digest_size=3)
    for path in sorted({task.path for task in find_tasks(raw)}):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()
