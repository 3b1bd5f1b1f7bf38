"""Picture models are trained by the same loop: batch norm's statistics, a last batch of one drawing, many processes."""

import socket
from pathlib import Path

import numpy as np
import pytest
import torch

from inkseq.config import AugmentConfig, ConvertConfig, Precision
from inkseq.convert.conversion import convert
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.evaluate.scoring import score
from inkseq.inference import checkpoint
from inkseq.inference.runs import open_run
from inkseq.train.prepare import training_config
from tests.models.pictured import PICTURED, WORDS, each_family
from tests.processes import Command
from tests.train.test_loop import StopAt, weights
from tests.train.tiny import CLASSES, rows, run, tiny

LIVELY = {"ema": 0.9, "augment": AugmentConfig(rotate=10, drop_points=0.1), "micro_batch": 100}
ODD = 191  # drawings a step, of the 192 there are: every other step is of one


@each_family
def test_a_stopped_run_goes_on_to_the_bit_batches_of_one_and_all(
    doodles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    how = {**LIVELY, "model": PICTURED[family], "batch_size": ODD, "duration": "6 steps", "evaluate": "3 steps"}
    run(tiny(doodles, tmp_path / "whole", **how))
    with monkeypatch.context() as patch:
        patch.setattr("inkseq.train.loop.StopRequest", StopAt)
        patch.setattr(StopAt, "at", 2)
        with pytest.raises(KeyboardInterrupt, match="saved at step 2;"):
            run(tiny(doodles, tmp_path / "parts", **how))
    run(tiny(doodles, tmp_path / "parts", **how))
    whole, parts = (checkpoint.load(tmp_path / n / "run" / "checkpoints" / "last.pt") for n in ("whole", "parts"))
    for part in ("model", "average"):
        assert all(torch.equal(value, parts[part][name]) for name, value in whole[part].items())
    seen = {int(value) for name, value in whole["model"].items() if name.endswith("num_batches_tracked")}
    assert seen <= {6}  # two groups of each whole batch, and none of a drawing alone
    assert rows(tmp_path / "whole" / "run", "val/loss") == rows(tmp_path / "parts" / "run", "val/loss")


def on_two_ranks(folder: Path, *words: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": f"{free.getsockname()[1]}"}
    ranks = [Command(folder, "inkseq.train", *words, env=place | {"RANK": f"{rank}"}) for rank in range(2)]
    said = [process.communicate() for process in ranks]
    assert [process.returncode for process in ranks] == [0, 0], said


@pytest.mark.slow
def test_processes_have_the_same_statistics_and_go_on_with_them(doodles: Path, tmp_path: Path) -> None:
    """What the loop found on val, each process on its share, is what the weights that were kept find in one."""
    words = [*WORDS["mobilenet"], "precision=float32", "device=cpu", f"data={doodles}", "batch_size=32", "augment=none"]
    words += ["evaluate=2 steps", "log=2 steps", "optim.schedule=constant", "optim.lr=0.02"]
    for name, steps in (("whole", 4), ("parts", 2), ("parts", 4)):
        on_two_ranks(tmp_path, *words, f"name={name}", f"duration={steps} steps")
    whole, parts = (tmp_path / "runs" / name for name in ("whole", "parts"))
    assert all(torch.equal(value, weights(parts)[name]) for name, value in weights(whole).items())
    val = load_split(open_strokes(doodles), "val", torch.device("cpu"))
    alone = score(open_run(whole, "last").model, val, torch.float32).compute()
    assert rows(whole, "val/loss")[4] == pytest.approx(alone["loss"], abs=1e-6)


@each_family
def test_it_learns_in_bfloat16_what_it_does_in_float32(doodles: Path, tmp_path: Path, family: str) -> None:
    curves = []
    for precision in (Precision.float32, Precision.bfloat16):
        run(tiny(doodles, tmp_path / precision.name, model=PICTURED[family], precision=precision))
        curves.append(list(rows(tmp_path / precision.name / "run", "train/loss").values()))
    assert curves[0][-1] < curves[0][0] - 0.1
    np.testing.assert_allclose(curves[1], curves[0], atol=0.1)


@each_family
def test_it_starts_from_anothers_weights_with_a_new_head(doodles: Path, tmp_path: Path, family: str) -> None:
    first, how = tmp_path / "first" / "run", {"model": PICTURED[family], "duration": "2 steps"}
    run(tiny(doodles, tmp_path / "first", **how))
    raw = [str(doodles.parent / "raw" / f"{word}.ndjson") for word in CLASSES[:3]]
    convert(ConvertConfig(raw=raw, out=str(tmp_path / "fewer"), workers=1))
    run(tiny(tmp_path / "fewer", tmp_path / "frozen", init_from=str(first), freeze=True, **how))
    before, after = open_run(first, "last").model.state_dict(), weights(tmp_path / "frozen" / "run")
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert {name for name in changed if "running" not in name and "tracked" not in name} == {"head.weight", "head.bias"}
    own = ["experiment=own_symbols", "raw=own.ndjson", f"init_from={first}"]
    assert training_config(own).model == PICTURED[family]  # which its run brings along
