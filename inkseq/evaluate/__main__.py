"""All metrics of a trained recogniser on a split, overall and class by class."""

import json
from pathlib import Path

from inkseq.cli import main
from inkseq.config import EvaluateConfig
from inkseq.devices import choose_device
from inkseq.evaluate.breakdown import head_and_tail
from inkseq.evaluate.scoring import class_table, evaluate, group_table
from inkseq.files import check_new, write_whole
from inkseq.inference.joined import folder_of, open_runs
from inkseq.inference.runs import data_of
from inkseq.memory import keep_freed_memory
from inkseq.tables import table


def run(config: EvaluateConfig) -> None:
    """Evaluate a run on a split: python -m inkseq.evaluate run=runs/NAME split=test."""
    check_new(config.out, config.overwrite)
    keep_freed_memory()
    device = choose_device(config.device)
    trained = open_runs(config.run, config.checkpoint, device)
    data = data_of(trained, config.data)
    metrics = evaluate(trained, data, config.split, device)
    overall, per_class = metrics.compute(), dict(zip(data.classes, metrics.per_class(), strict=True))
    in_train = head_and_tail(trained, list(per_class.values()))
    out = Path(config.out or folder_of(config.run) / f"evaluation-{config.split}.json")
    out.parent.mkdir(parents=True, exist_ok=True)  # of several runs there is none yet
    report = {
        "run": str(trained.folder),
        "step": trained.step,
        "data": str(data.path),
        "split": config.split,
        **overall,
        "by_drawings_in_train": list(map(vars, in_train)),
        "per_class": {word: vars(one) for word, one in per_class.items()},
    }
    write_whole(out, json.dumps(report, indent=1, ensure_ascii=False))
    shown = [[name, f"{value:,.4f}" if name != "count" else int(value)] for name, value in overall.items()]
    print(class_table(per_class))
    if in_train:
        print(f"\n{group_table('class, by drawings in train', in_train)}")
    print(f"\n{trained.folder}, step {trained.step:,}, on {config.split} of {data.path}")
    print(table(["metric", "value"], shown))
    print(f"also in {out}")


if __name__ == "__main__":
    main(run, EvaluateConfig)
