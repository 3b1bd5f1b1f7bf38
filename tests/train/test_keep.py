"""keep=all: the weights of every evaluation, each under the name of its step."""

import json
from pathlib import Path

import pytest

from inkseq.config import EvaluateConfig, Keep
from inkseq.errors import UserError
from inkseq.evaluate.__main__ import run as evaluate
from inkseq.inference.runs import open_run
from tests.train.tiny import rows, run, tiny


def test_a_run_may_keep_the_weights_of_every_evaluation(doodles: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(tiny(doodles, tmp_path, duration="10 steps"))
    run(tiny(doodles, tmp_path, duration="30 steps", keep=Keep.all))  # which may be said later
    kept = {path.stem for path in (folder / "checkpoints").glob("*.pt")}
    assert kept == {"best", "last", "step-000020", "step-000030"}
    for step in (20, 30):
        assert open_run(folder, f"step-0000{step}").step == step
    evaluate(EvaluateConfig(run=str(folder), split="val", checkpoint="step-000020", device="cpu"))
    then = json.loads((folder / "evaluation-val.json").read_text())
    assert then["loss"] == pytest.approx(rows(folder, "val/loss")[20])
    with pytest.raises(UserError, match=r"step-000010.pt does not exist; there is best, last, step-000020, step-00003"):
        open_run(folder, "step-000010")
