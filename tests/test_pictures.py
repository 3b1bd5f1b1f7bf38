"""Every command takes a run of a picture model, as it takes any other."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from starlette.testclient import TestClient

from inkseq.cli import compose_config
from inkseq.compare import run as compare
from inkseq.config import (
    AnswerFormat,
    CompareConfig,
    EvaluateConfig,
    ExportConfig,
    FindLrConfig,
    PredictConfig,
    Pruner,
    Quantize,
    SweepConfig,
    TrainConfig,
)
from inkseq.evaluate.__main__ import run as evaluate
from inkseq.export.__main__ import run as export
from inkseq.find_lr import run as find_lr
from inkseq.inference.recogniser import Recogniser
from inkseq.predict.__main__ import run as predict
from inkseq.serve.app import Server, make_app
from inkseq.serve.own import OwnDrawings
from inkseq.sweep.__main__ import run as sweep
from tests.models.pictured import WORDS
from tests.train.tiny import run, tiny

FAMILY = "cnn"
HOW = [*WORDS[FAMILY], "precision=float32", "device=cpu", "batch_size=40", "optim.lr=0.02"]
SHORT = ["duration=6 steps", "evaluate=3 steps", "log=3 steps"]
CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]


def words(packed: Path, runs: Path, *others: str) -> list[str]:
    return [f"data={packed}", f"runs={runs}", "name=run", *HOW, *SHORT, *others]


@pytest.fixture(scope="module")
def trained(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("pictures")
    run(compose_config(TrainConfig, words(packed, runs)))
    return runs / "run"


def test_it_is_evaluated(trained: Path) -> None:
    evaluate(EvaluateConfig(run=str(trained), device="cpu"))
    scores, result = (json.loads((trained / name).read_text()) for name in ("evaluation-test.json", "result.json"))
    assert scores["loss"] == pytest.approx(result["test/loss"])


def test_it_names_drawings_dots_and_ten_thousand_points(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = [np.random.default_rng(0).integers(0, 256, (2, 10_000)).tolist()]
    drawings: list[Any] = [CROSS, [[[0], [0]]], [[[7, 7], [9, 9]]], long]
    (tmp_path / "some.jsonl").write_text("".join(json.dumps(drawing) + "\n" for drawing in drawings))
    how: dict[str, Any] = {"format": AnswerFormat.jsonl, "device": "cpu"}
    assert predict(PredictConfig(run=str(trained), input=str(tmp_path / "some.jsonl"), **how)) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    recogniser = Recogniser(trained)
    assert [answer["guesses"][0][0] for answer in answers] == [recogniser.predict(d)[0].word for d in drawings]


def test_it_stands_beside_one_that_reads(
    trained: Path, packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tiny(packed, tmp_path, duration="3 steps"))
    capsys.readouterr()
    compare(CompareConfig(out=str(tmp_path), device="cpu"), [str(trained), str(tmp_path / "run")])
    said = capsys.readouterr().out
    assert re.search(r"^model\.name +cnn +hybrid$", said, re.MULTILINE)
    assert re.search(r"^model\.picture\.size +32 +null$", said, re.MULTILINE)
    assert re.search(r"(better|worse|cannot be told apart)$", said, re.MULTILINE)


def test_it_is_served(trained: Path, tmp_path: Path) -> None:
    recogniser = Recogniser(trained)
    server = Server(recogniser, OwnDrawings(tmp_path / "own.ndjson"), threshold=0.5, rate=10_000)
    with TestClient(make_app(server, ["testserver"])) as client:
        guesses = client.post("/predict", json={"strokes": CROSS}).json()["guesses"]
        explained = client.post("/explain", json={"strokes": CROSS, "word": guesses[0]["word"]})
    assert guesses[0]["word"] == recogniser.predict(CROSS)[0].word
    assert explained.status_code == 200


def test_it_finds_its_learning_rate(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    find_lr(FindLrConfig(low=1e-4, steps=20, out=str(tmp_path / "lr.png")), words(packed, tmp_path, "augment=none"))
    assert re.search(r"^cnn, batches of 40, adamw", capsys.readouterr().out, re.MULTILINE)
    assert (tmp_path / "lr.png").exists()


@pytest.mark.slow
def test_it_is_searched_by_its_own_space(packed: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"runs": str(tmp_path), "name": "study", "out": str(tmp_path / "best.yaml"), "trials": 2}
    config = compose_config(SweepConfig, ["sweep=image"])
    for name, value in (settings | {"workers": 1, "threads": 1, "pruner": Pruner.none}).items():
        setattr(config, name, value)
    sweep(config, [f"data={packed}", "device=cpu", "batch_size=40", "model.picture.size=32", *SHORT])
    states = [line.split(",")[1] for line in (tmp_path / "study" / "trials.csv").read_text().splitlines()]
    assert states == ["state", "complete", "complete"]
    assert re.search(r"override /model: (cnn|mobilenet)", (tmp_path / "best.yaml").read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "how"), [("a.onnx", Quantize.none), ("b.onnx", Quantize.int8), ("c.pt2", Quantize.none)]
)
def test_it_is_exported_and_checked(trained: Path, tmp_path: Path, name: str, how: Quantize) -> None:
    out = tmp_path / name
    export(ExportConfig(run=str(trained), out=str(out), quantize=how))
    if out.suffix == ".onnx":
        onnx.checker.check_model(onnx.load(out))
    assert "30 drawings compared" in out.with_suffix(".md").read_text()
