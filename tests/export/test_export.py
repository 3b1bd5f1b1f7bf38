"""The command: a file that says what it is, a card that is true, nothing where PyTorch is not answered alike."""

import contextlib
import dataclasses
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

import inkseq.export
from inkseq.config import ExportConfig, Quantize
from inkseq.data.packed import open_strokes
from inkseq.errors import UserError
from inkseq.export import onnx_file
from inkseq.export.__main__ import run
from inkseq.export.card import Measured, write_card
from inkseq.export.check import ENOUGH, Agreement, agree, held_out, points_at_a_time, probabilities
from inkseq.export.graph import FromPoints
from inkseq.export.quantise import round_rows
from inkseq.export.verified import drawings_for
from inkseq.families import CnnConfig, HybridConfig, Layout, PictureConfig
from inkseq.inference.runs import run_folder
from tests.export.conftest import Exported
from tests.models.scribbles import looking, small
from tests.train.tiny import run as train
from tests.train.tiny import tiny

pytestmark = pytest.mark.slow  # PyTorch needs ten seconds to export


def facts(file: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(file).metadata_props}


def code_of(card: Path) -> str:
    found = re.search(r"```python\n(.*?)```", card.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def what_it_prints(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})
    return printed.getvalue()


def test_a_file_says_what_it_is(exported: Exported, packed: Path) -> None:
    model = onnx.load(exported.file, load_external_data=False)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", onnx_file.OPSET)]
    shapes = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    assert shapes == {
        "points": ["batch", "points", 2],
        "pen": ["batch", "points"],
        "length": ["batch"],
        "probability": ["batch", 3],
    }
    said = facts(exported.file)
    assert json.loads(said["classes"]) == ["cat", "ladder", "star"]
    assert json.loads(said["input"]).keys() == {"points", "pen", "length"}
    assert "epsilon 2" in json.loads(said["preprocessing"])["simplify"]
    result = json.loads((exported.folder / "result.json").read_text())
    assert json.loads(said["metrics"])["test/top1"] == result["test/top1"]
    measured = json.loads(said["measured"])
    assert measured["difference"] < 1e-5
    assert measured["same_top1"] == measured["drawings"] == 30
    assert round(result["test/top1"] * measured["labelled"]) == measured["right"] == measured["right_in_pytorch"]
    assert str(Path(onnx_file.__file__).parent).encode() not in exported.file.read_bytes()


def test_the_cards_own_lines_run(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    card = exported.file.with_suffix(".md")
    word, probability = what_it_prints(code_of(card), exported.file.parent, monkeypatch).rsplit(maxsplit=1)
    drawing = [[[0, 128, 255, 128, 0], [90, 0, 90, 180, 90]], [[64, 192], [90, 90]]]
    guess = exported.recogniser.predict(drawing, top=1)[0]
    assert word == guess.word
    assert float(probability) == pytest.approx(guess.probability, abs=1e-5)
    text = card.read_text()
    assert " ms" not in text  # how fast it was here and then is nobody else's
    result = json.loads((exported.folder / "result.json").read_text())
    assert f"| {100 * result['test/top1']:.2f} % (" in text
    assert "does not know where it comes from" in text  # the data is called `packed`
    assert "30 drawings compared" in text


def test_a_card_shows_any_word_as_it_is(exported: Exported, tmp_path: Path) -> None:
    words = ["</script><script>alert(1)</script>", "[a](b) *c* `d` | e", "two\nlines"]
    few = dataclasses.replace(exported.recogniser.run, classes=words)
    measured = Measured("none", Agreement(1, 0.0, 1, 0, 0, 0), 1, "nothing", [], 1)
    write_card(tmp_path / "few.md", tmp_path / "few.onnx", few, FromPoints(few.model), "float32", measured)
    line = next(one for one in (tmp_path / "few.md").read_text().splitlines() if one.startswith("Classes: "))
    assert line == (r"Classes: \</script\>\<script\>alert(1)\</script\>, \[a\](b) \*c\* \`d\` \| e, two lines.")


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (["ink", "order"], "pictures of them, 32 pixels a side (ink, order): a photograph is none."),
        (
            ["country", "ink"],
            "pictures of them, 32 pixels a side (ink, country): a photograph is none. Of no drawing is",
        ),
    ],
)
def test_a_card_of_a_model_that_looks_says_what_it_looks_at(
    exported: Exported, tmp_path: Path, channels: list[str], said: str
) -> None:
    model = looking(CnnConfig(channels=[4, 6], picture=PictureConfig(size=32, channels=channels)))
    looks = dataclasses.replace(exported.recogniser.run, model=model)
    measured = Measured("none", Agreement(1, 0.0, 1, 0, 0, 0), 1, "nothing", [], 1)
    for run_of, words in ((looks, said), (exported.recogniser.run, "It reads strokes, in the order")):
        write_card(tmp_path / "card.md", tmp_path / "card.onnx", run_of, FromPoints(run_of.model), "float32", measured)
        assert words in (tmp_path / "card.md").read_text()


@pytest.mark.parametrize(("how", "largest"), [(Quantize.int8, 0.6), (Quantize.bfloat16, 0.8)])
def test_packed_weights_are_smaller_and_what_they_lose_is_told(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Quantize, largest: float
) -> None:
    monkeypatch.setattr(onnx_file, "make_onnx", lambda graph: onnx.load(exported.file))
    run(ExportConfig(run=str(exported.folder), out=str(tmp_path / "small.onnx"), quantize=how))
    small = tmp_path / "small.onnx"
    weights = [sum(len(t.raw_data) for t in onnx.load(f).graph.initializer) for f in (small, exported.file)]
    assert weights[0] < largest * weights[1]
    drawings = [open_strokes(exported.recogniser.run.config.data).drawing(i) for i in range(20)]
    found = probabilities(onnx_file.open_onnx(small), drawings)
    difference = float(np.abs(found - exported.recogniser.probabilities(drawings)).max())
    assert 1e-7 < difference < 0.02
    said = facts(small)
    assert said["weights"] == how.name
    assert json.loads(said["measured"])["difference"] > 1e-7
    assert how.name in (tmp_path / "small.md").read_text()


def test_large_pictures_are_drawn_fewer_at_a_time() -> None:
    length_N = np.array([7, 900])
    sizes = {size: looking(CnnConfig(channels=[4, 6], picture=PictureConfig(size=size))) for size in (32, 64, 256)}
    steps = {size: points_at_a_time(model)(length_N).tolist() for size, model in sizes.items()}
    assert steps == {32: [7, 900], 64: [7, 900], 256: [112, 14_400]}
    assert points_at_a_time(small())(length_N).tolist() == [7, 900]


def test_rounding_is_by_rows() -> None:
    rng = np.random.default_rng(0)
    weight = (rng.normal(size=(2, 5, 40)) * 10.0 ** rng.integers(-3, 3, (2, 5, 1))).astype(np.float32)
    weight[1, 2] = 0
    whole, scale = round_rows(weight, axes=2)
    assert whole.dtype == np.int8
    assert scale.shape == (2, 5, 1)
    assert (np.abs(whole * scale - weight) <= 0.5001 * scale).all()
    assert set(np.abs(whole).max(axis=2).ravel().tolist()) == {127, 0}


def test_a_graph_that_answers_otherwise_gets_no_name(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = onnx.load(exported.file)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "model.head.bias")
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.array([0, 0, 0.01], np.float32), bias.name))
    monkeypatch.setattr(onnx_file, "make_onnx", lambda graph: model)
    with pytest.raises(UserError, match="not what PyTorch computes"):
        run(ExportConfig(run=str(exported.folder), out=str(tmp_path / "wrong.onnx")))
    assert list(tmp_path.iterdir()) == []


def test_one_other_word_and_numbers_that_are_none_are_refused() -> None:
    expected = np.array([[0.50001, 0.49999], [0.2, 0.8]], np.float32)
    label_N = np.array([0, 0])
    up, down, far = (np.array(by, np.float32) for by in ([2e-5, 0], [0, 4e-5], [2e-4, 0]))
    agree(expected, expected + up, label_N).insist("it")
    agreement = agree(expected, expected + down, label_N)
    assert (agreement.same_top1, agreement.labelled, agreement.right, agreement.right_in_pytorch) == (1, 2, 0, 1)
    for found in (expected + down, expected + far, expected * np.float32("nan")):
        with pytest.raises(UserError):
            agree(expected, found, label_N).insist("it")


def test_a_program_says_what_it_is_and_runs_by_its_card(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny(
        packed, tmp_path, model=HybridConfig(layout=Layout.tutorial, channels=[6], kernels=[3], hidden=6, layers=1)
    )
    train(config)
    run(ExportConfig(run=str(run_folder(config)), out=str(tmp_path / "few.pt2")))
    extra = {"inkseq.json": ""}
    torch.export.load(tmp_path / "few.pt2", extra_files=extra)
    said = json.loads(extra["inkseq.json"])
    assert json.loads(said["measured"])["difference"] < 1e-6
    word, probability = what_it_prints(code_of(tmp_path / "few.md"), tmp_path, monkeypatch).rsplit(maxsplit=1)
    assert word in json.loads(said["classes"])
    assert 1 / 3 < float(probability) <= 1


def test_drawings_are_those_nobody_trained_on(exported: Exported, packed: Path, tmp_path: Path) -> None:
    data, trained = open_strokes(packed), exported.recogniser.run
    compared = held_out(data, trained.classes)
    assert len(compared.drawings) == 30
    assert compared.label_N.tolist() == data.labels[data.split("test").start : data.split("test").stop].tolist()
    assert len(held_out(data, ["other"]).label_N) == 0
    trained.config.data, there = str(tmp_path / "gone"), trained.config.data
    doodles = drawings_for(None, trained, FromPoints(trained.model))
    trained.config.data = there
    assert (len(doodles.drawings), len(doodles.label_N)) == (ENOUGH, 0)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"out": "few.bin"}, "say NAME.onnx, or NAME.pt2"),
        ({"out": "few.pt2", "quantize": Quantize.int8}, "quantize=int8 goes with out=NAME.onnx"),
        ({"out": "few.onnx", "data": "nowhere"}, "does not exist"),
    ],
)
def test_mistakes_are_said(exported: Exported, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        run(ExportConfig(run=str(exported.folder), **settings))


def test_what_is_not_installed_is_named(exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(inkseq.export, "onnx_file")
    monkeypatch.delitem(sys.modules, "inkseq.export.onnx_file")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"onnxruntime is not installed; pip install 'inkseq\[export\]'"):
        run(ExportConfig(run=str(exported.folder), out=str(tmp_path / "few.onnx")))
