"""What every command begins with that trains, or asks what training would do: settings checked, data found.

Raw drawings become a training's own data: packed on the way, once for every content that the files ever have.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from inkseq.cli import compose_config
from inkseq.config import ConvertConfig, SplitConfig, TrainConfig, plain
from inkseq.convert.conversion import convert
from inkseq.data.batches import batch_of
from inkseq.data.packed import FORMAT, Packed, PackedImages, open_packed
from inkseq.data.sampling import make_sampler
from inkseq.drawings.ndjson import UNPRINTABLE
from inkseq.drawings.sources import find_tasks
from inkseq.errors import UserError
from inkseq.families import PictureConfig
from inkseq.inference.joined import open_runs
from inkseq.inference.runs import lock, run_folder
from inkseq.train.batch_size import choose_batch_size
from inkseq.train.checks import check_training
from inkseq.train.imbalance import choose_sampling

PACKED = Path("data/packed")
INK = "ink"
SPLIT = SplitConfig(train=0.8, val=0, test=0.2)  # few as they are, none are spent on choosing weights


class Prepared(NamedTuple):
    """A training that nothing speaks against, and nothing has been started of."""

    config: TrainConfig
    data: Packed
    folder: Path  # of the run


def training_config(words: list[str], also: Collection[str] = ()) -> TrainConfig:
    """What the words say; a run to start from brings its own model, unless they choose one."""
    beneath = [word for word in words if word.startswith(("experiment=", "init_from="))]
    chosen = compose_config(TrainConfig, beneath) if beneath else TrainConfig()
    says_model = any(word.startswith("model=") for word in words)
    if chosen.init_from is None or says_model or chosen.model != compose_config(TrainConfig, []).model:
        return compose_config(TrainConfig, words, also)
    folder, which = Path(chosen.init_from), None
    if not folder.exists():  # a run goes on though the one it started from is gone
        own = run_folder(compose_config(TrainConfig, words, also))
        if (own / "checkpoints" / "last.pt").exists():
            folder, which = own, "last"
    return compose_config(TrainConfig, words, also, plain(open_runs(folder, which).config.model))


def prepare(config: TrainConfig) -> Prepared:
    """Refuse what is mistyped, or cannot be trained with; where `raw` is given instead of `data`, pack that."""
    if config.raw:
        config = _from_raw(config)
    elif not config.data:
        raise UserError("data= is needed, a packed folder, or raw=, drawings to pack; see --help")
    data, folder = open_packed(config.data), run_folder(config)
    if isinstance(data, PackedImages):
        config = _for_images(config)
    config = choose_sampling(config, data, folder)
    check_training(config, data)
    return Prepared(choose_batch_size(config, len(make_sampler(config, data)), folder), data, folder)


def _for_images(config: TrainConfig) -> TrainConfig:
    """Of what a picture of strokes may show, an image has the ink alone."""
    picture: PictureConfig | None = getattr(config.model, "picture", None)
    if picture is None or picture.channels == [INK]:
        return config
    print(f"images have ink alone, so model.picture.channels={INK} and not {','.join(picture.channels)}")
    return replace(config, model=replace(config.model, picture=replace(picture, channels=[INK])))  # type: ignore[call-arg]


def _from_raw(config: TrainConfig) -> TrainConfig:
    """The config with what its raw drawings are packed into."""
    if config.data:
        raise UserError(f"raw= is packed into a folder of its own; leave out data={config.data}, or what names it")
    out = PACKED / f"{_stem(config.raw)}-{_content(config.raw)}"
    with lock(PACKED, wait=True):  # others may want the same: ranks, and seeds that were started together
        if not out.exists():
            _pack(config.raw, out)
    few = len(open_packed(out).split("train"))
    if not 0 < few < batch_of(config):
        return replace(config, raw=[], data=str(out))
    print(f"batch_size={few}, since there are no more to learn from")  # who has taught ten drawings may begin
    return replace(config, raw=[], data=str(out), batch_size=few)


def _pack(raw: list[str], out: Path) -> None:
    books = convert(ConvertConfig(raw=raw, out=str(out), split=SPLIT, workers=1))
    print(f"packed {books.kept:,} drawings into {out} (classes: {len(books.classes)})")
    if books.rejected:
        print(f"{books.rejected.total():,} of {books.lines:,} lines rejected: {out}/rejected.ndjson says why")


def _stem(raw: list[str]) -> str:
    """`data/raw/own/own.ndjson.gz` -> own; of several files the folder of the first."""
    first = Path(min(raw)).absolute()
    name = first.name.lstrip(".").partition(".")[0] if len(raw) == 1 else first.parent.name
    return UNPRINTABLE.sub("-", name) or "raw"


def _content(raw: list[str]) -> str:
    """A few letters that stand for what is in the files, and for the splits and words their folders name."""
    digest = hashlib.blake2b(bytes([FORMAT]), digest_size=3)
    tasks = sorted(find_tasks(raw), key=lambda task: (task.name, task.start))
    for task in tasks:
        if task.is_pipe:
            raise UserError(f"{task.path}: a pipe, which is read only once; `python -m inkseq.convert` takes it")
        said = f"{task.path.name}/{task.member} {task.start} {task.split}{task.word}"
        digest.update(said.encode(errors="surrogatepass"))  # a file's name may be in no alphabet
    for path in dict.fromkeys(task.path for task in tasks if not task.unreadable):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()
