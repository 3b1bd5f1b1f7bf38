"""A run of images as a graph of images: a file that says what goes in, and answers as PyTorch does at any size."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

import inkseq
from inkseq.config import ExportConfig
from inkseq.errors import UserError
from inkseq.export.__main__ import run as export
from inkseq.export.check import ENOUGH, in_pytorch
from inkseq.export.graph import FromImages, FromPoints
from inkseq.export.onnx_file import make_onnx, open_onnx
from inkseq.export.verified import drawings_for
from inkseq.families import CnnConfig, PictureConfig
from inkseq.inference.recogniser import Recogniser
from tests.export.test_export import code_of, facts, what_it_prints
from tests.models.scribbles import looking

pytestmark = pytest.mark.slow  # PyTorch needs ten seconds to export


@pytest.fixture(scope="module")
def recogniser(of_scans: Path) -> Recogniser:
    return inkseq.load(of_scans)


@pytest.mark.parametrize("ending", ["onnx", "pt2"])
def test_a_file_takes_images_and_its_cards_own_lines_run(
    ending: str, recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, folder = tmp_path / f"scans.{ending}", recogniser.run.folder
    export(ExportConfig(run=str(folder), out=str(file)))
    if ending == "onnx":
        [image] = onnx.load(file).graph.input
        assert image.name == "image"
        assert [d.dim_param or d.dim_value for d in image.type.tensor_type.shape.dim] == ["batch", 32, 32]
        said = facts(file)
    else:
        extra = {"inkseq.json": ""}
        torch.export.load(file, extra_files=extra)
        said = json.loads(extra["inkseq.json"])
    assert json.loads(said["input"]) == {"image": "float32 (batch, 32, 32): ink"}
    assert json.loads(said["preprocessing"])["units"].startswith("0, the paper, to 1")
    measured = json.loads(said["measured"])
    assert measured["difference"] < 1e-5
    assert measured["same_top1"] == measured["drawings"] == 48  # of test, and of val since those are few

    image = np.load(folder.parent / "scans" / "images.npy")[2]
    Image.fromarray(255 - image).save(tmp_path / "FILE.png")
    word, probability = what_it_prints(code_of(file.with_suffix(".md")), tmp_path, monkeypatch).rsplit(maxsplit=1)
    guess = recogniser.predict(tmp_path / "FILE.png", top=1)[0]
    assert word == guess.word
    assert float(probability) == pytest.approx(guess.probability, abs=1e-5)
    card = file.with_suffix(".md").read_text()
    assert "Recognises images of ink of 3 classes. Made by inkseq" in card
    assert "looks at images of ink, 32 pixels a side" in card
    assert re.search(r"Ink: 32 x 32 numbers, 0 where there is paper, 1 where there is most ink\.", card)


@pytest.mark.parametrize("size", [32, 28, 64])
def test_images_of_another_size_than_the_pictures_are_resized_as_pytorch_does(size: int) -> None:
    graph = FromImages(looking(CnnConfig(channels=[4, 6], picture=PictureConfig(size=48))), size)
    read, expected = open_onnx(make_onnx(graph).SerializeToString()), in_pytorch(graph)
    for count in (1, 2, 7):
        image = np.random.default_rng(count).random((count, size, size)).astype(np.float32)
        np.testing.assert_allclose(read(image), expected(image), atol=5e-6)


def test_what_is_compared_is_what_the_graph_takes(recogniser: Recogniser, packed: Path, tmp_path: Path) -> None:
    run = recogniser.run
    images, points = FromImages(run.model, 32), FromPoints(run.model)
    assert np.shape(drawings_for(None, run, images).drawings) == (48, 32, 32)
    assert len(drawings_for(None, run, points).drawings) == ENOUGH  # doodles, since the run's own have no points
    gone = replace(run, config=replace(run.config, data=str(tmp_path / "gone")))
    drawn = drawings_for(None, gone, images)
    assert drawn.source.startswith("doodles")
    assert np.shape(drawn.drawings) == (ENOUGH, 32, 32)
    assert 0 < np.mean(drawn.drawings) < np.max(drawn.drawings) == 255
    with pytest.raises(UserError, match="holds no images of 32 pixels a side"):
        drawings_for(str(packed), run, images)
    with pytest.raises(UserError, match="holds images; strokes are needed"):
        drawings_for(run.config.data, run, points)
