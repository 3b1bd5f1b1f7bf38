"""Going on with a run, or starting from another one's weights; and saying what does not fit."""

import re
from pathlib import Path
from typing import Any

from torch import nn

from inkseq.cli import to_text
from inkseq.config import TrainConfig, plain
from inkseq.data.packed import Packed, fingerprint
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.inference.joined import open_runs
from inkseq.inference.runs import config_of, data_differences, differences, in_a_line

# What may change between a stop and going on: names, places, time and memory it takes, not what is learnt how.
FREE = {
    "data",
    "name",
    "model.preset",
    "runs",
    "duration",
    "max_minutes",
    "evaluate",
    "best_by",
    "keep",
    "patience",
    "log",
    "device",
    "threads",
    "micro_batch",
}
LENGTHS = {"duration", "max_minutes", "patience"}  # a run that finished goes on where these have changed

HEAD = re.compile(r"(members\.\d+\.)*head\.")  # what the names of its weights begin with, or of the heads of several
SHAPELESS = {"dropout", "conv_dropout", "seen_alone", "read_alone", "judge_each"}  # no weight depends on these


def load_last(folder: Path, config: TrainConfig, data: Packed) -> dict[str, Any] | None:
    """The state to go on from, if there is one; a line about what differs if it is not of this run."""
    path = folder / "checkpoints" / "last.pt"
    if not path.exists():
        return None
    state = checkpoint.load(path)
    if "optimizer" not in state:
        raise UserError(f"{path} holds weights alone; a run cannot go on from it")
    if changed := trained_otherwise(state, config, data, folder):
        listed = "; ".join(f"{key} was {in_a_line(a)}, is {in_a_line(b)}" for key, (a, b) in list(changed.items())[:5])
        raise UserError(f"{folder} was trained otherwise: {listed}. Give this run another name=, or remove {folder}")
    return state


def trained_otherwise(
    state: dict[str, Any], config: TrainConfig, data: Packed, folder: Path
) -> dict[str, tuple[Any, Any]]:
    """What a run was trained with and what is asked for now, where that makes it another run."""
    before, now = plain(config_of(state, folder)), plain(config)
    families = before["model"]["name"], now["model"]["name"]
    if len(set(families)) > 1:  # whose other settings cannot be compared
        return {"model.name": families}
    changed = {k: v for k, v in differences(before, now).items() if k not in FREE}
    return changed | {f"the data's {k}": v for k, v in data_differences(state["data"], fingerprint(data)).items()}


def is_finished(state: dict[str, Any], config: TrainConfig, total: int, folder: Path) -> bool:
    """Whether the run reached its end, or ended early for a reason that still holds."""
    changed = differences(plain(config_of(state, folder)), plain(config)).keys()
    return state["step"] >= total or (state["finished"] and not changed & LENGTHS)


def check_ahead(state: dict[str, Any], config: TrainConfig, total: int, folder: Path) -> None:
    """Refuse a duration that a run has left behind: which weights it had there is no longer known."""
    if state["step"] > total:
        raise UserError(
            f"{folder} is at step {state['step']:,} already; duration={config.duration} ends at step {total:,}. "
            "Say a longer one, or give this run another name="
        )


def start_from(run: str, config: TrainConfig, model: nn.Module, classes: list[str]) -> str:
    """Copy another run's weights into the model, its head too where the classes are the same; says what it did."""
    other = open_runs(run)
    ours, theirs = model.state_dict(), other.model.state_dict()
    same_head = other.classes == classes
    new = set() if same_head else {name for name in ours if HEAD.match(name)}
    shapes, others = ({name: x.shape for name, x in state.items() if name not in new} for state in (ours, theirs))
    if shapes != others:
        raise UserError(f"init_from={run} is another model; say {_said_of_model(other.config, config)}")
    model.load_state_dict(theirs | {name: ours[name] for name in new})
    what = "its head" if same_head else f"a new head for {len(classes)} classes"
    return f"starts from {run} with {what}{', all else frozen' if config.freeze else ''}"


def _said_of_model(there: TrainConfig, here: TrainConfig) -> str:
    """The words that make this model like that one: its preset, or else what differs from it."""
    if there.model.preset != here.model.preset:
        return f"model={there.model.preset}"
    changed = differences(plain(there)["model"], plain(here)["model"])
    return " ".join(f"model.{key}={to_text(value)}" for key, (value, _) in changed.items() if key not in SHAPELESS)
