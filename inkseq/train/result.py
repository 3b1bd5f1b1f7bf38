"""The end of a run: the best weights on every split, as result.json, a table and pictures."""

import math
import platform
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from inkseq.config import plain
from inkseq.data.kinds import load_split
from inkseq.devices import Ranks, choose_device, cpu_name
from inkseq.evaluate.scoring import score
from inkseq.inference.ask import precision
from inkseq.inference.runs import open_run, read_result, write_result
from inkseq.tables import table
from inkseq.train.prepare import Prepared
from inkseq.train.showcase import show, show_training
from inkseq.train.tracker import Tracker

IN_HPARAMS = ("top1", "top3", "map3", "loss")
SHOWN = ("top1", "top3", "top5", "map3", "balanced_accuracy", "loss", "ece")


def metric_of(best_by: str) -> str:
    return "top1" if best_by == "auto" else best_by


@dataclass
class Best:
    """The best evaluation so far, and how many have come since."""

    step: int = 0
    value: float | None = None
    evaluations_since: int = 0

    def follow(self, step: int, values: dict[str, float], by: str, come_down: bool) -> bool:
        """Whether these values are the best so far; a loss counts downwards.

        Unless told by what, the weights with which a rate has come down are: of two that val can hardly tell apart,
        those of a high rate are the worse for other people's drawings.
        """
        metric, sign = metric_of(by), -1 if by in ("loss", "ece") else 1
        improved = self.value is None or math.isnan(self.value) or sign * values[metric] > sign * self.value
        improved = improved or (by == "auto" and come_down)
        if improved:
            self.step, self.value = step, values[metric]
        self.evaluations_since = 0 if improved else self.evaluations_since + 1
        return improved


def finish(
    prepared: Prepared,
    step: int,
    seen: float,
    seconds: float,
    ranks: Ranks,
    tracker: Tracker | None,
    health: dict[str, float],
    words: Sequence[str],
    pictures: bool,
) -> dict[str, Any]:
    """Score the kept weights on val and test, and write what there is to know of the run."""
    config, data, folder = prepared
    device = choose_device(config.device)
    ranks.any(False, device)  # nobody reads the checkpoint before the first rank has written it
    kept = "best" if data.split("val") else "last"
    run = open_run(folder, kept, device)
    dtype = precision(run, device)
    scores: dict[str, float] = {}
    if tracker is not None:
        drawing = ", and drawing pictures" if pictures else ""
        tqdm.write(f"evaluating the {kept} weights, those of step {run.step:,}{drawing}")
    for split in filter(data.split, ("val", "test")):
        drawings = load_split(data, split, device)
        metrics = score(run.model, drawings, dtype, ranks)
        scores |= {f"{split}/{name}": value for name, value in metrics.compute().items()}
        if tracker is not None and split == "val" and pictures:
            show(tracker, step, run, data, drawings, metrics)
    if tracker is not None and pictures:
        show_training(tracker, step, run, data, device)
    result = scores | {
        "num_parameters": sum(p.numel() for p in run.model.parameters()),
        "steps": step,
        "best_step": run.step,
        "drawings": round(seen),
        "seconds": round(seconds, 1),
        "drawings_per_second": round(seen / max(seconds, 1e-9), 1),
        **health,
        **circumstances(dtype, device, ranks.world),
        "command": f"python -m inkseq.train {shlex.join(words)}",
    }
    if tracker is not None:
        write_result(folder, result)
        tracker.hparams(step, plain(config), final_metrics(scores))
        tqdm.write(f"{folder}: {kept} at step {run.step:,}\n{result_table(result)}")
    return result


def circumstances(dtype: torch.dtype, device: torch.device, world_size: int = 1) -> dict[str, Any]:
    """In what, on what and with what it was computed, for the record."""
    return {
        "precision": str(dtype).removeprefix("torch."),
        "device": device_name(device),
        "world_size": world_size,
        "versions": {name: version(name) for name in ("torch", "numpy")} | {"python": platform.python_version()},
        "git_commit": git_commit(),
    }


def final_metrics(scores: dict[str, float]) -> dict[str, float]:
    """The few numbers a table of runs compares: of test, or else of val, then called `best`: val/ is a curve."""
    split, name = ("test", "test") if "test/top1" in scores else ("val", "best")
    return {f"{name}/{metric}": scores[f"{split}/{metric}"] for metric in IN_HPARAMS if f"{split}/{metric}" in scores}


def already_done(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """What a finished run found, told again."""
    result = read_result(folder)
    if ranks.is_first:
        print(f"{folder} is finished: {result['steps']:,} steps; a longer duration= goes on\n{result_table(result)}")
    return result


def result_table(result: dict[str, Any]) -> str:
    """Splits as rows, metrics as columns."""
    rows = [
        [split, result[f"{split}/count"], *[f"{result[f'{split}/{name}']:.4f}" for name in SHOWN]]
        for split in ("val", "test")
        if f"{split}/top1" in result
    ]
    return table(["split", "drawings", *SHOWN], rows)


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"{cpu_name()}, its GPU (mps)"
    return f"{cpu_name()}, {torch.get_num_threads()} threads"


def git_commit() -> str | None:
    """The commit of this checkout, with + where files differ from it; None where it is none."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():  # installed, perhaps within another project's checkout
        return None

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
