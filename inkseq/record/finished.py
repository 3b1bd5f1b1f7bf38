"""A finished run as its folder tells it, and whether the folder's own files agree with each other."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inkseq.config import TrainConfig
from inkseq.data.batches import batch_of
from inkseq.data.packed import CONTENT
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.inference.runs import config_of, read_result

SAME_WEIGHTS = 0.01  # result.json's val is a second evaluation of the best weights, which a GPU may round otherwise


@dataclass(frozen=True)
class Finished:
    """What a run leaves behind; `logged` are the rows of metrics.jsonl."""

    folder: Path
    config: TrainConfig
    data: dict[str, Any]  # what identifies the dataset
    result: dict[str, Any]
    logged: list[dict[str, Any]]

    @property
    def drawings_per_step(self) -> float:
        """On average; runs from before this was counted are taken to have had full batches."""
        return float(self.result.get("drawings", self.result["steps"] * batch_of(self.config)) / self.result["steps"])


def read_finished(folders: list[Path]) -> list[Finished]:
    """All of the runs, or a line that names every one that has no end."""
    without_end = [str(folder) for folder in folders if not (folder / "result.json").exists()]
    if without_end:
        raise UserError(f"not finished, there is no result.json: {', '.join(without_end)}; train on or leave them out")
    return _with_content([_read(folder) for folder in folders])


def _with_content(runs: list[Finished]) -> list[Finished]:
    """Runs from before the content of data had digests are taken to know it from those on data otherwise the same."""

    def told(run: Finished) -> str:
        return json.dumps({key: value for key, value in run.data.items() if key != CONTENT}, sort_keys=True)

    known: dict[str, list[dict[str, str]]] = {}
    for run in runs:
        if CONTENT in run.data and run.data[CONTENT] not in known.setdefault(told(run), []):
            known[told(run)].append(run.data[CONTENT])
    one = {key: contents[0] for key, contents in known.items() if len(contents) == 1}
    return [replace(run, data=run.data | {CONTENT: one[told(run)]}) if told(run) in one else run for run in runs]


def _read(folder: Path) -> Finished:
    last = folder / "checkpoints" / "last.pt"
    if not last.exists():
        raise UserError(f"{last} does not exist: it holds the run's config; copy whole run folders")
    state = checkpoint.load(last)
    try:
        result = read_result(folder)
        steps, _ = result["steps"], result["versions"]
        logged = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f"{folder}: result.json or metrics.jsonl is damaged ({error!r})") from None
    if not state["finished"] or state["step"] != steps:
        raise UserError(
            f"not finished: {folder} went on to step {state['step']:,} since its result.json of step {steps:,}; "
            "train on or leave it out"
        )
    _check(folder, result, logged)
    return Finished(folder, config_of(state, folder), state["data"], result, logged)


def _check(folder: Path, result: dict[str, Any], logged: list[dict[str, Any]]) -> None:
    """result.json and metrics.jsonl were given the same final numbers; who edits one is found by the other."""
    final = next((row for row in reversed(logged) if any(key.startswith(("test/", "best/")) for key in row)), None)
    if final is None or final["step"] != result["steps"]:
        raise UserError(f"{folder}/metrics.jsonl does not hold the final numbers of step {result['steps']:,}")
    for key, value in final.items():
        _must_agree(folder, result, key.replace("best/", "val/") if key != "step" else "steps", value, 0.0)
    if "val/top1" in result:
        rows = [row for row in logged if row["step"] == result["best_step"] and "val/top1" in row]
        if not rows:
            raise UserError(f"{folder}/metrics.jsonl has no evaluation at step {result['best_step']:,}, the best one")
        for key in [key for key in rows[-1] if key.startswith("val/")]:
            _must_agree(folder, result, key, rows[-1][key], SAME_WEIGHTS)


def _must_agree(folder: Path, result: dict[str, Any], key: str, logged: float | None, tolerance: float) -> None:
    said = result.get(key)
    if isinstance(said, float) and not math.isfinite(said):
        said = None  # as metrics.jsonl writes it
    if said == logged or (said is not None and logged is not None and abs(said - logged) <= tolerance):
        return
    raise UserError(
        f"{folder}/result.json says {key} = {said}, its metrics.jsonl {logged}: one of them is not as the run left it"
    )
