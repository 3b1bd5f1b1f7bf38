"""Finished runs as rows of text, one a run, and the CSV file they are kept in."""

import csv
import hashlib
import io
import json
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

from inkseq.cli import compose_config, to_text
from inkseq.config import TrainConfig, plain
from inkseq.data.batches import USUAL_BATCH
from inkseq.errors import UserError
from inkseq.evaluate.metrics import METRICS
from inkseq.inference.runs import differences
from inkseq.record.finished import Finished
from inkseq.record.names import group_names, run_names

Row = dict[str, str]

# In which runs of a group may differ.
NOT_LEARNT = {"seed", "name", "model.preset", "runs", "data", "device", "threads", "log", "keep"}
IN_COLUMNS = {"seed", "name", "runs", "data"}  # told by columns of their own, not by `config`
VERSIONS = ("torch", "numpy", "python")
BEFORE = [
    *("run", "group", "data", "data_id", "seed"),
    *(f"{split}/{name}" for split in ("val", "test") for name in (*METRICS, "count")),
    *("num_parameters", "steps", "batch_size", "best_step", "drawings_per_second", "seconds"),
]  # then whatever else result.json holds, then
AFTER = ["precision", "device", "world_size", *VERSIONS, "git_commit", "config", "defaults", "command"]


def in_groups(runs: list[Finished]) -> list[list[Finished]]:
    """Runs that were trained alike on the same data, by seed; groups in the order of their first run."""
    groups: dict[str, list[Finished]] = {}
    for run in runs:
        changed = differences(_dotted(plain(TrainConfig())), _dotted(plain(run.config)))
        learnt = {key: value for key, (_, value) in changed.items() if key not in NOT_LEARNT}
        groups.setdefault(json.dumps([learnt, run.data]), []).append(run)
    for members in groups.values():
        members.sort(key=lambda run: run.config.seed)
        for a, b in pairwise(members):
            if a.config.seed == b.config.seed:
                raise UserError(f"{a.folder} and {b.folder} have the same settings and seed={a.config.seed}; name one")
    return list(groups.values())


def make_rows(groups: list[list[Finished]]) -> list[Row]:
    """One row a run.

    `config` has what differs from the defaults; `defaults` what this run left as it is while another did not,
    so that a table of settings can be made from the rows alone, whatever the defaults will be by then.
    """
    runs = [run for members in groups for run in members]
    names = iter(run_names([run.folder for run in runs]))
    named = [[(next(names), run.config.seed) for run in members] for members in groups]
    called = [(run, group) for group, some in zip(group_names(named), named, strict=True) for run, _ in some]
    default = _dotted(plain(compose_config(TrainConfig, ["data=any", f"batch_size={USUAL_BATCH}", "sampling=natural"])))
    changed = [differences(default, _dotted(plain(run.config))) for run in runs]
    anywhere = dict(sorted((key, pair[0]) for pairs in changed for key, pair in pairs.items()))
    return [
        {key: _text(value) for key, value in {"run": name, "group": group, **_facts(run, own, anywhere)}.items()}
        for (name, group), run, own in zip(called, runs, changed, strict=True)
    ]


def _dotted(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Each setting by itself, also where one family has several together (`model.picture`) and another has none."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def _facts(run: Finished, own: dict[str, tuple[Any, Any]], anywhere: dict[str, Any]) -> dict[str, Any]:
    """Everything in a row but what the run is called."""
    return {
        "data": Path(run.config.data).name,
        "data_id": _digest(run.data),
        "seed": run.config.seed,
        "batch_size": run.config.batch_size,
        "config": _words({key: pair[1] for key, pair in own.items()}),
        "defaults": _words({key: value for key, value in anywhere.items() if key not in own}),
        **{key: value for key, value in run.result.items() if not isinstance(value, dict)},
        **run.result["versions"],
    }


def _digest(identity: dict[str, Any]) -> str:
    """A short name for what identifies a dataset."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def _words(settings: dict[str, Any]) -> str:
    """`key=value` words as a command takes them."""
    return shlex.join(f"{key}={to_text(value)}" for key, value in settings.items() if key not in IN_COLUMNS)


def settings_of(words: str) -> dict[str, str]:
    """The `config` or `defaults` of a row by key."""
    return {key: value for key, _, value in (word.partition("=") for word in shlex.split(words))}


def _text(value: Any) -> str:
    """A cell: numbers as result.json writes them, nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def to_csv(rows: list[Row]) -> str:
    others = sorted({key for row in rows for key in row} - {*BEFORE, *AFTER})
    file = io.StringIO()
    writer = csv.DictWriter(file, [*BEFORE, *others, *AFTER], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def read_csv(path: Path) -> list[Row]:
    """The rows, or a line about why they are none."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in (*BEFORE, *AFTER) if name not in (reader.fieldnames or ())]
        rows = list(reader)
    if missing or not rows or any(None in row or None in row.values() for row in rows):
        what = f"there is no column {missing[0]}" if missing else "rows are missing or of another length"
        raise UserError(f"{path}: {what}; `python -m inkseq.collect RUNS out={path.parent}` writes it")
    return rows
