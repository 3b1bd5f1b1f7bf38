"""What is drawn how often and weighs how much: the loss is the whole batch's, and a run is as long as it says."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from inkseq.config import ConvertConfig, Sampling, TrainConfig
from inkseq.convert.conversion import convert
from inkseq.data.batches import Batches, make_batch
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.sampling import make_sampler
from inkseq.devices import ALONE
from inkseq.errors import UserError
from inkseq.families import HybridConfig
from inkseq.models.contract import Answers
from inkseq.train.learner import Learner, judge
from inkseq.train.schedule_picture import plan_run
from tests.samples import random_lines
from tests.train.tiny import run, tiny

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PackedStrokes:
    """96 train drawings of each of three classes, of which the game did not recognise a tenth."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "raw.ndjson").write_bytes(b"".join(random_lines(360)))
    convert(ConvertConfig(raw=[str(folder / "raw.ndjson")], out=str(folder / "packed"), workers=1))
    return open_strokes(folder / "packed")


def make_learner(config: TrainConfig, data: PackedStrokes) -> Learner:
    return Learner(config, data.classes, CPU, torch.float32, ALONE)


def first_step(
    config: TrainConfig, data: PackedStrokes, micro_batch: int | None, world: int
) -> tuple[Tensor, list[Tensor]]:
    """Loss and gradients of a step in groups, averaged over ranks as they would average them."""
    drawings, sampler = load_split(data, "train", CPU), make_sampler(config, data)
    losses, gradients = [], []
    for rank in range(world):
        batches = Batches(drawings, 32, 0, micro_batch=micro_batch, rank=rank, world=world, sampler=sampler)
        learner = make_learner(config, data)
        losses.append(torch.stack([learner._add_gradients(*group) for group in batches.step(0)]).sum())
        gradients.append([weights.grad for weights in learner.model.parameters() if weights.grad is not None])
    return torch.stack(losses).mean(0), [torch.stack(one).mean(0) for one in zip(*gradients, strict=True)]


@pytest.mark.parametrize("world", [1, 3])
@pytest.mark.parametrize("micro_batch", [None, 1, 5])
@pytest.mark.parametrize("unrecognized", [1.0, 0.3])
def test_loss_and_gradients_are_those_of_the_batch_in_one(
    data: PackedStrokes, unrecognized: float, micro_batch: int | None, world: int
) -> None:
    model = HybridConfig(channels=[6], kernels=[3], hidden=6, layers=1)
    config = tiny(data.path, Path(), model=model, unrecognized=unrecognized, label_smoothing=0.2)
    loss, gradients = first_step(config, data, micro_batch, world)

    drawings, learner = load_split(data, "train", CPU), make_learner(config, data)
    at_B = Batches(drawings, 32, 0).groups(0)
    whole = make_batch(drawings, torch.cat([torch.from_numpy(group) for group in at_B]).numpy())
    recognized_B = torch.from_numpy(data.recognized[whole.index_B.numpy()])
    assert 0 < int(recognized_B.sum()) < 32
    weight_B = torch.where(recognized_B, 1.0, unrecognized)
    logits_BK = learner.model(whole.drawings)
    loss_B = cross_entropy(logits_BK, whole.label_B, reduction="none", label_smoothing=0.2)
    expected = (weight_B * loss_B).sum() / weight_B.sum()
    expected.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss, expected.detach())
    for gradient, weights in zip(gradients, learner.model.parameters(), strict=True):
        torch.testing.assert_close(gradient, weights.grad, atol=1e-6, rtol=1e-4)


def test_an_answer_counts_as_its_drawing_and_its_weight_say() -> None:
    logits_MK, drawing_M, weight_M = torch.randn(3, 5), torch.tensor([4, 0, 4]), torch.tensor([2.0, 3.0, 1.0])
    label_B, share_B = torch.tensor([0, 1, 2, 3, 4, 0]), torch.tensor([0.1, 0.2, 0.05, 0.15, 0.2, 0.3])
    answers = Answers(logits_MK, drawing_M, weight_M)
    loss_M = cross_entropy(logits_MK, torch.tensor([4, 0, 4]), label_smoothing=0.1, reduction="none")
    torch.testing.assert_close(judge(answers, label_B, 0.6, 0.1), 0.1 * (weight_M @ loss_M))
    torch.testing.assert_close(judge(answers, label_B, share_B, 0.1), torch.tensor([0.4, 0.3, 0.2]) @ loss_M)


def test_where_all_weigh_the_same_nothing_changes(data: PackedStrokes) -> None:
    drawings = load_split(data, "train", CPU)
    plain = Batches(drawings, 32, 0)
    asked = Batches(drawings, 32, 0, sampler=make_sampler(TrainConfig(unrecognized=1.0), data))
    for (one, share), (other, other_share) in zip(plain.step(3), asked.step(3), strict=True):
        assert torch.equal(one.index_B, other.index_B)
        assert isinstance(share, float)
        assert share == other_share


def test_what_was_not_recognised_is_left_out(data: PackedStrokes) -> None:
    sampler = make_sampler(TrainConfig(unrecognized=0.0, sampling=Sampling.balanced), data)
    batches = Batches(load_split(data, "train", CPU), 32, 0, sampler=sampler)
    assert len(sampler) == int(data.recognized[: len(data.split("train"))].sum()) < len(data.split("train"))
    for step in range(2 * batches.steps_per_epoch):
        for batch, share in batches.step(step):
            assert data.recognized[batch.index_B.numpy()].all()
            assert isinstance(share, float)


def test_a_run_says_how_long_an_epoch_is_and_goes_by_it(
    data: PackedStrokes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others: dict[str, Any] = {"sampling": Sampling.capped, "cap": 15, "unrecognized": 0.5, "batch_size": 8}
    config = tiny(data.path, tmp_path, duration="2 epochs", evaluate="45 drawings", **others)
    assert plan_run(config, data).total == run(config)["steps"] == 12  # 45 drawings an epoch, in 6 batches
    said = capsys.readouterr().out
    light = len(data.split("train")) - int(data.recognized[: len(data.split("train"))].sum())
    assert re.search(rf"an epoch: 45 drawings, 15 .*; {light} .* weigh 0\.5", said)
    assert "12 steps of 8 drawings, evaluated every 6" in said
    with pytest.raises(UserError, match=r"batch_size=64, but an epoch of .* has 45 drawings; try batch_size=45"):
        run(tiny(data.path, tmp_path, **(others | {"batch_size": 64})))
