"""What comes with inkseq: made of a run, as good as that, silent about the machine, and asked where no run is named."""

import csv
import sys
from pathlib import Path

import pytest
import torch

import inkseq
from inkseq.cli import main
from inkseq.config import EvaluateConfig, PredictConfig, PretrainedConfig
from inkseq.errors import UserError
from inkseq.evaluate.__main__ import run as evaluate
from inkseq.families import CnnConfig
from inkseq.inference.joined import folder_of
from inkseq.inference.runs import IN_THE_PACKAGE, open_run
from inkseq.inference.small import shrink, widen
from inkseq.predict.__main__ import run as predict
from inkseq.pretrained.__main__ import run as keep
from inkseq.pretrained.shipped import without_places
from inkseq.serve.command import command
from inkseq.serve.doorplate import say_how_others_come, url
from inkseq.train.prepare import training_config
from tests.train.tiny import run, tiny

DRAWING = Path(__file__).parents[2] / "docs" / "television.svg"


@pytest.fixture(scope="module")
def trained(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tiny(packed, tmp_path_factory.mktemp("trained"), duration="60 steps")
    run(config)
    return Path(config.runs) / "run"


@pytest.fixture(scope="module")
def kept(trained: Path) -> Path:
    out = trained.with_name("kept")
    keep(PretrainedConfig(run=str(trained), out=str(out)))
    return out


def test_a_weight_is_off_by_half_a_step_of_its_channel_at_most() -> None:
    torch.manual_seed(0)
    kernel = torch.randn(4, 3, 5, 5) * torch.tensor([1e-3, 1.0, 1e3, 0.0]).reshape(4, 1, 1, 1)
    weights = {"kernel": kernel, "bias": torch.tensor([0.5, -2.0]), "count": torch.tensor(3)}
    small, scale = shrink(weights)
    assert [small[name].dtype for name in weights] == [torch.int8, torch.float16, torch.int64]
    wide = widen(small, scale)
    assert ((wide["kernel"] - kernel).abs() <= kernel.abs().amax((1, 2, 3), keepdim=True) / 127 * 0.501).all()
    assert torch.equal(wide["bias"], weights["bias"])
    again, _ = shrink(wide)
    assert torch.equal(again["kernel"], small["kernel"])  # who makes them small again gets the same


def test_what_is_kept_answers_as_the_run_did(trained: Path, kept: Path) -> None:
    strokes = [[[0, 90, 90], [0, 0, 60]]]
    before, after = (inkseq.load(folder).predict(strokes) for folder in (trained, kept))
    assert [guess.word for guess in after] == [guess.word for guess in before]
    assert [guess.probability for guess in after] == pytest.approx([guess.probability for guess in before], abs=0.02)
    assert open_run(kept).step == 60


def test_its_card_counts_what_it_learnt_from_and_was_tested_on(kept: Path) -> None:
    with (kept / "words.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["word"] for row in rows] == ["cat", "ladder", "star"]
    assert [(row["learnt_from"], row["tested"]) for row in rows] == [("40", "5")] * 3
    card = (kept / "README.md").read_text()
    assert "| ladder | 40 | 5 |" in card
    assert "right at the first guess" in card


def test_it_says_nothing_of_the_machine(trained: Path, kept: Path) -> None:
    place = str(trained.parent).encode()
    assert not [path for path in kept.rglob("*") if path.is_file() and place in path.read_bytes()]
    said = {"data": "/home/me/data/x", "command": "train data=/home/me/x 'runs=../here' distil_from=/a/b,/c/d"}
    assert without_places(said) == {"data": "x", "command": "train data=x 'runs=../here' distil_from=b,d"}


def test_nothing_else_is_replaced_and_no_unfinished_run_is_kept(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="mine exists and was not made by this command"):
        keep(PretrainedConfig(run=str(kept), out=str(tmp_path / "mine")))
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "checkpoints").symlink_to(kept / "checkpoints")
    with pytest.raises(UserError, match="half is not finished"):
        keep(PretrainedConfig(run=str(tmp_path / "half"), out=str(tmp_path / "new")))
    assert not (tmp_path / "new").exists()


def test_a_run_whose_drawings_are_gone_is_kept_without_a_comparison(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # where its data, whose place is no longer known, are not
    keep(PretrainedConfig(run=str(kept), out="again"))
    assert "not compared with the run" in capsys.readouterr().out
    assert "cat,,," in Path("again", "words.csv").read_text()


def test_without_a_run_it_is_asked_and_a_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["predict", f"input={DRAWING}", "top=1"])
    with pytest.raises(SystemExit) as end:
        main(predict, PredictConfig)
    said = capsys.readouterr()
    assert end.value.code == 0
    assert "television" in said.out
    assert said.err == "inkseq: asking the recogniser that comes with inkseq; run= takes another\n"


def test_programs_have_it_too_and_345_words_in_1_2_megabytes() -> None:
    recogniser = inkseq.load()
    assert len(recogniser.classes) == 345
    assert sum(path.stat().st_size for path in (IN_THE_PACKAGE / "checkpoints").iterdir()) < 1.2e6


def test_what_needs_drawings_says_so_and_what_is_found_lies_among_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="data= is needed, a packed folder: no drawings come with inkseq"):
        evaluate(EvaluateConfig())
    assert folder_of("box") == Path("runs/box")
    assert folder_of("runs/a,box") == Path("runs/a+box")


def test_a_package_without_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("inkseq.inference.runs.IN_THE_PACKAGE", tmp_path)
    with pytest.raises(UserError, match=r"best.pt is missing, so .* install it again, or name a run of yours, run="):
        inkseq.load()


def test_own_symbols_begin_with_it(tmp_path: Path) -> None:
    config = training_config(["experiment=own_symbols", "data=x"])
    assert config.init_from == "box"
    assert isinstance(config.model, CnnConfig)
    assert "init_from" not in command(tmp_path / "own.ndjson", IN_THE_PACKAGE)
    assert "init_from=runs/a" in command(tmp_path / "own.ndjson", Path("runs/a"))


def test_a_phone_is_told_the_way_where_it_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    say_how_others_come("127.0.0.1", 8000)
    assert capsys.readouterr().out == ""
    say_how_others_come("192.168.1.5", 8000)
    assert capsys.readouterr().out == "on a phone in the same network: http://192.168.1.5:8000\n"
    assert url("::1", 80) == "http://[::1]:80"
