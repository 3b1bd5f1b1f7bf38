"""Every kind of network as ONNX and as a program, against PyTorch, for any number of drawings and points."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inkseq.drawings.canonical import canonical
from inkseq.export.check import Reader, agree, in_pytorch, probabilities
from inkseq.export.graph import FromPoints
from inkseq.export.onnx_file import make_onnx, open_onnx
from inkseq.export.program_file import make_program
from inkseq.families import Activation, Cell, HybridConfig, Layout, Norm, Pooling
from inkseq.models.hybrid import Hybrid
from inkseq.models.zoo import make_model
from tests.export.conftest import Exported
from tests.models.pictured import ALL, PICTURED, each_family
from tests.models.scribbles import pad, scribbles
from tests.samples import SHARED, needs_shared

pytestmark = pytest.mark.slow  # PyTorch needs ten seconds to export

SIZES = [(1, 1), (1, 2), (3, 1), (1, 7), (4, 3), (2, 50), (2, 1000)]

Arrays = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]


def some(num_drawings: int, num_points: int) -> Arrays:
    """Drawings of all lengths, with anything behind their ends."""
    rng = np.random.default_rng(num_points)
    points = rng.integers(0, 256, (num_drawings, num_points, 2)).astype(np.float32)
    pen = (rng.random((num_drawings, num_points)) < 0.2).astype(np.float32)
    length = rng.integers(1, num_points + 1, num_drawings)
    length[0] = num_points
    behind = np.arange(num_points) >= length[:, None]
    points[behind], pen[behind] = 1e9, 1
    return points, pen, length


def hold_against(graph: FromPoints, read: Reader) -> None:
    expected = in_pytorch(graph)
    for size in SIZES:
        arrays = some(*size)
        np.testing.assert_allclose(read(*arrays), expected(*arrays), atol=2e-6)


def make(config: HybridConfig) -> FromPoints:
    torch.manual_seed(0)
    return FromPoints(Hybrid(config, 5))


GRU = HybridConfig(
    layout=Layout.tutorial,
    channels=[6],
    kernels=[3],
    norm=Norm.batch,
    activation=Activation.relu,
    cell=Cell.gru,
    hidden=5,
    layers=2,
)
ATTENTION = HybridConfig(
    channels=[6],
    kernels=[3],
    norm=Norm.none,
    fold=3,
    cell=Cell.attention,
    hidden=16,
    layers=1,
    pooling=Pooling.attention,
)


@pytest.mark.parametrize("config", [GRU, ATTENTION], ids=["gru", "attention"])
def test_onnx_answers_as_pytorch(config: HybridConfig) -> None:
    graph = make(config)
    hold_against(graph, open_onnx(make_onnx(graph).SerializeToString()))


def test_onnx_sees_as_pytorch(exported: Exported) -> None:
    hold_against(FromPoints(exported.recogniser.run.model), open_onnx(exported.file))


def test_a_program_answers_as_pytorch() -> None:
    graph = make(HybridConfig(channels=[6], kernels=[3], fold=2, hidden=5, layers=1))
    hold_against(graph, in_pytorch(make_program(graph).module()))


def pictured(family: str) -> FromPoints:
    """With all channels, and statistics of some drawings, without which it says the same of all."""
    torch.manual_seed(0)
    config: Any = PICTURED[family]
    model = make_model(replace(config, picture=replace(config.picture, channels=ALL)), 5)
    with torch.no_grad():
        for _ in range(30):
            model(pad(scribbles([9, 4, 12, 7])))
    graph = FromPoints(model)
    assert in_pytorch(graph)(*some(4, 9)).std(axis=0).max() > 1e-3
    return graph


@each_family
def test_onnx_draws_as_pytorch(family: str) -> None:
    graph = pictured(family)
    hold_against(graph, open_onnx(make_onnx(graph).SerializeToString()))


def test_a_program_draws_as_pytorch() -> None:
    graph = pictured("mobilenet")
    hold_against(graph, in_pytorch(make_program(graph).module()))


def test_drawings_behind_whose_ends_anything_lies_are_what_they_are_alone(exported: Exported) -> None:
    points, pen, length = some(6, 20)
    together = open_onnx(exported.file)(points, pen, length)
    drawings = [(points[i, :n].astype(np.uint8), pen[i, :n].astype(np.uint8)) for i, n in enumerate(length)]
    np.testing.assert_allclose(together, exported.recogniser.probabilities(drawings), atol=1e-5)


@pytest.mark.parametrize("way", [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (2, -1), (-3, 2)])
def test_right_back_is_the_same_way_round(exported: Exported, way: tuple[int, int]) -> None:
    """0 and -0 are half a turn to the right and half a turn to the left."""
    start = np.array([128, 128])
    points = np.array([start, start + 40 * np.array(way), start, start - 20 * np.array(way), start], np.float32)[None]
    arrays = points, np.zeros((1, 5), np.float32), np.array([5])
    expected = in_pytorch(FromPoints(exported.recogniser.run.model))
    np.testing.assert_allclose(open_onnx(exported.file)(*arrays), expected(*arrays), atol=1e-6)


@needs_shared
def test_a_thousand_real_drawings_get_the_same_words(exported: Exported) -> None:
    """Of so many some dabs of ink lie on the very end of a line, where the last bit of its length decides."""
    files = sorted((SHARED / "quickdraw16" / "train").glob("*.ndjson"))
    lines = [line for file in files for line in file.read_text().splitlines()[:63]]
    drawings = [canonical(json.loads(line)["drawing"]) for line in lines]
    found = probabilities(open_onnx(exported.file), drawings)
    agreement = agree(exported.recogniser.probabilities(drawings), found, np.empty(0, np.int64))
    assert agreement.difference < 2e-5
    assert agreement.same_top1 == agreement.drawings == len(drawings)
