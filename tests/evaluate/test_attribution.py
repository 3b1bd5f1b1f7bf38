"""Credit against a slow and obvious sum, drawings without a stroke against the same made by hand, heat by hand."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.resident import Drawings
from inkseq.drawings.padded import Strokes, pad_together
from inkseq.drawings.pixels import of_strokes, put_on
from inkseq.drawings.raster import cover, trace
from inkseq.drawings.strokes import flatten, unflatten
from inkseq.evaluate.attribution import ENOUGH, SMALL_RISE, Shown, grad_cam, integrated_gradients, walk
from inkseq.evaluate.explanation import explain, explain_batch, without_each_stroke
from inkseq.families import Cell, HybridConfig, Layout, ModelConfig
from inkseq.inference.ask import differentiable
from inkseq.inference.runs import Run
from inkseq.models.canvas import locate
from inkseq.models.contract import Explainable, Model
from inkseq.models.dabs import BREADTH, cells, measure_steps, nearness, share_out, spread_ink
from inkseq.models.hybrid import Hybrid
from inkseq.models.pictured import Pictured
from inkseq.models.rows import to_sequence
from inkseq.models.zoo import make_model
from tests.gpu import needs_gpu
from tests.models.scribbles import SMALL_CNN, SMALL_MOBILENET, looking, pad, say_of_rows, scribbles, small
from tests.train.tiny import tiny

LENGTHS = [7, 1, 12, 2]
TARGET_B = torch.tensor([0, 3, 1, 2])
EYES = {"canvas": 16, "canvas_channels": [4, 6, 8], "fold": 2}
Kind = dict[str, object] | ModelConfig  # of a model that reads, of one that looks
KINDS: list[Kind] = [{"cell": cell} | eyes for cell, eyes in product(Cell, ({}, EYES))]
KINDS += [SMALL_CNN, SMALL_MOBILENET]


def name(kind: Kind) -> str:
    return kind.name if isinstance(kind, ModelConfig) else str(kind)


def make(kind: Kind) -> Hybrid | Pictured:
    return looking(kind) if isinstance(kind, ModelConfig) else small(**kind)


def look(model: Explainable, drawings: Strokes, target_B: Tensor) -> Tensor:
    sight = model.sight()
    assert sight is not None
    return grad_cam(model, sight, drawings, target_B)


def target(logits_K: Tensor, k: int) -> Tensor:
    return logits_K[k] - logits_K.mean()


def risen(model: Hybrid | Pictured, rows_T3: Tensor, k: int) -> float:
    """By how much the target of one drawing is higher than that of nothing."""
    drawings = pad([rows_T3])
    with torch.no_grad():
        nothing = tuple(0 * part for part in model.show(drawings))
        logits_BK = model.head(model.read(drawings, nothing))
        return float(target(model(drawings)[0], k) - target(logits_BK[0], k))


def credit_by_hand(model: Hybrid | Pictured, rows_T3: Tensor, k: int, steps: int) -> Tensor:
    """Each point's credit by the middles of as many equal steps."""
    drawings = pad([rows_T3])
    shown = model.show(drawings)
    means = [torch.zeros_like(part) for part in shown]
    for step in range(steps):
        parts = tuple(((step + 0.5) / steps * part).requires_grad_() for part in shown)
        logits_BK = model.head(model.read(drawings, parts))
        for mean, gradient in zip(means, torch.autograd.grad(target(logits_BK[0], k), parts), strict=True):
            mean += gradient / steps
    if isinstance(model, Pictured):
        return share_pixels_by_hand(model, drawings, (means[0] * shown[0])[0].sum(0))
    credit_T = (means[0] * shown[0])[0].sum(1)
    for mean, picture_BKYX in zip(means[1:], shown[1:], strict=True):
        credit_T += share_by_hand((mean * picture_BKYX)[0].sum(0), rows_T3)
    return credit_T


def share_pixels_by_hand(model: Pictured, drawings: Strokes, cell_YX: Tensor) -> Tensor:
    """Pixel by pixel: the lines that cover it, and how much each does."""
    picture = model.picture
    cover_TQ = cover(trace(drawings, picture.size, picture.margin), picture.line, picture.size)[0].flatten(1)
    share_T = torch.zeros(len(cover_TQ))
    for cell, cover_T in zip(cell_YX.flatten(), cover_TQ.T, strict=True):
        share_T += cell * cover_T / cover_T.sum().clamp(min=1e-9)
    return share_T


def share_by_hand(cell_YX: Tensor, rows_T3: Tensor) -> Tensor:
    """Cell by cell: the dabs that left ink in it, and what each of them left."""
    place_BT2, pen_BT, mask_BT = locate(rows_T3[None]), rows_T3[None, :, 2], torch.ones(1, len(rows_T3))
    dab_B2D, *_ = spread_ink(place_BT2, pen_BT, mask_BT)
    ink_T = measure_steps(place_BT2, pen_BT, mask_BT)[1][0].cumsum(0)
    num_dabs, share_T = dab_B2D.shape[2], torch.zeros(len(rows_T3))
    ends_D = [int((ink_T < (d + 0.5) / num_dabs * ink_T[-1]).sum()) for d in range(num_dabs)]
    x_DX, y_DY = nearness(cells(dab_B2D, len(cell_YX)), len(cell_YX), BREADTH)[0]
    for y, x in product(range(len(cell_YX)), repeat=2):
        ink_D = x_DX[:, x] * y_DY[:, y]
        for d in ink_D.nonzero()[:, 0].tolist():
            share_T[ends_D[d]] += cell_YX[y, x] * ink_D[d] / ink_D.sum()
    return share_T


@pytest.mark.parametrize("kind", KINDS, ids=name)
def test_credits_add_up_to_what_the_target_rose_by(kind: Kind) -> None:
    model, drawings = make(kind), scribbles(LENGTHS)
    credit_BT, gap_B = integrated_gradients(model, pad(drawings, more=3), TARGET_B)
    for credit_T, gap, rows_T3, k in zip(credit_BT, gap_B, drawings, TARGET_B.tolist(), strict=True):
        rise = risen(model, rows_T3, k)
        assert float(gap) <= ENOUGH
        assert float(credit_T.sum()) == pytest.approx(rise, abs=1.1 * ENOUGH * max(abs(rise), SMALL_RISE))


@pytest.mark.parametrize("kind", KINDS, ids=name)
def test_credits_are_the_same_alone_and_in_a_batch_and_padding_has_none(kind: Kind) -> None:
    model, drawings = make(kind), scribbles(LENGTHS)
    credit_BT, gap_B = integrated_gradients(model, pad(drawings, more=3), TARGET_B)
    for credit_T, gap, rows_T3, k in zip(credit_BT, gap_B, drawings, TARGET_B, strict=True):
        alone_BT, alone_B = integrated_gradients(model, pad([rows_T3]), k[None])
        torch.testing.assert_close(credit_T[: len(rows_T3)], alone_BT[0], rtol=0, atol=1e-5)
        torch.testing.assert_close(gap, alone_B[0], rtol=0, atol=1e-4)
        assert not credit_T[len(rows_T3) :].any()


@pytest.mark.parametrize("kind", [{}, EYES, EYES | {"cell": Cell.attention}, SMALL_CNN, SMALL_MOBILENET], ids=name)
def test_credits_are_those_of_many_equal_steps(kind: Kind) -> None:
    model, (*_, rows_T3, _) = make(kind), scribbles(LENGTHS)
    enough = 0.0005  # their sum can be right before each of them is
    credit_BT, _ = integrated_gradients(model, pad([rows_T3]), TARGET_B[2:3], enough=enough)
    by_hand_T = credit_by_hand(model, rows_T3, int(TARGET_B[2]), steps=400)
    assert float((credit_BT[0] - by_hand_T).abs().sum()) < 0.02 * float(by_hand_T.abs().sum())


def test_what_credits_miss_is_said() -> None:
    model, drawings = small(**EYES), scribbles(LENGTHS)
    credit_BT, gap_B = integrated_gradients(model, pad(drawings), TARGET_B, pieces=(1, 0))  # none is halved
    assert float(gap_B.max()) > 0.1
    for credit_T, gap, rows_T3, k in zip(credit_BT, gap_B, drawings, TARGET_B.tolist(), strict=True):
        rise = risen(model, rows_T3, k)
        missed = abs(float(credit_T.sum()) - rise) / max(abs(rise), SMALL_RISE)
        assert float(gap) == pytest.approx(missed, rel=1e-2, abs=1e-4)


def test_a_few_drawings_at_a_time_find_the_same() -> None:
    model, batch = small(**EYES), pad(scribbles(LENGTHS))
    shown = Shown(batch, TARGET_B, model.show(batch))
    place_BN = torch.linspace(0, 1, 5).expand(len(LENGTHS), -1)
    whole = walk(model, shown, place_BN)
    for few, all_of_them in zip(walk(model, shown, place_BN, most_points=40), whole, strict=True):
        torch.testing.assert_close(few, all_of_them, rtol=0, atol=1e-5)


def test_a_model_is_left_as_it_was_and_has_no_dropout_meanwhile() -> None:
    batch = pad(scribbles(LENGTHS))
    model = small(**EYES, dropout=0.5, conv_dropout=0.5)
    expected_BT, _ = integrated_gradients(model, batch, TARGET_B)
    heat_BYX = look(model, batch, TARGET_B)
    model.train().head.requires_grad_(False)
    with differentiable(model):
        torch.testing.assert_close(integrated_gradients(model, batch, TARGET_B)[0], expected_BT, rtol=0, atol=1e-6)
        torch.testing.assert_close(look(model, batch, TARGET_B), heat_BYX, rtol=0, atol=1e-6)
    assert all(module.training for module in model.modules())
    assert all(
        p.grad is None and p.requires_grad == (not name.startswith("head")) for name, p in model.named_parameters()
    )


@needs_gpu
@pytest.mark.parametrize("kind", KINDS, ids=name)
def test_a_gpu_gives_the_same_credits(kind: Kind) -> None:
    model, drawings = make(kind), pad(scribbles(LENGTHS))
    credit_BT, _ = integrated_gradients(model, drawings, TARGET_B)
    with differentiable(model.cuda()):
        on_gpu_BT, _ = integrated_gradients(model, put_on(drawings, torch.device("cuda")), TARGET_B.cuda())
    assert float((on_gpu_BT.cpu() - credit_BT).abs().sum()) < 0.05 * float(credit_BT.abs().sum())


def test_recurrent_layers_have_a_way_back_at_rest() -> None:
    with differentiable(small()):
        assert not torch.backends.cudnn.enabled, "cuDNN's have none in evaluation"
    assert torch.backends.cudnn.enabled


def test_what_cells_hold_goes_to_whose_ink_is_in_them() -> None:
    (rows_T3,), size = scribbles([9]), 11

    def share(cell_BYX: Tensor, rows_BT3: Tensor) -> Tensor:
        return share_out(cell_BYX, locate(rows_BT3), rows_BT3[:, :, 2], torch.ones(rows_BT3.shape[:2]).bool())

    cell_BYX = torch.randn(1, size, size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        share(cell_BYX, rows_T3[None])[0], share_by_hand(cell_BYX[0], rows_T3), rtol=0, atol=1e-4
    )
    line_BT3 = torch.tensor([[[0, 0, 0], [1.0, 0, 1]]])  # across the middle
    cell_BYX = torch.zeros(1, size, size)
    cell_BYX[0, 0, 0] = 1
    assert not share(cell_BYX, line_BT3).any(), "nobody's ink"
    cell_BYX[0, size // 2, 5] = 2
    torch.testing.assert_close(share(cell_BYX, line_BT3), torch.tensor([[0.0, 2.0]]))


def test_heat_is_what_the_first_layer_saw_times_its_gradient() -> None:
    model, drawings = small(**EYES), pad(scribbles(LENGTHS))
    heat_BYX = look(model, drawings, TARGET_B)
    assert heat_BYX.shape == (4, 8, 8)
    assert heat_BYX.amin() >= 0
    assert (heat_BYX.amax((1, 2)) == 1).all()

    assert model.canvas is not None
    _, picture_BKYX = model.show(drawings)
    edges_BCYX = model.get_submodule("canvas.near.0")(picture_BKYX).detach().requires_grad_()
    model.canvas.near[0] = Answer(edges_BCYX)
    chosen_B = model(drawings).gather(1, TARGET_B[:, None]) - model(drawings).mean(1, keepdim=True)
    (gradient_BCYX,) = torch.autograd.grad(chosen_B.sum(), edges_BCYX)
    expected_BYX = (gradient_BCYX * edges_BCYX).sum(1).clamp(min=0).detach()
    torch.testing.assert_close(heat_BYX, expected_BYX / expected_BYX.amax((1, 2), keepdim=True))


class Answer(nn.Module):
    """Says the same to everything."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> Tensor:
        return self.answer


def test_hooks_do_not_stay_whatever_happens() -> None:
    model, batch = small(**EYES), pad(scribbles(LENGTHS))
    look(model, batch, TARGET_B)
    with pytest.raises(RuntimeError), differentiable(model.train()):
        look(model, batch, TARGET_B + 4)  # there is no such class
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training
    assert torch.backends.cudnn.enabled
    assert small().sight() is None


@pytest.mark.parametrize("size", [15, 16, 48])
def test_the_heats_cells_lie_over_what_they_saw(size: int) -> None:
    model = small(**EYES | {"canvas": size})
    (num_cells,) = set(look(model, pad(scribbles(LENGTHS)), TARGET_B).shape[1:])
    sight = model.sight()
    assert sight is not None
    _, low, high = sight
    middle_N = low + (torch.arange(num_cells) + 0.5) / num_cells * (high - low)
    assert model.canvas is not None
    picture = torch.zeros(1, 5, size, size, requires_grad=True)
    y, x = 3, num_cells - 2
    model.get_submodule("canvas.near.0.0")(picture)[0, :, y, x].sum().backward()
    assert picture.grad is not None
    y_N, x_N = picture.grad[0].abs().sum(0).nonzero(as_tuple=True)
    seen_2 = torch.tensor([float(at_N.min() + at_N.max()) / 2 for at_N in (y_N, x_N)])
    torch.testing.assert_close(cells(middle_N[[y, x]], size), seen_2, rtol=0, atol=1e-4)


def recogniser(packed: Path, **model: object) -> tuple[Run, PackedStrokes, Drawings]:
    """Of no use, but it tells drawings apart."""
    data, config = open_strokes(packed), tiny(packed, packed)
    config.model = replace(HybridConfig(channels=[8], kernels=[3], hidden=6, layers=1), **model)  # type: ignore[arg-type]
    torch.manual_seed(0)
    trained = make_model(config.model, len(data.classes)).eval()
    with torch.no_grad():
        for weight in (p for p in trained.parameters() if p.ndim > 1):
            weight.mul_(2)
    return Run(packed, config, data.classes, trained, 0), data, load_split(data, "test", torch.device("cpu"))


def probability_by_hand(run: Run, strokes: list[list[list[int]]], k: int) -> float:
    assert isinstance(run.model, Hybrid)
    sequence_T3 = torch.from_numpy(to_sequence(*flatten(strokes), run.model.layout))
    return float(say_of_rows(run.model, sequence_T3).softmax(0)[k])


@pytest.mark.parametrize("kind", [EYES, {}, {"layout": Layout.tutorial}], ids=str)
def test_drawings_are_explained_in_the_order_they_are_asked_for(packed: Path, kind: dict[str, object]) -> None:
    run, data, drawings = recogniser(packed, **kind)
    index_N = np.array([5, 0, 3, 5, 1])
    target_N = np.array([0, 1, 2, 1, 0])
    explained = explain(run, drawings, index_N, target_N, at_a_time=3)
    strokes_of_all = of_strokes(drawings.gather(index_N, int(drawings.length_N.max()))[0])
    without = without_each_stroke(run.model, strokes_of_all, torch.from_numpy(target_N), most_points=200)
    for one, few_at_a_time in zip(explained, without, strict=True):
        assert one.without == pytest.approx(few_at_a_time, abs=1e-5)
    for one, index, k in zip(explained, index_N.tolist(), target_N.tolist(), strict=True):
        points, pen = data.drawing(drawings.first + index)
        strokes = unflatten(points, pen)
        assert one.probability == pytest.approx(probability_by_hand(run, strokes, k), abs=1e-5)
        rests = [strokes[:s] + strokes[s + 1 :] for s in range(len(strokes))] if len(strokes) > 1 else []
        assert one.without == pytest.approx([probability_by_hand(run, rest, k) for rest in rests], abs=1e-5)
        assert one.gap <= ENOUGH
        assert isinstance(run.model, Hybrid)
        alone = pad_together([(points, pen)])
        credit_BT, _ = integrated_gradients(run.model, alone, torch.tensor([k]))
        assert one.credit is not None
        assert one.credit.shape == (len(points),)
        np.testing.assert_allclose(one.credit, credit_BT[0, : len(points)], rtol=0, atol=1e-5)
        assert (one.heat is not None) == ("canvas" in kind)
        if "layout" in kind:
            assert one.credit[0] == 0, "its row is left out"
            assert one.credit[1:].any()


def test_a_model_that_cannot_tell_which_points_mattered_says_the_rest() -> None:
    model, drawings = Mute(small()), pad(scribbles(LENGTHS))
    telling = explain_batch(small(), drawings, TARGET_B)
    for one, told in zip(explain_batch(model, drawings, TARGET_B), telling, strict=True):
        assert (one.credit, one.heat, one.gap) == (None, None, 0.0)
        assert (one.probability, one.without) == (told.probability, told.without)


class Mute(Model):
    """A model that answers and no more."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model, self.head = model, model.head

    def features(self, drawings: Strokes) -> Tensor:
        return self.model.features(drawings)


def test_without_a_drawings_only_stroke_there_is_no_drawing() -> None:
    xy_BT2 = torch.tensor([[[0.0, 0.0], [255.0, 100.0], [30.0, 9.0]]])
    one_stroke = Strokes(xy_BT2, torch.tensor([[False, False, True]]), torch.tensor([3]), torch.tensor([0]))
    assert without_each_stroke(small(), one_stroke, torch.tensor([0])) == [[]]
