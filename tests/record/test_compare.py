"""Runs side by side, as a person reads it; and what cannot be compared."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from inkseq.compare import run as compare
from inkseq.config import CompareConfig, ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.data.packed import open_strokes
from inkseq.doodles.write import write_doodles
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.record.answers import right_answers
from inkseq.record.finished import read_finished
from tests.record.conftest import train_tiny

SMALL, AGAIN, WIDE = "runs/small,seed=0", "runs/small,seed=1", "runs/wide,lr=0.01"


def columns(out: str, first: str) -> dict[str, list[str]]:
    """The rows of the table that begins with these words."""
    lines = out[out.index(first) :].splitlines()[2:]
    return {line.split()[0]: re.split(r"  +", line) for line in lines[: lines.index("") if "" in lines else None]}


def test_scores_settings_seeds_and_the_verdict(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(CompareConfig(), [WIDE, SMALL, AGAIN])
    out = capsys.readouterr().out
    result = json.loads(Path(SMALL, "result.json").read_text())
    assert columns(out, "run  ")["small,seed=0"][1:3] == [f"{result['val/top1']:.4f}", f"{result['test/top1']:.4f}"]
    assert columns(out, "setting")["model.hidden"] == ["model.hidden", "12", "8", "8"]
    assert columns(out, "setting")["seed"] == ["seed", "0", "0", "1"]
    assert columns(out, "mean ±")["small"][1] == "2 (0, 1)"
    assert "12 drawings of test of" in out
    assert re.search(r"small,seed=1  .* (better|worse|cannot be told apart)$", out, re.MULTILINE)
    assert "curves in runs/compare-wide,lr=0.01-small,seed=0-small,seed=1.png" in out
    assert Path("runs/compare-wide,lr=0.01-small,seed=0-small,seed=1.png").exists()


@pytest.mark.parametrize("split", ["val", "test"])
def test_answers_are_those_that_result_json_counts(runs: Path, packed: Path, split: str) -> None:
    finished = read_finished([Path(SMALL), Path(WIDE)])
    for run, right_N in zip(
        finished, right_answers(finished, open_strokes(packed), split, torch.device("cpu")), strict=True
    ):
        assert right_N.mean() == pytest.approx(run.result[f"{split}/top1"])


def test_classes_are_matched_by_name(runs: Path, packed: Path) -> None:
    before = right_answers(read_finished([Path(SMALL)]), open_strokes(packed), "test", torch.device("cpu"))[0]
    for name in ("best", "last"):
        path = Path(SMALL, "checkpoints", f"{name}.pt")
        state = checkpoint.load(path)
        weights = {k: v.flip(0) if k.startswith("head.") else v for k, v in state["model"].items()}
        turned = {"classes": state["classes"][::-1], "data": state["data"] | {"classes": state["classes"][::-1]}}
        checkpoint.save(path, state | turned | {"model": weights})
    after = right_answers(read_finished([Path(SMALL)]), open_strokes(packed), "test", torch.device("cpu"))[0]
    assert before.any()
    assert (before == after).all()
    compare(CompareConfig(data=str(packed)), [SMALL, AGAIN])


@pytest.mark.slow
def test_the_picture_goes_where_it_is_told_under_a_name_that_fits(runs: Path, packed: Path) -> None:
    for i in range(2):
        train_tiny(packed, runs, f"{i}" * 100, hidden=4 + i)
    compare(CompareConfig(out="pictures"), [str(runs / ("0" * 100)), str(runs / ("1" * 100))])
    assert [len(path.name) <= 120 for path in Path("pictures").iterdir()] == [True]


def test_other_data_is_refused(runs: Path, packed: Path, tmp_path: Path) -> None:
    write_doodles(tmp_path / "raw", 50, 0, ["cat", "ladder", "star"])
    convert(ConvertConfig(raw=[str(tmp_path / "raw")], out=str(tmp_path / "other"), workers=1))
    train_tiny(tmp_path / "other", runs, "other")
    with pytest.raises(
        UserError, match=r"small,seed=0 and runs/other were trained on different data: num_points \d+ and"
    ):
        compare(CompareConfig(), [SMALL, "runs/other"])
    compare(CompareConfig(data=str(tmp_path / "other")), [SMALL, WIDE])  # both are as new to it

    write_doodles(tmp_path / "raw2", 40, 0, ["cat", "snail"])
    convert(ConvertConfig(raw=[str(tmp_path / "raw2")], out=str(tmp_path / "snails"), workers=1))
    with pytest.raises(UserError, match="trained on other classes; not in both: ladder, snail, star"):
        compare(CompareConfig(data=str(tmp_path / "snails")), [SMALL, WIDE])


def test_a_dataset_that_was_converted_anew_is_refused(runs: Path, packed: Path) -> None:
    for name in (SMALL, WIDE):
        path = Path(name, "checkpoints", "last.pt")
        state = checkpoint.load(path)
        checkpoint.save(path, state | {"data": state["data"] | {"options.seed": 7}})
    with pytest.raises(UserError, match=r"is no longer what runs/small,seed=0 was trained on: options.seed 7 and 0"):
        compare(CompareConfig(), [SMALL, WIDE])


def test_a_dataset_whose_files_were_changed_is_refused(runs: Path, packed: Path, tmp_path: Path) -> None:
    shutil.copytree(packed, tmp_path / "packed")
    for name in (SMALL, WIDE):
        path = Path(name, "checkpoints", "last.pt")
        state = checkpoint.load(path)
        checkpoint.save(path, state | {"config": state["config"] | {"data": str(tmp_path / "packed")}})
    compare(CompareConfig(), [SMALL, WIDE])
    np.load(tmp_path / "packed" / "points.npy", mmap_mode="r+")[0] ^= 1
    with pytest.raises(UserError, match=r"points\.npy changed since convert wrote it"):
        compare(CompareConfig(), [SMALL, WIDE])


def test_runs_on_other_drawings_are_told_apart_where_both_know_theirs(runs: Path) -> None:
    path = Path(WIDE, "checkpoints", "last.pt")
    state = checkpoint.load(path)
    checkpoint.save(path, state | {"data": {key: value for key, value in state["data"].items() if key != "content"}})
    compare(CompareConfig(), [SMALL, WIDE])
    other = state["data"]["content"] | {"points": "0" * 16}
    checkpoint.save(path, state | {"data": state["data"] | {"content": other}})
    with pytest.raises(UserError, match=r"were trained on different data: content\.points \w{16} and 0{16}"):
        compare(CompareConfig(), [SMALL, WIDE])


def test_what_cannot_be_compared(runs: Path) -> None:
    with pytest.raises(UserError, match="two runs or more are needed"):
        compare(CompareConfig(), [SMALL, SMALL])
    with pytest.raises(UserError, match="no split 'dev'"):
        compare(CompareConfig(split="dev"), [SMALL, WIDE])
    with pytest.raises(UserError, match="'runs/none' is neither"):
        compare(CompareConfig(), [SMALL, "runs/none"])
    Path(WIDE, "result.json").unlink()
    with pytest.raises(UserError, match=r"not finished, there is no result\.json: runs/wide,lr=0.01"):
        compare(CompareConfig(), [SMALL, WIDE])


def test_a_mistake_is_one_line_and_code_1(runs: Path) -> None:
    words = [sys.executable, "-m", "inkseq.compare", SMALL, "splitt=val"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"inkseq: 'splitt=val' is neither .*'split='\?\n", ended.stderr)
