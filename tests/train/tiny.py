"""Recognisers that learn something in a second, and what their runs leave behind."""

import json
from pathlib import Path
from typing import Any

from inkseq.config import OptimConfig, Precision, TrainConfig
from inkseq.devices import ALONE
from inkseq.families import HybridConfig, Norm
from inkseq.train.loop import train
from inkseq.train.prepare import prepare

CLASSES = ["cat", "circle", "ladder", "star"]


def tiny(data: Path, runs: Path, **others: Any) -> TrainConfig:
    """A recogniser that learns something in a second."""
    model = HybridConfig(channels=[12], kernels=[3], hidden=12, layers=1, norm=Norm.batch)
    settings: dict[str, Any] = {
        "model": model,
        "optim": OptimConfig(lr=0.02, weight_decay=0.01),
        "batch_size": 32,
        "duration": "20 steps",
        "evaluate": "10 steps",
        "log": "5 steps",
        "precision": Precision.float32,
        "device": "cpu",
    }
    return TrainConfig(data=str(data), runs=str(runs), name="run", **(settings | others))


def run(config: TrainConfig, pictures: bool = False) -> dict[str, Any]:
    """Train as the command does; pictures are drawn for the one test that looks at them."""
    prepared = prepare(config)
    prepared.folder.mkdir(parents=True, exist_ok=True)
    return train(prepared, ALONE, ["name=run"], pictures)


def rows(folder: Path, name: str) -> dict[int, float]:
    """One curve of metrics.jsonl."""
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return {row["step"]: row[name] for row in lines if name in row}
