"""A family of models that is nowhere but here goes through every command, added as docs/extending.md says."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from starlette.testclient import TestClient

from inkseq.cli import compose_config, main
from inkseq.config import (
    AnswerFormat,
    ConvertConfig,
    EvaluateConfig,
    ExportConfig,
    FindLrConfig,
    PredictConfig,
    Pruner,
    ReportConfig,
    SweepConfig,
    TrainConfig,
)
from inkseq.convert.conversion import convert
from inkseq.errors import UserError
from inkseq.evaluate.__main__ import run as evaluate
from inkseq.export.__main__ import run as export
from inkseq.families import FAMILIES, HybridConfig
from inkseq.find_lr import run as find_lr
from inkseq.inference import checkpoint
from inkseq.inference.recogniser import Recogniser
from inkseq.inference.runs import open_run
from inkseq.models.contract import explainable
from inkseq.models.zoo import MODELS, make_model
from inkseq.predict.__main__ import run as predict
from inkseq.report.__main__ import run as report
from inkseq.serve.app import Server, make_app
from inkseq.serve.own import OwnDrawings
from inkseq.sweep.__main__ import run as sweep
from inkseq.sweep.space import read_space
from inkseq.train.__main__ import run as train_command
from tests.models.family import Bag, BagConfig
from tests.models.scribbles import pad, scribbles
from tests.report.test_report import read
from tests.train.test_loop import StopAt
from tests.train.tiny import run

ROOT = Path(__file__).parents[1]
BAG = ["model=bag", "model.width=12", "precision=float32", "device=cpu", "batch_size=40", "optim.lr=0.02"]
SHORT = ["duration=12 steps", "evaluate=6 steps", "log=3 steps"]
CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]


@pytest.fixture(scope="module", autouse=True)
def conf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The YAML folder with one more model."""
    folder = Path(shutil.copytree(ROOT / "conf", tmp_path_factory.mktemp("extended") / "conf"))
    (folder / "model" / "bag.yaml").write_text("name: bag\npreset: bag\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inkseq.cli.conf_dir", lambda: folder)
        yield folder


def words(packed: Path, runs: Path, *others: str) -> list[str]:
    return [f"data={packed}", f"runs={runs}", "name=run", *BAG, *SHORT, *others]


@pytest.fixture(scope="module")
def trained(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    runs = tmp_path_factory.mktemp("bags")
    assert run(compose_config(TrainConfig, words(packed, runs)))["steps"] == 12
    return runs / "run"


def test_the_example_on_the_page_is_this_family() -> None:
    (example,) = re.findall(r"^```python\n(from .*?)^```$", (ROOT / "docs" / "extending.md").read_text(), re.M | re.S)
    assert example == (ROOT / "tests" / "models" / "family.py").read_text()


def test_every_family_has_settings_and_a_network() -> None:
    assert MODELS.keys() == FAMILIES.keys() > {"hybrid", "bag"}
    assert isinstance(make_model(BagConfig(), 3), Bag)
    with pytest.raises(UserError, match=r"^model.name=bag: there are hybrid, .*, bag; model=NAME chooses one of them$"):
        make_model(HybridConfig(name="bag"), 3)


def test_logits_are_the_same_alone_in_a_batch_and_with_more_padding() -> None:
    torch.manual_seed(0)
    model, drawings = Bag(BagConfig(), num_classes=4).eval(), scribbles([7, 1, 12, 2, 5])
    with torch.no_grad():
        alone_BK = torch.cat([model(pad([rows])) for rows in drawings])
        assert alone_BK.std(dim=0).max() > 1e-2, "logits that hardly differ prove nothing"
        torch.testing.assert_close(model(pad(drawings)), alone_BK, rtol=0, atol=1e-5)
        torch.testing.assert_close(model(pad(drawings, more=30)), alone_BK, rtol=0, atol=1e-5)


def test_a_stopped_run_goes_on_to_the_bit(
    packed: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compose_config(TrainConfig, words(packed, tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("inkseq.train.loop.StopRequest", StopAt)
        patch.setattr(StopAt, "at", 5)
        with pytest.raises(KeyboardInterrupt, match="saved at step 5;"):
            run(config)
    run(config)
    whole, parts = (checkpoint.load(folder / "checkpoints" / "last.pt") for folder in (trained, tmp_path / "run"))
    assert all(torch.equal(value, parts["model"][name]) for name, value in whole["model"].items())
    assert whole["best"] == parts["best"]
    with pytest.raises(UserError, match=r"run was trained otherwise: model.name was bag, is hybrid\. Give this run"):
        run(replace(config, model=HybridConfig()))


def test_it_is_evaluated(trained: Path) -> None:
    evaluate(EvaluateConfig(run=str(trained), device="cpu"))
    scores, result = (json.loads((trained / name).read_text()) for name in ("evaluation-test.json", "result.json"))
    assert scores["top1"] == pytest.approx(result["test/top1"])
    assert isinstance(open_run(trained).model, Bag)


def test_its_report_has_the_strokes_and_says_that_it_has_no_points(trained: Path) -> None:
    assert explainable(open_run(trained).model) is None
    report(ReportConfig(run=str(trained), device="cpu"), [])
    page = trained / "report" / "index.html"
    assert "Which points mattered, a model of this family cannot say. Thick is the stroke that it needs" in read(page)
    (section,) = re.findall(r'<section id="strokes">.*?</section>', page.read_text("utf-8"), re.S)
    assert "Without the thick stroke" in section
    assert not re.search(r"None|<(div|p|b|svg)[^>]*>\s*</\1>|Left:|Middle:|Right:", section)
    assert section.count("<svg") == section.count("<li>") > 0


def test_it_names_drawings(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cross.json").write_text(json.dumps(CROSS))
    how: dict[str, Any] = {"format": AnswerFormat.jsonl, "device": "cpu"}
    assert predict(PredictConfig(run=str(trained), input=str(tmp_path / "cross.json"), **how)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["guesses"][0][0] == Recogniser(trained).predict(CROSS)[0].word


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["onnx", "pt2"])
def test_it_is_exported_and_checked(trained: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"bag.{kind}"
    export(ExportConfig(run=str(trained), out=str(out)))
    if kind == "onnx":
        onnx.checker.check_model(onnx.load(out))
    assert "the first guess is the same on 30" in out.with_suffix(".md").read_text()


def test_it_is_served(trained: Path, tmp_path: Path) -> None:
    recogniser = Recogniser(trained)
    server = Server(recogniser, OwnDrawings(tmp_path / "own.ndjson"), threshold=0.5, rate=10_000)
    with TestClient(make_app(server, ["testserver"])) as client:
        guesses = client.post("/predict", json={"strokes": CROSS}).json()["guesses"]
        assert guesses[0]["word"] == recogniser.predict(CROSS)[0].word
        refused = client.post("/explain", json={"strokes": CROSS, "word": guesses[0]["word"]})
    said = {"error": "this recogniser cannot say which points mattered"}
    assert (refused.status_code, refused.json()) == (501, said)


def test_it_finds_its_learning_rate(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    find_lr(FindLrConfig(low=1e-4, steps=40, out=str(tmp_path / "lr.png")), words(packed, tmp_path, "augment=none"))
    assert re.search(r"^bag, batches of 40, .*optim.lr=\d", capsys.readouterr().out, re.S)


@pytest.mark.slow
def test_it_is_searched(packed: Path, tmp_path: Path) -> None:
    space = {"model.width": {"int": [4, 16]}, "model.pooling": {"choice": ["mean", "max"]}}
    out = tmp_path / "best.yaml"
    config = SweepConfig(
        preset="test",
        space=space,
        runs=str(tmp_path),
        name="study",
        out=str(out),
        trials=2,
        workers=2,
        threads=1,
        pruner=Pruner.none,
    )
    sweep(config, [f"data={packed}", *BAG[:1], *BAG[2:], *SHORT])
    states = [line.split(",")[1] for line in (tmp_path / "study" / "trials.csv").read_text().splitlines()]
    assert states == ["state", "complete", "complete"]
    assert "override /model: bag" in out.read_text()


def test_a_search_among_families_asks_each_for_its_own_settings() -> None:
    space: dict[str, dict[str, Any]] = {
        "model": {"choice": ["plain", "bag"]},
        "model.hidden": {"int": [8, 16], "when": {"model": "plain"}},
        "model.width": {"int": [8, 16], "when": {"model": "bag"}},
    }
    found = read_space(SweepConfig(preset="test", space=space), ["data=x"], set())
    assert [one.key for one in found] == list(space)
    space["model.width"]["when"] = {"model": "plain"}
    with pytest.raises(UserError, match=r"^space: model.width: model=plain .*'width'; "):
        read_space(SweepConfig(preset="test", space=space), ["data=x"], set())


def test_it_starts_from_a_runs_weights_with_a_new_head(packed: Path, trained: Path, tmp_path: Path) -> None:
    raw = [str(packed.parent / "raw" / f"{word}.ndjson") for word in ("cat", "star")]
    convert(ConvertConfig(raw=raw, out=str(tmp_path / "fewer"), workers=1))
    run(compose_config(TrainConfig, words(tmp_path / "fewer", tmp_path, f"init_from={trained}", "freeze=true")))
    before, after = (open_run(folder).model.state_dict() for folder in (trained, tmp_path / "run"))
    assert [name for name in before if not torch.equal(before[name], after[name])] == ["head.weight", "head.bias"]
    with pytest.raises(UserError, match=r"say model.width=12$"):
        run(compose_config(TrainConfig, words(packed, tmp_path, f"init_from={trained}", "model.width=9", "name=b")))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=bag", "model.hidden=3"], "model=bag has no 'hidden'; it has name, preset, width, pooling"),
        (["model=plain", "model.width=3"], "model=plain has no 'width'; it has name, preset, layout, "),
        (["model=bag", "model.widht=3"], "there is no setting 'model.widht'; did you mean 'model.width'?"),
        (["model=bag", "model.width=x"], "model.width: Value 'x'"),
        (["model=bag", "model.width="], "model.width= has no value; see --help"),
        (["model=bug"], "model=bug: there are bag, bilstm, "),
    ],
)
def test_settings_are_those_of_the_family(words: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        compose_config(TrainConfig, words)
    assert str(caught.value).startswith(said)


def test_help_shows_the_settings_of_the_family(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", "model=bag", "--help"])
    with pytest.raises(SystemExit) as ended:
        main(train_command, TrainConfig)
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "    model.width: int = 64  # numbers that each point becomes\n" in said
    assert "    model.hidden:" not in said


def test_a_run_of_a_family_that_is_not_there_is_named(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FAMILIES, "bag")
    with pytest.raises(UserError) as caught:
        open_run(trained)
    assert str(caught.value).startswith(f"{trained}: model.name=bag: there are hybrid, ")
