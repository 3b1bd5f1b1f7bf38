"""Models that see a picture: the one promise, a lone drawing in training, and weights that are kept."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from inkseq.errors import UserError
from inkseq.families import CharCnnConfig, CnnConfig, ImageConfig, MobileNetConfig, ModelConfig, Order, PictureConfig
from inkseq.models.contract import Model, explainable
from inkseq.models.picture import CHANNELS
from inkseq.models.zoo import make_model
from tests.models.scribbles import pad, scribbles

PICTURE = PictureConfig(size=32, channels=list(CHANNELS))
FAMILIES: dict[str, ModelConfig] = {
    "cnn": CnnConfig(picture=PICTURE, channels=[8, 12, 16]),
    "mobilenet": MobileNetConfig(picture=PICTURE, width=0.1, hidden=16),
    "charcnn": CharCnnConfig(picture=PICTURE, width=8, most=16, hidden=16),
    "charcnn-bn-relu": CharCnnConfig(picture=PICTURE, width=8, most=8, order=Order.bn_relu, hidden=16),
    "image-efficientnet": ImageConfig(picture=PICTURE, backbone="test_efficientnet"),  # batch norm, squeeze and excite
    "image-convnext": ImageConfig(picture=PICTURE, backbone="test_convnext"),  # layer norm
    "image-vit": ImageConfig(picture=PICTURE, backbone="test_vit"),  # attention
}
LENGTHS = [7, 1, 12, 2, 5]
each_family = pytest.mark.parametrize("family", FAMILIES)


def made(family: str) -> Model:
    """In evaluation, with statistics of some drawings and weights that tell drawings apart, however deep it is."""
    torch.manual_seed(0)
    model = make_model(FAMILIES[family], 4)
    assert isinstance(model.head, nn.Linear)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    with torch.no_grad():
        for _ in range(16):
            model(pad(scribbles(list(range(2, 18)))))
        model.head.weight.mul_(2)
    return model.eval()


@each_family
def test_logits_are_the_same_alone_in_a_batch_and_with_more_padding(family: str) -> None:
    model, drawings = made(family), scribbles(LENGTHS)
    countries_B = torch.tensor([0, 5, 676, 0, 17])
    with torch.no_grad():
        alone_BK = torch.cat(
            [model(pad([rows])._replace(country_B=one[None])) for rows, one in zip(drawings, countries_B, strict=True)]
        )
        assert alone_BK.std(dim=0).max() > 1e-2, "logits that hardly differ prove nothing"
        for more in (0, 30):
            together_BK = model(pad(drawings, more)._replace(country_B=countries_B))
            torch.testing.assert_close(together_BK, alone_BK, rtol=0, atol=1e-5)


@each_family
def test_what_is_read_of_what_is_shown_is_what_it_says(family: str) -> None:
    model, drawings = made(family), pad(scribbles(LENGTHS))
    able = explainable(model)
    assert able is not None
    shown = able.show(drawings)
    torch.testing.assert_close(able.head(able.read(drawings, shown)), model(drawings), rtol=0, atol=1e-5)
    share_BT = able.share_out(drawings, (torch.ones_like(shown[0]),))
    assert share_BT.shape == drawings.pen_BT.shape
    assert share_BT[1, 0] > 0
    assert not share_BT[1, 1:].any()


@each_family
def test_a_lone_drawing_is_learnt_from_and_changes_no_statistics(family: str) -> None:
    model, lone = made(family).train(), pad(scribbles([6]))
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    loss = model(lone).square().sum()
    loss.backward()
    assert all(module.training for module in model.modules())
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.named_buffers())
    assert isinstance(model.head, nn.Linear)
    assert model.head.weight.grad is not None
    assert model.head.weight.grad.any()
    torch.testing.assert_close(loss, model.eval()(lone).square().sum())


@each_family
def test_weights_are_all_that_there_is_to_keep(family: str) -> None:
    model, drawings = made(family), pad(scribbles(LENGTHS))
    torch.manual_seed(7)
    other = make_model(FAMILIES[family], 4).eval()
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(drawings), model(drawings))


@each_family
def test_the_same_seed_makes_the_same_weights(family: str) -> None:
    states = []
    for _ in range(16):
        torch.manual_seed(3)
        states.append(make_model(FAMILIES[family], 4).state_dict())
        states[-1]["the next number"] = torch.rand(1)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@each_family
def test_it_takes_as_long_over_one_drawing_as_over_another(family: str) -> None:
    assert made(family).num_steps(np.array([1, 50, 10_000])).tolist() == [32, 32, 32]


@pytest.mark.parametrize(
    ("family", "settings", "said"),
    [
        ("cnn", {"channels": [8]}, r"model.channels: two stages or more"),
        ("cnn", {"channels": [2] * 6}, r"model.channels: 6 stages need 64 pixels a side"),
        ("cnn", {"dropout": 1.0}, r"model.dropout=1.0: expected a probability"),
        ("mobilenet", {"width": 0.01}, r"model.width must be from 0.05 to 4, model.hidden 1 or more"),
        ("mobilenet", {"hidden": 0}, r"model.hidden 1 or more"),
        ("mobilenet", {"dropout": -0.1}, r"model.dropout=-0.1: expected a probability"),
        ("charcnn", {"width": 17}, r"model.width must be from 1 to model.most"),
        ("charcnn", {"width": 1, "most": 64}, r"model.width=1, doubled up to 64, needs 128 pixels a side"),
        ("charcnn", {"dropout": 2.0}, r"model.dropout=2.0: expected a probability"),
        ("image-vit", {"dropout": 1.5}, r"model.dropout=1.5: expected a probability"),
    ],
)
def test_what_can_be_no_network_is_refused(family: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        make_model(replace(FAMILIES[family], **settings), 4)
