"""The run folder: what a training leaves behind, and all that evaluate, predict, export and serve need."""

import csv
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from inkseq.cli import to_config
from inkseq.config import BOX, TrainConfig
from inkseq.data.packed import CONTENT, Packed, PackedImages, open_packed
from inkseq.errors import UserError
from inkseq.files import locked, write_whole
from inkseq.inference import checkpoint
from inkseq.models.contract import Model
from inkseq.models.pictured import Pictured
from inkseq.models.zoo import make_model, translate

IN_THE_PACKAGE = Path(__file__).parents[1] / "pretrained" / "quickdraw345"  # the run that is called BOX
WORDS = "words.csv"  # of each word, how many drawings it was learnt from, how many tested, how many right
LOG = "output.log"  # what a run says that has no terminal to itself


@dataclass(frozen=True)
class Run:
    """A trained recogniser and what it was trained with."""

    folder: Path
    config: TrainConfig
    classes: list[str]
    model: Model
    step: int
    image_size: int | None = None  # of the images it learnt from, pixels a side; None: it learnt from strokes
    identity: dict[str, Any] = field(default_factory=dict)  # of the dataset it learnt from, its `fingerprint`

    @property
    def side(self) -> int | None:
        """Pixels a side of the images that it can be asked about; None where its model sees more than ink, or reads."""
        if self.image_size or not isinstance(self.model, Pictured):
            return self.image_size
        picture = self.model.picture
        return picture.size if [*picture.of_ink, *picture.of_country] == ["ink"] else None


def open_run(folder: str | Path, which: str | None = None, device: torch.device | str = "cpu") -> Run:
    """The model of a run folder with the weights of `best.pt`, `last.pt` or another it kept, ready to evaluate.

    Unless told it takes the best, or the last where there is no best since there was no val split to choose it by.
    """
    folder = IN_THE_PACKAGE if str(folder) == BOX else Path(folder)
    best, last = (folder / "checkpoints" / f"{name}.pt" for name in ("best", "last"))
    kept = last if last.exists() and not best.exists() else best
    path = kept if which is None else kept.with_stem(which)
    if folder == IN_THE_PACKAGE and not best.exists():
        raise UserError(
            f"{best} is missing, so this inkseq came without its recogniser: install it again, or name a run of yours, "
            "run=runs/NAME (init_from=null trains from nothing)"
        )
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in folder.glob("checkpoints/[!.]*.pt")))
        hint = f"there is {in_a_line(there)}" if there else "is it a run folder, and was it evaluated at least once?"
        raise UserError(f"{path} does not exist; {hint}")
    state = checkpoint.load(path, device)
    config = config_of(state, folder)
    model = make_model(config.model, len(state["classes"])).to(device)
    try:
        model.load_state_dict(state["average"] or state["model"])
    except RuntimeError:
        raise UserError(f"{path} is damaged: its weights are not those of its model") from None
    identity = state["data"]
    return Run(folder, config, state["classes"], model.eval(), state["step"], identity.get("size"), identity)


def data_of(run: Run, data: str | None) -> Packed:
    """The dataset that is named, or else the one that a run learnt from."""
    if data is None and run.folder == IN_THE_PACKAGE and not Path(run.config.data).exists():
        raise UserError("data= is needed, a packed folder: no drawings come with inkseq")
    return open_packed(data or run.config.data)


def check_sight(run: Run, data: Packed) -> None:
    """Refuse images where a run needs strokes. Drawings are drawn for a run of images."""
    if isinstance(data, PackedImages) and not run.model.sees_images:
        raise UserError(f"{data.path} holds images, which are ink alone; {run.folder} needs data= of strokes")


def config_of(state: dict[str, Any], folder: Path) -> TrainConfig:
    """The config that a checkpoint holds, or a line about the folder whose model is of no family that is here."""
    try:
        return to_config(TrainConfig, translate(state["config"]))
    except UserError as error:
        raise UserError(f"{folder}: {error}") from None


def run_folder(config: TrainConfig) -> Path:
    """RUNS/NAME; without a name MODEL-DATA, so that the same command finds the same folder."""
    name = config.name or f"{config.model.preset}-{Path(config.data).name}"
    return Path(config.runs) / name


def lock(folder: Path, wait: bool = False) -> AbstractContextManager[None]:
    """Keep a second process out of the run folder; of another machine too, for which it has to be a file."""
    busy = f"{folder} is in use by another process; give this run another name="
    return locked(folder / ".lock", None if wait else busy)


def read_result(folder: Path) -> dict[str, Any]:
    """What a finished run found."""
    result: dict[str, Any] = json.loads((folder / "result.json").read_text("utf-8"))
    return result


def write_result(folder: Path, result: dict[str, Any]) -> None:
    write_whole(folder / "result.json", json.dumps(result, indent=1))


def read_scores(folder: Path) -> dict[str, float] | None:
    """How well each word is known, 0 to 1, where a folder says it: few drawings say little, so towards a half."""
    path = folder / WORDS
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        return {row["word"]: (int(row["right"]) + 1) / (int(row["tested"]) + 2) for row in csv.DictReader(file)}


def last_line(log: Path) -> str:
    """What a run said last: why it ended, if it did not end well."""
    lines = log.read_text("utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].removeprefix("inkseq: ") if lines else ""


def write_hydra_files(folder: Path, config: TrainConfig, words: Sequence[str]) -> None:
    """.hydra/config.yaml and overrides.yaml, where Hydra's users look for them."""
    (folder / ".hydra").mkdir(exist_ok=True)
    (folder / ".hydra" / "config.yaml").write_text(to_yaml(config), "utf-8")
    OmegaConf.save(OmegaConf.create(list(words)), folder / ".hydra" / "overrides.yaml")


def to_yaml(config: TrainConfig) -> str:
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def in_a_line(value: Any) -> str:
    """A value as a message has room for it."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def data_differences(before: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """How two fingerprints differ, be they a dataset's, or with others' in what a study asks.

    Runs and datasets from before have no digests. Where only one has them, they differ as a whole, and nothing is said;
    nor of any digest where something differs that a person can read.
    """
    found = {key: pair for key, pair in differences(before, now).items() if key.rpartition(".")[2] != CONTENT}
    return {key: pair for key, pair in found.items() if CONTENT not in key.split(".")} or found


def differences(before: dict[str, Any], now: dict[str, Any], prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ, with both."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted(before.keys() | now.keys()):
        a, b = before.get(key), now.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found |= differences(a, b, f"{prefix}{key}.")
        elif a != b:
            found[prefix + key] = (a, b)
    return found
