"""Images asked about: which runs can be, why a run says what it says, and what asking takes of memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from inkseq.config import EvaluateConfig
from inkseq.data.kinds import load_once, pick
from inkseq.data.packed import PackedImages, open_packed
from inkseq.data.resident import let_go
from inkseq.drawings.pixels import Images, Input
from inkseq.errors import UserError
from inkseq.evaluate.__main__ import run as evaluate_command
from inkseq.evaluate.attribution import ENOUGH, SMALL_RISE, grad_cam, integrated_gradients
from inkseq.evaluate.explanation import explain, find_sight
from inkseq.evaluate.scoring import evaluate
from inkseq.families import CnnConfig, PictureConfig
from inkseq.inference.ask import answer
from inkseq.inference.runs import Run
from inkseq.models.pictured import Pictured
from inkseq.models.zoo import make_model
from tests.scans import CLASSES, pack_scans
from tests.train.tiny import run, tiny

CPU = torch.device("cpu")
INK = CnnConfig(channels=[4, 6], picture=PictureConfig(size=32, channels=["ink"]))


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> PackedImages:
    data = open_packed(pack_scans(tmp_path_factory.mktemp("asked") / "scans", {"train": 60, "val": 12, "test": 24}))
    assert isinstance(data, PackedImages)
    return data


def recogniser(data: PackedImages, model: CnnConfig = INK) -> Run:
    """Of no use, but it tells images apart."""
    torch.manual_seed(0)
    return Run(data.path, tiny(data.path, data.path, model=model), CLASSES, make_model(model, len(CLASSES)).eval(), 0)


def look(run: Run) -> Pictured:
    assert isinstance(run.model, Pictured)
    return run.model


def target(model: Pictured, images: Input, shown: Tensor, k: int) -> float:
    with torch.no_grad():
        logits_BK = model.head(model.read(images, (shown,)))
    return float(logits_BK[0, k] - logits_BK[0].mean())


def test_pixels_credits_add_up_to_what_the_target_rose_by(scanned: PackedImages) -> None:
    model = look(recogniser(scanned))
    images = pick(scanned, np.arange(3))
    assert isinstance(images, Images)
    credit_BT, gap_B = integrated_gradients(model, images, torch.tensor([0, 2, 1]))
    assert credit_BT.shape == (3, 32 * 32)
    assert not credit_BT[images.ink_BYX.flatten(1) == 0].any(), "paper is worth nothing"
    for b, k in enumerate([0, 2, 1]):
        one = Images(images.ink_BYX[b : b + 1])
        (ink,) = model.show(one)
        rise = target(model, one, ink, k) - target(model, one, 0 * ink, k)
        assert float(gap_B[b]) <= ENOUGH
        assert float(credit_BT[b].sum()) == pytest.approx(rise, abs=1.1 * ENOUGH * max(abs(rise), SMALL_RISE))


def test_images_are_explained_in_the_order_they_are_asked_for(scanned: PackedImages) -> None:
    run, drawings = recogniser(scanned), load_once(scanned, "test", CPU)
    position_N, target_N = np.array([5, 0, 3, 5, 1, 7]), np.array([0, 1, 2, 1, 0, 2])
    for one, position, k in zip(explain(run, drawings, position_N, target_N), position_N, target_N, strict=True):
        images = pick(scanned, np.array([drawings.first + position]))
        assert one.probability == pytest.approx(float(answer(run.model, images).softmax(1)[0, k]), abs=1e-5)
        assert one.without == []
        alone_BT, _ = integrated_gradients(look(run), images, torch.tensor([int(k)]))
        assert one.credit is not None
        np.testing.assert_allclose(one.credit, alone_BT.view(32, 32), rtol=0, atol=1e-5)
        assert one.heat is not None


@pytest.mark.parametrize("size", [32, 48])
def test_the_heats_cells_lie_over_the_pixels_they_saw(scanned: PackedImages, size: int) -> None:
    model = look(recogniser(scanned, replace(INK, picture=PictureConfig(size=size, channels=["ink"]))))
    images = Images(torch.rand(1, size, size, requires_grad=True))
    sight = find_sight(model, images)
    assert sight is not None
    (num_cells,) = set(grad_cam(model, sight, images, torch.tensor([0])).shape[1:])
    y, x = num_cells // 2, num_cells // 2 + 1
    seen: list[Tensor] = []
    hook = sight.layer.register_forward_hook(lambda *given: seen.append(given[2]))
    model.read(images, (images.ink_BYX[:, None],))
    hook.remove()
    (gradient_BYX,) = torch.autograd.grad(seen[0][0, :, y, x].abs().sum(), images.ink_BYX)
    for axis, cell in ((0, y), (1, x)):
        at_N = gradient_BYX[0].abs().sum(1 - axis).nonzero()[:, 0]
        middle = 0.5 + sight.low + (cell + 0.5) / num_cells * (sight.high - sight.low)  # as a share of the image
        assert middle * size == pytest.approx(float(at_N.min() + at_N.max() + 1) / 2, abs=1e-4)


def test_images_stay_in_their_file(scanned: PackedImages) -> None:
    drawings = load_once(scanned, "test", CPU)
    assert "memory-mapped" in drawings.where
    images, *_ = drawings.gather(np.array([2, 0]), 1)
    let_go(scanned.images)
    assert isinstance(images, Images)
    first = scanned.split("test").start
    np.testing.assert_array_equal(images.ink_BYX, scanned.images[[first + 2, first]] / np.float32(255))


MORE = CnnConfig(channels=[4, 6], picture=PictureConfig(size=32, channels=["ink", "order"]))


@pytest.mark.parametrize("model", [MORE, None], ids=["shown more than ink", "of strokes"])
def test_images_are_refused_by_who_needs_strokes(
    packed: Path, scanned: PackedImages, tmp_path: Path, model: CnnConfig | None
) -> None:
    run(tiny(packed, tmp_path, duration="1 steps", **({"model": model} if model else {})))
    config = EvaluateConfig(run=str(tmp_path / "run"), data=str(scanned.path))
    with pytest.raises(UserError, match=r"holds images, which are ink alone; .*run needs data= of strokes"):
        evaluate_command(config)
    assert not list((tmp_path / "run").glob("evaluation-*"))


def test_drawings_are_drawn_for_a_run_of_images(packed: Path, scanned: PackedImages) -> None:
    strokes = open_packed(packed)
    asked = replace(recogniser(scanned), classes=strokes.classes)
    assert evaluate(asked, strokes, "test", CPU).compute()["count"] == len(strokes.split("test"))
