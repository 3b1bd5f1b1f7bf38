"""Several runs as one run, weighed on val: what each is worth, what together they gain, and a folder of all."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from inkseq.cli import main
from inkseq.config import EnsembleConfig
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_packed
from inkseq.devices import choose_device
from inkseq.ensemble.gains import gains_table, ways
from inkseq.ensemble.kept import check_out, keep
from inkseq.ensemble.weights import ask_each, fit_weights
from inkseq.errors import UserError
from inkseq.evaluate.matching import match
from inkseq.families import FusionConfig
from inkseq.inference.joined import folder_of, open_runs
from inkseq.memory import keep_freed_memory
from inkseq.models.fusion import Fusion


def run(config: EnsembleConfig, words: Sequence[str]) -> None:
    """Join runs into one that every command takes: python -m inkseq.ensemble runs=runs/a,runs/b out=runs/both."""
    keep_freed_memory()
    if config.views < 1:
        raise UserError(f"views={config.views}: 1 is the drawing as it is, more are others of it")
    named = ",".join(config.runs)
    out, device = Path(config.out or folder_of(named)), choose_device(config.device)
    together = open_runs(named, device=device)
    if not isinstance(together.model, Fusion):
        raise UserError("an ensemble is of two runs or more, runs=runs/a,runs/b, or of one that is a fusion")
    check_out(out, config.overwrite)
    data, fusion = open_packed(config.data or together.config.data), together.model
    assert isinstance(together.config.model, FusionConfig)
    names, matching = [*together.config.model.members], match(data.classes, together.classes)

    val = ask_each(together, load_split(data, "val", device), matching) if data.split("val") else None
    if val is None:
        print(f"{data.path} has no val split to weigh by: all are worth the same")
    weight_M = fusion.head.weight_M.cpu() if val is None else fit_weights(val)
    weights = dict(zip(names, weight_M.tolist(), strict=True))
    print("weights: " + ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items()))

    held_out = load_split(data, config.split, device)
    rows = ways(together, names, weight_M, val, held_out, matching, config.views, config.stack)
    print(f"{gains_table([*rows])}\n{config.split} of {data.path}; intervals by bootstrap over drawings")
    fusion.head.weight_M = weight_M.to(device)
    keep(replace(together, folder=out), weights, data, out, words, device)
    print(f"every command takes it as a run: python -m inkseq.report run={out}")


if __name__ == "__main__":
    main(run, EnsembleConfig)
