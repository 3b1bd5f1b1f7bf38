"""Models that answer together: what they say, how they learn, and that each is its own."""

from typing import Any

import pytest
import torch

from inkseq.cli import compose_config
from inkseq.config import TrainConfig, plain
from inkseq.errors import UserError
from inkseq.evaluate.attribution import integrated_gradients
from inkseq.families import FusionConfig
from inkseq.inference.ask import differentiable
from inkseq.models.contract import explainable
from inkseq.models.fusion import Fusion
from inkseq.models.zoo import make_model
from inkseq.train.learner import judge
from tests.models.scribbles import pad, scribbles

SEEN = {"name": "cnn", "preset": "cnn", "picture": {"size": 32}, "channels": [8, 12], "dropout": 0.0}
READ = {"preset": "reader", "channels": [8], "kernels": [3], "canvas": 0, "hidden": 8, "layers": 1, "dropout": 0.0}
LENGTHS = [7, 1, 12, 2, 5]


def made(**members: dict[str, Any]) -> Fusion:
    torch.manual_seed(0)
    model = make_model(FusionConfig(members=members or {"seen": SEEN, "read": READ}), 4)
    assert isinstance(model, Fusion)
    return model.eval()


def test_it_says_the_mean_of_what_its_members_say() -> None:
    model, drawings = made(), pad(scribbles(LENGTHS))
    expected_BK = torch.stack([part(drawings) for part in model.parts]).mean(0)
    torch.testing.assert_close(model(drawings), expected_BK)


def test_logits_are_the_same_alone_in_a_batch_and_with_more_padding() -> None:
    model, drawings = made(), scribbles(LENGTHS)
    with torch.no_grad():
        alone_BK = torch.cat([model(pad([rows])) for rows in drawings])
        torch.testing.assert_close(model(pad(drawings, more=30)), alone_BK, rtol=0, atol=1e-5)


def test_each_member_learns_as_if_it_were_alone() -> None:
    model, drawings, label_B = made(), pad(scribbles(LENGTHS)), torch.tensor([0, 1, 2, 3, 0])
    judge(model.answers(drawings), label_B, 1.0, smoothing=0.1).backward()  # type: ignore[no-untyped-call]
    for part in model.parts:
        found = [p.grad.clone() for p in part.parameters() if p.grad is not None]
        part.zero_grad()
        judge(part.answers(drawings), label_B, 0.5, smoothing=0.1).backward()  # type: ignore[no-untyped-call]
        for one, alone in zip(found, (p.grad for p in part.parameters() if p.grad is not None), strict=True):
            torch.testing.assert_close(one, alone)


def test_credits_of_all_members_add_up() -> None:
    model, drawings = made(), pad(scribbles(LENGTHS))
    telling = explainable(model)
    assert telling is not None
    with differentiable(model):
        credit_BT, gap_B = integrated_gradients(telling, drawings, torch.tensor([0, 1, 2, 3, 0]))
    assert gap_B.max() < 0.02
    assert credit_BT.abs().sum() > 0


def test_a_member_that_cannot_be_explained_leaves_none_explained() -> None:
    model = made()
    vars(model.parts[0])["share_out"] = None
    assert explainable(model) is None


def test_weights_are_kept_once_and_with_their_member() -> None:
    names = set(made().state_dict())
    assert {name for name in names if not name.startswith("members.")} == {"head.weight_M"}
    assert "members.1.head.weight" in names


def test_words_reach_the_members() -> None:
    to_read, to_see = "model.members.read.hidden=24", "model.members.seen.channels=[8,12]"
    words = ["data=x", "model=fusion", to_read, to_see, "model.members.read.cell=gru"]
    config = plain(compose_config(TrainConfig, words))["model"]["members"]
    assert config["read"]["hidden"] == 24
    assert config["read"]["cell"] == "gru"
    assert config["seen"]["channels"] == [8, 12]
    with pytest.raises(UserError, match=r"no setting 'model.members.raed.hidden'"):
        compose_config(TrainConfig, ["model=fusion", "model.members.raed.hidden=24"])
    with pytest.raises(UserError, match="hiden"):
        compose_config(TrainConfig, ["model=fusion", "model.members.read.hiden=24"])


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"seen": SEEN}, "a fusion is of two or more"),
        ({"seen": SEEN, "read": READ | {"hiden": 3}}, "hiden"),
        ({"seen": SEEN, "read": {"name": "nobody"}}, "model.name=nobody"),
        ({"seen": SEEN, "other": {"name": "mobilenet", "width": 100}}, "model.width"),
    ],
)
def test_what_is_no_member_is_refused(members: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        made(**members)


def test_it_sees_images_where_all_its_members_do() -> None:
    picture = {"name": "mobilenet", "picture": {"size": 32}, "width": 0.1, "hidden": 16}
    assert made(seen=SEEN, other=picture).sees_images
    assert not made().sees_images
