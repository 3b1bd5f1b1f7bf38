"""The one promise: a drawing's logits do not depend on its batch. And the tutorial's parameter count."""

from dataclasses import replace
from itertools import product

import pytest
import torch

from inkseq.errors import UserError
from inkseq.families import FAMILIES, Activation, Cell, HybridConfig, Layout, Norm, Pooling
from inkseq.models.features import INPUTS
from inkseq.models.hybrid import Hybrid
from inkseq.models.rows import to_rows
from inkseq.models.zoo import MODELS, make_model
from tests.models.scribbles import pad, scribbles, small

LENGTHS = [7, 1, 12, 2, 5]
TUTORIAL = HybridConfig(
    inputs=["dx", "dy", "pen"],
    activation=Activation.none,
    norm=Norm.none,
    conv_dropout=0.3,
    dropout=0.3,
    pooling=Pooling.sum,
)
EVERY_KIND = list(product(Cell, Norm, Pooling))


@pytest.mark.parametrize("inputs", [["dx", "dy", "pen"], list(INPUTS)], ids=["default", "all"])
@pytest.mark.parametrize(("cell", "norm", "pooling"), EVERY_KIND)
def test_logits_are_the_same_alone_in_a_batch_and_with_more_padding(
    cell: Cell, norm: Norm, pooling: Pooling, inputs: list[str]
) -> None:
    model, drawings = small(cell=cell, norm=norm, pooling=pooling, inputs=inputs), scribbles(LENGTHS)
    with torch.no_grad():
        alone_BK = torch.cat([model(pad([rows])) for rows in drawings])
        assert alone_BK.std(dim=0).max() > 1e-2, "logits that hardly differ prove nothing"
        torch.testing.assert_close(model(pad(drawings)), alone_BK, rtol=0, atol=1e-5)
        torch.testing.assert_close(model(pad(drawings, more=30)), alone_BK, rtol=0, atol=1e-5)


@pytest.mark.parametrize("fold", [1, 2, 3])
@pytest.mark.parametrize("canvas", [0, 16])
def test_logits_are_the_same_alone_and_in_a_batch_with_eyes_and_folded(fold: int, canvas: int) -> None:
    model, drawings = small(fold=fold, canvas=canvas, canvas_channels=[4, 6, 8]), scribbles(LENGTHS)
    with torch.no_grad():
        alone_BK = torch.cat([model(pad([rows])) for rows in drawings])
        assert alone_BK.std(dim=0).max() > 1e-2, "logits that hardly differ prove nothing"
        torch.testing.assert_close(model(pad(drawings)), alone_BK, rtol=0, atol=1e-5)
        torch.testing.assert_close(model(pad(drawings, more=31)), alone_BK, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "kind",
    [
        *(dict(zip(("cell", "norm", "pooling"), kind, strict=True)) for kind in EVERY_KIND),
        {"canvas": 16, "canvas_channels": [4, 6, 8], "fold": 2},
    ],
    ids=str,
)
def test_gradients_are_the_sum_of_each_drawings_own(kind: dict[str, object]) -> None:
    model, drawings = small(**kind), scribbles(LENGTHS)
    parameters = list(model.parameters())
    together = torch.autograd.grad(model(pad(drawings, more=3)).square().sum(), parameters)
    apart = [torch.autograd.grad(model(pad([rows])).square().sum(), parameters) for rows in drawings]
    for gradient, each in zip(together, zip(*apart, strict=True), strict=True):
        total = torch.stack(each).sum(0)
        torch.testing.assert_close(gradient, total, rtol=0, atol=1e-4 * float(total.abs().max()) + 1e-6)


def test_full_size_model_is_exact_to_1e_5_among_real_lengths() -> None:
    torch.manual_seed(0)
    model, drawings = Hybrid(HybridConfig(), num_classes=345).eval(), scribbles([48, 3, 96, 20])
    with torch.no_grad():
        batch_BK = model(pad(drawings))
        for rows, logits_K in zip(drawings, batch_BK, strict=True):
            torch.testing.assert_close(model(pad([rows]))[0], logits_K, rtol=0, atol=1e-5)


def test_the_tutorial_has_its_1145337_parameters() -> None:
    assert sum(p.numel() for p in Hybrid(TUTORIAL, num_classes=345).parameters()) == 1_145_337


def test_dropout_stands_before_every_layer_but_the_first_of_its_kind() -> None:
    model = Hybrid(replace(TUTORIAL, conv_dropout=0.25), num_classes=345)
    assert [conv.get_submodule("dropout").probability for conv in model.convs] == [0, 0.25, 0.25]
    assert [rnn.get_submodule("dropout").probability for rnn in model.rnns] == [0, 0.3, 0.3]


@pytest.mark.parametrize("cell", Cell)
@pytest.mark.parametrize("norm", Norm)
def test_bfloat16_trains_and_stays_close(cell: Cell, norm: Norm) -> None:
    model, batch = small(cell=cell, norm=norm).train(), pad(scribbles(LENGTHS))
    model.apply(lambda module: setattr(module, "probability", 0.0))  # no dropout: the two must be comparable
    exact_BK = model(batch)
    with torch.autocast("cpu", torch.bfloat16):
        rough_BK = model(batch)
    assert rough_BK.dtype == torch.bfloat16
    torch.testing.assert_close(rough_BK.float(), exact_BK, rtol=0.02, atol=0.03)
    rough_BK.float().square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_a_model_without_convolutions_works() -> None:
    model, drawings = small(channels=[], kernels=[]), scribbles(LENGTHS)
    torch.testing.assert_close(model(pad(drawings))[:1], model(pad(drawings[:1])), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kernels": [5]}, "channels and kernels"),
        ({"canvas": 7}, "a canvas takes 8 cells a side and two canvas_channels"),
        ({"canvas": 48, "canvas_channels": [32]}, "a canvas takes 8 cells"),
        ({"fold": 0}, "model.fold and model.hidden must be 1 or more"),
        (
            {"channels": [0], "kernels": [5]},
            "model.canvas_channels must be 1 or more each",
        ),
        ({"canvas": 48, "layout": Layout.tutorial}, "layout=tutorial leaves out where a drawing begins"),
        ({"layers": -1}, "model.layers 0 or more"),
        ({"dropout": 1.0}, "model.dropout=1.0: expected"),
        ({"conv_dropout": -0.1}, "model.conv_dropout=-0.1: expected"),
        ({"seen_alone": 0.6, "read_alone": 0.5}, "1 together at most"),
        ({"read_alone": 1.0}, "model.read_alone=1.0: expected"),
        ({"judge_each": True, "read_alone": 0.1}, "leave out model.read_alone"),
        ({"cell": Cell.attention, "hidden": 50}, "model.hidden=50: attention needs a multiple of 16"),
    ],
    ids=str,
)
def test_what_can_be_no_network_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        small(**wrong)


@pytest.mark.parametrize("canvas", [0, 16])
def test_logits_are_the_heads_of_what_is_read_in_what_is_shown(canvas: int) -> None:
    model, drawings = small(canvas=canvas, canvas_channels=[4, 6, 8]), pad(scribbles(LENGTHS), more=2)
    with torch.no_grad():
        inputs_BTC, *picture = shown = model.show(drawings)
        features_BC = model.read(drawings, shown)
        assert torch.equal(model.head(features_BC), model(drawings))
        assert torch.equal(inputs_BTC[:, :, :3], to_rows(drawings, Layout.inkseq)[0])  # dx, dy, pen come first
        assert [part.shape for part in picture] == [(len(LENGTHS), 5, canvas, canvas)] * (canvas > 0)
        if canvas:
            unseen_BC = model.read(drawings, (inputs_BTC, 0 * picture[0]))
            assert ((features_BC - unseen_BC).abs().amax(1) > 1e-3).all(), "the picture is read, too"


EYES = {"canvas": 16, "canvas_channels": [4, 6, 8]}


def test_some_drawings_are_only_seen_and_some_only_read_while_it_learns() -> None:
    model, plain = small(**EYES, seen_alone=0.5, read_alone=0.2), small(**EYES)
    read_N, shown_N = torch.zeros(10), torch.zeros(10)
    for _ in range(1000):
        reading_R, showing_B1 = model.draw_lots(10, torch.device("cpu"))
        assert (len(reading_R), int(showing_B1.sum())) == (5, 8)
        assert set((~showing_B1[:, 0]).nonzero()[:, 0].tolist()) <= set(reading_R.tolist())  # something is left of each
        read_N[reading_R] += 1
        shown_N += showing_B1[:, 0]
    assert read_N.tolist() == pytest.approx([500] * 10, abs=80)
    assert shown_N.tolist() == pytest.approx([800] * 10, abs=65)
    for num_drawings in range(1, 9):
        assert len(small(**EYES, seen_alone=0.95).draw_lots(num_drawings, torch.device("cpu"))[0]) >= 1

    drawings = pad(scribbles(LENGTHS))
    assert torch.equal(model(drawings), plain(drawings))  # nothing of it when it has learnt
    assert not torch.equal(model.train()(drawings), model(drawings))
    small(seen_alone=0.5).train()(drawings)  # without eyes there is nothing to leave alone


def test_what_is_not_read_changes_nothing() -> None:
    """The reference reads all drawings, and multiplies by nothing what some of them say."""
    alone, still = {"seen_alone": 0.5, "read_alone": 0.3}, {"norm": Norm.layer, "dropout": 0.0, "conv_dropout": 0.0}
    model, plain = small(**EYES, **still, **alone).train(), small(**EYES, **still).train()
    drawings = pad(scribbles(LENGTHS))
    torch.manual_seed(3)
    reading_R, showing_B1 = model.draw_lots(len(LENGTHS), torch.device("cpu"))
    features_BC = plain.features(drawings)
    whole = plain.canvas.width if plain.canvas else 0
    keep_BC = torch.zeros_like(features_BC)
    keep_BC[reading_R, :-whole] = 1
    keep_BC[:, -whole:] = showing_B1.float()
    torch.manual_seed(3)
    found_BC = model.features(drawings)
    torch.testing.assert_close(found_BC, features_BC * keep_BC)
    torch.autograd.backward([found_BC.square().sum(), (features_BC * keep_BC).square().sum()])
    for (name, one), other in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, msg=name)


def test_each_view_is_judged_by_itself_too() -> None:
    """The reference takes the features of all drawings apart."""
    still = {"norm": Norm.layer, "dropout": 0.0, "conv_dropout": 0.0}
    model, plain = small(**EYES, **still, judge_each=True, seen_alone=0.5).train(), small(**EYES, **still).train()
    drawings = pad(scribbles(LENGTHS))
    torch.manual_seed(3)
    reading_R, _ = model.draw_lots(len(LENGTHS), torch.device("cpu"))
    torch.manual_seed(3)
    logits_MK, drawing_M, weight_M = model.answers(drawings)
    features_BC = plain.features(drawings)
    is_seen_C = torch.arange(features_BC.shape[1]) >= features_BC.shape[1] - (plain.canvas.width if plain.canvas else 0)
    expected = [
        plain.head(2**0.5 * features_BC * is_seen_C),
        plain.head(2**0.5 * features_BC * ~is_seen_C)[reading_R],
        plain.head(features_BC)[reading_R],
    ]
    torch.testing.assert_close(logits_MK, torch.cat(expected))
    assert drawing_M is not None
    assert weight_M is not None
    assert drawing_M.tolist() == [*range(len(LENGTHS)), *reading_R, *reading_R]
    weights = [weight_M[at : at + many].sum() for at, many in ((0, len(LENGTHS)), (len(LENGTHS), len(reading_R)))]
    torch.testing.assert_close(torch.stack(weights), torch.full((2,), len(LENGTHS) / 3))
    assert small(judge_each=True).train().answers(drawings).drawing_M is None  # without eyes there is one view


def test_every_family_has_a_network() -> None:
    assert MODELS.keys() == FAMILIES.keys()
    assert isinstance(make_model(HybridConfig(), 3), Hybrid)
