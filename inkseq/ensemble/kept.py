"""An ensemble as a run folder: what every other command opens, and what tells how it was made."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import torch

from inkseq.config import plain
from inkseq.data.packed import Packed, fingerprint
from inkseq.errors import UserError
from inkseq.evaluate.scoring import evaluate
from inkseq.files import whole_folder
from inkseq.inference import checkpoint
from inkseq.inference.ask import precision
from inkseq.inference.runs import Run, to_yaml, write_result
from inkseq.train.result import circumstances, result_table

MARK = "ensemble.json"  # which runs, and what each is worth; by it a folder is known to be one of ours


def check_out(out: Path, overwrite: bool) -> None:
    """Replace nothing but an ensemble, and only when told."""
    if not out.exists():
        return
    if not (out / MARK).exists():
        raise UserError(f"{out} exists and is no ensemble; give another out=")
    if not overwrite:
        raise UserError(f"{out} exists; overwrite=true replaces it")


def keep(run: Run, runs: dict[str, float], data: Packed, out: Path, words: Sequence[str], device: torch.device) -> None:
    """Write the folder, whole or not at all, and say how good it is."""
    scores: dict[str, float] = {}
    for split in filter(data.split, ("val", "test")):
        scores |= {f"{split}/{name}": value for name, value in evaluate(run, data, split, device).compute().items()}
    result = scores | {
        "num_parameters": sum(p.numel() for p in run.model.parameters()),
        "steps": run.step,
        "best_step": run.step,
        "seconds": 0.0,
        "drawings_per_second": 0.0,
        **circumstances(precision(run, device), device),
        "command": f"python -m inkseq.ensemble {shlex.join(words)}",
    }
    weights = {"model": run.model.state_dict(), "average": None, "finished": True}
    about = {"config": plain(run.config), "classes": run.classes, "data": fingerprint(data), "step": run.step}
    rows = [
        {"step": run.step} | {name: value for name, value in scores.items() if name.startswith(f"{split}/")}
        for split in ("val", "test")
    ]
    with whole_folder(out, f"another process is writing {out} just now") as folder:
        for name in ("best", "last"):
            checkpoint.save(folder / "checkpoints" / f"{name}.pt", weights | about)
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        (folder / ".hydra").mkdir()
        (folder / ".hydra" / "config.yaml").write_text(to_yaml(run.config), "utf-8")
        (folder / MARK).write_text(json.dumps(runs, indent=1), "utf-8")
        write_result(folder, result)
    print(f"{out}\n{result_table(result)}")
