"""Classes of different size: what auto makes of them, what losses make of them, and that nothing leaks."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from inkseq.config import Loss, Sampling, TrainConfig
from inkseq.data.packed import PackedImages, open_packed
from inkseq.data.tail import name_rare
from inkseq.devices import ALONE
from inkseq.families import CharCnnConfig, PictureConfig
from inkseq.inference import checkpoint
from inkseq.inference.runs import open_run
from inkseq.models.contract import Answers
from inkseq.train.learner import judge, make_weigh, set_up
from inkseq.train.losses import BETA, class_balanced, focal, logit_adjusted
from inkseq.train.prepare import prepare
from tests.scans import pack_scans
from tests.train.tiny import run, tiny

MODEL = CharCnnConfig(picture=PictureConfig(size=32), width=4, most=4, hidden=4)
CPU = torch.device("cpu")
COUNTS_K = torch.tensor([1000, 20, 3, 0])
LABEL_B = torch.tensor([0, 1, 2, 0, 0])


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 110 images to learn from 100 are blots, 6 lie across, 4 down."""
    folder = pack_scans(tmp_path_factory.mktemp("uneven") / "uneven", {"train": 110, "val": 15, "test": 15})
    labels = np.load(folder / "labels.npy")
    labels[:110] = np.repeat([1, 0, 2], [100, 6, 4])
    np.save(folder / "labels.npy", labels)
    meta = (folder / "meta.json").read_text()
    (folder / "meta.json").write_text(re.sub(r'"digests": \{[^}]*\}', '"digests": {}', meta))
    return folder


def config_of(data: Path, runs: Path, **others: object) -> TrainConfig:
    return tiny(data, runs, **{"model": MODEL, "batch_size": 16, "duration": "2 steps", "evaluate": "1 step"} | others)


def test_auto_draws_all_classes_alike_where_some_are_rare(
    uneven: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(config_of(uneven, tmp_path)).config.sampling is Sampling.balanced
    said = capsys.readouterr().out
    assert (
        "rare beside the largest class, which has 100 to learn from: down 4, across 6\nsampling=balanced, loss=cross"
        in said
    )
    balanced_already = config_of(uneven, tmp_path, loss=Loss.class_balanced)
    assert prepare(balanced_already).config.sampling is Sampling.natural
    assert "sampling=natural, loss=class_balanced" in capsys.readouterr().out
    assert prepare(config_of(uneven, tmp_path, sampling=Sampling.natural)).config.sampling is Sampling.natural
    assert "down 4" in capsys.readouterr().out


def test_auto_draws_as_they_are_classes_that_are_alike(
    doodles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(tiny(doodles, tmp_path)).config.sampling is Sampling.natural
    assert not capsys.readouterr().out


def test_a_run_goes_on_with_the_sampling_it_began_with(uneven: Path, tmp_path: Path) -> None:
    run(config_of(uneven, tmp_path, sampling=Sampling.natural))
    last = tmp_path / "run" / "checkpoints" / "last.pt"
    longer = config_of(uneven, tmp_path, duration="4 steps")
    assert prepare(longer).config.sampling is Sampling.natural
    state = checkpoint.load(last)
    del state["config"]["sampling"], state["config"]["loss"]  # as of a run from before there were any
    checkpoint.save(last, state)
    assert open_run(tmp_path / "run", "last").config.sampling is Sampling.natural
    assert run(longer)["steps"] == 4


def test_rare_is_a_tenth_of_the_largest_or_less() -> None:
    assert name_rare(["a", "b", "c"], np.array([100, 11, 0])) == ""
    assert name_rare(["a", "b", "c"], np.array([2000, 200, 3])) == (
        "rare beside the largest class, which has 2,000 to learn from: c 3, b 200"
    )
    many = name_rare([*"abcdefghijk"], np.array([100, *[1] * 10]))
    assert many.endswith("h 1, i 1 and 2 more")


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_class_balanced_loss_weighs_by_the_effective_number_of_drawings(smoothing: float) -> None:
    logits_BK, loss = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), 0.0
    counts = [1000, 20, 3]
    weights = [(1 - BETA) / (1 - BETA**n) for n in counts]
    mean = sum(n * w for n, w in zip(counts, weights, strict=True)) / sum(counts)
    for logits_K, label in zip(logits_BK, LABEL_B.tolist(), strict=True):
        log_K = logits_K.log_softmax(0)
        loss -= weights[label] / mean * float((1 - smoothing) * log_K[label] + smoothing * log_K.mean()) / 5
    judged = judge(Answers(logits_BK), LABEL_B, 1.0, smoothing, class_balanced(COUNTS_K, CPU))
    assert float(judged) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_focal_loss_weighs_by_the_square_of_doubt(smoothing: float) -> None:
    logits_BK = torch.randn(5, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    log_BK = logits_BK.log_softmax(1)
    own_B = log_BK[torch.arange(5), LABEL_B]
    expected = -((1 - own_B.exp()) ** 2 * ((1 - smoothing) * own_B + smoothing * log_BK.mean(1))).mean()
    judged = judge(Answers(logits_BK), LABEL_B, 1.0, smoothing, focal)
    torch.testing.assert_close(judged, expected)
    gradients = [torch.autograd.grad(loss, logits_BK)[0] for loss in (judged, expected)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_logits_are_adjusted_by_how_often_each_class_is_drawn(smoothing: float) -> None:
    logits_BK = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    draws_K = torch.tensor([1000, 20, 3, 0])  # the last is never drawn
    odds_BK = logits_BK.exp() * draws_K.clamp(min=0.5)
    log_BK = (odds_BK / odds_BK.sum(1, keepdim=True)).log()
    own_B = log_BK[torch.arange(5), LABEL_B]
    expected = -((1 - smoothing) * own_B + smoothing * log_BK.mean(1)).mean()
    judged = judge(Answers(logits_BK), LABEL_B, 1.0, smoothing, beside_K=logit_adjusted(draws_K, CPU))
    torch.testing.assert_close(judged, expected)


def test_a_learner_adjusts_by_the_draws_of_its_sampler(uneven: Path, tmp_path: Path) -> None:
    config = prepare(config_of(uneven, tmp_path, loss=Loss.logit_adjusted)).config
    assert config.sampling is Sampling.square_root
    _, learner, _ = set_up(config, open_packed(uneven), ALONE)
    assert learner.beside_K is not None
    spread = float(learner.beside_K.exp().max() / learner.beside_K.exp().min())
    assert spread == pytest.approx((100 / 4) ** 0.5, rel=0.1)  # the root of what the classes have


@pytest.mark.parametrize("weigh", [class_balanced(COUNTS_K, CPU), focal])
def test_shares_and_several_answers_still_count_as_they_did(weigh: object) -> None:
    """Those of `unrecognized`, and of deep supervision."""
    assert callable(weigh)
    logits_BK = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    loss_B = cross_entropy(logits_BK, LABEL_B, label_smoothing=0.1, reduction="none") * weigh(logits_BK, LABEL_B)
    share_B = torch.tensor([0.1, 0.1, 0.3, 0.3, 0.2])
    torch.testing.assert_close(judge(Answers(logits_BK), LABEL_B, share_B, 0.1, weigh), share_B @ loss_B)
    twice = Answers(logits_BK.repeat(2, 1), torch.arange(5).repeat(2), torch.tensor([0.4] * 5 + [0.6] * 5))
    torch.testing.assert_close(judge(twice, LABEL_B, share_B, 0.1, weigh), share_B @ loss_B)
    torch.testing.assert_close(judge(twice, LABEL_B, 0.5, 0.1, weigh), 0.5 * loss_B.mean())


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("sampling", Sampling)
def test_whatever_is_drawn_is_of_train(uneven: Path, tmp_path: Path, sampling: Sampling, loss: Loss) -> None:
    cap = 20 if sampling is Sampling.capped else None
    prepared = prepare(config_of(uneven, tmp_path, sampling=sampling, cap=cap, loss=loss))
    batches, learner, _ = set_up(prepared.config, prepared.data, ALONE)
    groups = [group for step in range(2 * batches.steps_per_epoch) for group in batches.step(step)]
    drawn = {i for batch, _ in groups for i in batch.index_B.tolist()}
    assert drawn <= set(prepared.data.split("train"))
    assert {4, 6, 100} <= {sum(prepared.data.labels[i] == k for i in prepared.data.split("train")) for k in range(3)}
    value, norm = learner.learn(0, groups[:1], 1e-3)
    assert value > 0 < norm


def test_what_is_balanced_follows_from_train_alone(uneven: Path, tmp_path: Path) -> None:
    data = open_packed(uneven)
    assert isinstance(data, PackedImages)
    batches, learner, _ = set_up(config_of(uneven, tmp_path, loss=Loss.class_balanced), data, ALONE)
    weigh = make_weigh(Loss.class_balanced, batches.drawings)
    assert weigh is not None
    assert learner.weigh is not None
    label_M = torch.arange(3)
    expected = class_balanced(torch.tensor([6, 100, 4]), CPU)(label_M, label_M)
    assert torch.equal(learner.weigh(label_M, label_M), expected)
    assert torch.equal(weigh(label_M, label_M), expected)
