"""All metrics of a trained recogniser on a split, overall and class by class."""

import json
from pathlib import Path

import torch

from inkseq.cli import main
from inkseq.config import EvaluateConfig
from inkseq.data.packed import Packed, open_packed
from inkseq.data.resident import Drawings
from inkseq.devices import ALONE, choose_device, choose_precision
from inkseq.errors import UserError
from inkseq.evaluate.metrics import ClassMetrics, Metrics
from inkseq.evaluate.scoring import score
from inkseq.files import write_whole
from inkseq.inference.runs import Run, open_run
from inkseq.memory import keep_freed_memory
from inkseq.tables import table

MOST_ROWS = 40  # of the printed table; the JSON has all


def run(config: EvaluateConfig) -> None:
    """Evaluate a run on a split: python -m inkseq.evaluate run=runs/NAME split=test."""
    keep_freed_memory()
    device = choose_device(config.device)
    trained = open_run(config.run, config.checkpoint, device)
    data = open_packed(config.data or trained.config.data)
    metrics = evaluate(trained, data, config.split, device)
    overall = metrics.compute()
    per_class = dict(zip(data.classes, metrics.per_class(), strict=True))
    out = Path(config.out or trained.folder / f"evaluation-{config.split}.json")
    report = {
        "run": str(trained.folder),
        "step": trained.step,
        "data": str(data.path),
        "split": config.split,
        **overall,
        "per_class": {word: vars(one) for word, one in per_class.items()},
    }
    write_whole(out, json.dumps(report, indent=1, ensure_ascii=False))
    print(class_table(per_class))
    print(f"\n{trained.folder}, step {trained.step:,}, on {config.split} of {data.path}")
    print(
        table(
            ["metric", "value"],
            [[name, f"{value:,.4f}" if name != "count" else int(value)] for name, value in overall.items()],
        )
    )
    print(f"also in {out}")


def evaluate(trained: Run, data: Packed, split: str, device: torch.device) -> Metrics:
    """Metrics of a run on a dataset with the same classes."""
    if data.classes != trained.classes:
        here, there = set(data.classes), set(trained.classes)
        unknown, missing = sorted(here - there), sorted(there - here)
        named = [f"{what}: {', '.join(some[:5])}" for what, some in (("new", unknown), ("missing", missing)) if some]
        raise UserError(f"{data.path} has other classes than {trained.folder} was trained on ({'; '.join(named)})")
    dtype, _ = choose_precision(trained.config.precision, device)
    drawings = Drawings(data, split, device)
    if (drawings.label_N < 0).any():
        raise UserError(f"the drawings of {split} have no words to compare guesses with")
    return score(trained.model, drawings, len(data.classes), trained.config.layout, dtype, ALONE)


def class_table(per_class: dict[str, ClassMetrics]) -> str:
    """The classes, those told apart worst first."""
    worst_first = sorted(per_class.items(), key=lambda item: (item[1].f1 is None, item[1].f1 or 0.0))
    rows = [
        [
            word,
            one.count,
            *[f"{value:.3f}" if value is not None else "-" for value in (one.top1, one.precision, one.f1)],
        ]
        for word, one in worst_first[:MOST_ROWS]
    ]
    text = table(["class", "drawings", "recall", "precision", "f1"], rows)
    return text + (f"\n({len(worst_first) - MOST_ROWS} better ones not shown)" if len(worst_first) > MOST_ROWS else "")


if __name__ == "__main__":
    main(run, EvaluateConfig)
