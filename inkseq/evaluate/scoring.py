"""A model's metrics on all drawings of a split."""

import torch

from inkseq.data.kinds import load_once
from inkseq.data.packed import Packed
from inkseq.data.resident import Drawings
from inkseq.devices import ALONE, Ranks
from inkseq.errors import UserError
from inkseq.evaluate.breakdown import GroupScore
from inkseq.evaluate.metrics import ClassMetrics, Metrics
from inkseq.inference.ask import answer_split, precision
from inkseq.inference.runs import Run, check_sight
from inkseq.models.contract import Model
from inkseq.tables import table

MOST_ROWS = 40  # of the printed table; the JSON has all


def evaluate(run: Run, data: Packed, split: str, device: torch.device) -> Metrics:
    """Metrics of a run on a dataset with the same classes."""
    check_sight(run, data)
    if data.classes != run.classes:
        here, there = set(data.classes), set(run.classes)
        unknown, missing = sorted(here - there), sorted(there - here)
        named = [f"{what}: {', '.join(some[:5])}" for what, some in (("new", unknown), ("missing", missing)) if some]
        raise UserError(f"{data.path} has other classes than {run.folder} was run on ({'; '.join(named)})")
    drawings = load_once(data, split, device)
    if (drawings.label_N < 0).any():
        raise UserError(f"the drawings of {split} have no words to compare guesses with")
    return score(run.model, drawings, precision(run, device))


def score(model: Model, drawings: Drawings, dtype: torch.dtype, ranks: Ranks = ALONE) -> Metrics:
    """Metrics over the drawings of all ranks, each counted once."""
    metrics = Metrics(len(drawings.classes), drawings.device)
    for batch, logits_BK in answer_split(model, drawings, dtype, ranks):
        metrics.update(logits_BK, batch.label_B)
    metrics.all_reduce()
    return metrics


def class_table(per_class: dict[str, ClassMetrics]) -> str:
    """The classes, those told apart worst first."""
    worst_first = sorted(per_class.items(), key=lambda item: (item[1].f1 is None, item[1].f1 or 0.0))

    def cell(share: float | None) -> str:
        return "-" if share is None else f"{share:.3f}"

    rows = [[word, one.count, *map(cell, (one.top1, one.precision, one.f1))] for word, one in worst_first[:MOST_ROWS]]
    text = table(["class", "drawings", "recall", "precision", "f1"], rows)
    return text + (f"\n({len(worst_first) - MOST_ROWS} better ones not shown)" if len(worst_first) > MOST_ROWS else "")


def group_table(what: str, groups: list[GroupScore]) -> str:
    """Groups of drawings with their 95 % intervals."""
    rows = [[one.name, one.count, f"{one.top1:.3f}", f"{one.low:.3f} to {one.high:.3f}"] for one in groups]
    return table([what, "drawings", "right", "95 % interval"], rows)
