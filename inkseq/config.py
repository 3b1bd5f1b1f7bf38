"""Every setting, as plain dataclasses. A command takes exactly the fields of its class as `key=value`."""

from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

Simplify = Enum("Simplify", ["auto", "always", "never"])
SplitUnit = Enum("SplitUnit", ["fraction", "count"])
SplitOrder = Enum("SplitOrder", ["hash", "file"])


@dataclass
class DoodlesConfig:
    out: str = MISSING  # folder for one WORD.ndjson a class
    per_class: int = 1000
    classes: list[str] = field(default_factory=list)  # empty: all of them
    seed: int = 0


@dataclass
class DownloadConfig:
    classes: list[str] = MISSING  # e.g. [cat,dog]; [all] for the 345
    out: str = "data/raw/quickdraw"
    base_url: str = "https://storage.googleapis.com/quickdraw_dataset/full/simplified"
    workers: int = 4  # files at a time
    retries: int = 5  # attempts without progress before a file is given up
    retry_wait: float = 1.0  # seconds before the first retry, doubled each time


@dataclass
class SplitConfig:
    """How drawings without a split of their own (train/ val/ test/ folders, npz) are divided, class by class."""

    unit: SplitUnit = SplitUnit.fraction  # fraction of a class, or count of its drawings
    order: SplitOrder = SplitOrder.hash  # by hash of (seed, key_id), or in the order of the files
    train: float = 0.8
    val: float = 0.1
    test: float = 0.1


@dataclass
class ConvertConfig:
    raw: list[str] = MISSING  # files or folders of ndjson, csv, npz, zip
    out: str = MISSING  # the packed folder to make
    split: SplitConfig = field(default_factory=SplitConfig)  # presets: fractions, tutorial, sketchrnn
    simplify: Simplify = Simplify.auto  # make strokes canonical: where they are not yet, always, never
    classes: list[str] = field(default_factory=list)  # empty: all that are found
    recognized_only: bool = False  # leave out what the game did not recognise
    min_points: int = 1
    max_points: int | None = None
    val_from_train: float = 0.0  # share of a train/ folder to use as val where the input brings none
    max_rejected: float = 0.01  # more unreadable lines than this share: exit code 1
    overwrite: bool = False
    seed: int = 0
    workers: int | None = None  # processes; all cores unless told


@dataclass
class InspectConfig:
    data: str = MISSING  # a packed folder
    out: str | None = None  # where the pictures go; DATA/inspect unless told
    split: str | None = None  # train, val, test; all unless told
    page: int = 48  # drawings on a page


@dataclass
class BenchConfig:
    only: list[str] = field(default_factory=list)  # rows to run; empty: all
    data: str = "../shared/data"  # real drawings; doodles stand in where there are none
    out: str = "bench.json"
