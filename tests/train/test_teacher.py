"""Distillation: what a student is told, by whom, and what becomes of it."""

from pathlib import Path

import pytest
import torch

from inkseq.data.packed import open_packed
from inkseq.devices import ALONE
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.models.contract import Answers
from inkseq.train.learner import judge, set_up
from inkseq.train.teacher import SHARE, TEMPERATURE, taught
from tests.samples import packed_doodles
from tests.train.tiny import run, tiny

LABEL_B = torch.tensor([0, 2, 1])


@pytest.fixture(scope="module")
def taught_by(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs to learn from."""
    runs = tmp_path_factory.mktemp("teachers")
    for seed in (0, 1):
        run(tiny(packed, runs / str(seed), seed=seed, duration="10 steps"))
    return runs / "0" / "run", runs / "1" / "run"


def test_the_loss_is_of_words_and_of_what_is_told() -> None:
    logits_BK, told_BK = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0)).unbind(0)
    found = judge(Answers(logits_BK), LABEL_B, 1.0, smoothing=0.0, told_BK=told_BK)
    expected = 0.0
    for logits_K, told_K, label in zip(logits_BK, told_BK, LABEL_B.tolist(), strict=True):
        soft_K, said_K = (told_K / TEMPERATURE).exp(), (logits_K / TEMPERATURE).exp()
        soft_K, said_K = soft_K / soft_K.sum(), said_K / said_K.sum()
        of_word = -float((logits_K.exp() / logits_K.exp().sum())[label].log())
        expected += (1 - SHARE) * of_word - SHARE * TEMPERATURE**2 * float((soft_K * said_K.log()).sum())
    assert float(found) == pytest.approx(expected / 3, rel=1e-5)


def test_each_of_several_answers_is_told_of_its_own_drawing() -> None:
    logits_MK, told_BK = torch.randn(4, 4), torch.randn(2, 4)
    answers = Answers(logits_MK, torch.tensor([0, 1, 1, 0]), torch.tensor([0.5, 0.5, 0.5, 0.5]))
    found = judge(answers, torch.tensor([3, 1]), 1.0, smoothing=0.0, told_BK=told_BK)
    words_M = torch.nn.functional.cross_entropy(logits_MK, torch.tensor([3, 1, 1, 3]), reduction="none")
    expected_M = taught(words_M, logits_MK, told_BK[[0, 1, 1, 0]])
    torch.testing.assert_close(found, expected_M.sum() / 4)


def test_a_student_learns_of_one_or_of_several(packed: Path, taught_by: tuple[Path, Path], tmp_path: Path) -> None:
    before = [checkpoint.load(folder / "checkpoints" / "best.pt")["model"] for folder in taught_by]
    for teachers in (str(taught_by[0]), ",".join(map(str, taught_by))):
        config = tiny(packed, tmp_path / str(len(teachers)), distil_from=teachers)
        assert run(config)["val/top1"] > 0.4
    after = [checkpoint.load(folder / "checkpoints" / "best.pt")["model"] for folder in taught_by]
    for one, other in zip(before, after, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one), "who teaches does not learn"


def test_a_teachers_weights_are_no_part_of_the_student(packed: Path, taught_by: tuple[Path, Path]) -> None:
    _, learner, _ = set_up(tiny(packed, Path("runs"), distil_from=str(taught_by[0])), open_packed(packed), ALONE)
    assert learner.teacher is not None
    own = {id(p) for group in learner.optimizer.param_groups for p in group["params"]}
    assert own.isdisjoint(id(p) for p in learner.teacher.parameters())
    assert not any(name.startswith("teacher") for name in learner.state()["model"])


def test_a_teacher_of_other_words_is_refused(taught_by: tuple[Path, Path], tmp_path: Path) -> None:
    other = packed_doodles(tmp_path / "other", 20, ["cat", "moon", "star"])
    with pytest.raises(UserError, match="taught other words than the data have"):
        run(tiny(other, tmp_path / "runs", distil_from=str(taught_by[0])))
    with pytest.raises(UserError, match="does not exist"):
        run(tiny(other, tmp_path / "runs", distil_from="runs/none"))
