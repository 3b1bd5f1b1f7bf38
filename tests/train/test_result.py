"""Which evaluation is the best, and whose commit a result names."""

import math
import subprocess
from pathlib import Path

import pytest

from inkseq.train import result
from inkseq.train.result import Best, git_commit


def test_the_commit_is_never_that_of_a_project_inkseq_is_installed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a"]
    for words in (["init", "--quiet"], [*who, "commit", "--quiet", "--allow-empty", "--message", "theirs"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(result, "__file__", str(tmp_path / "inkseq" / "train" / "result.py"))
    assert git_commit()
    monkeypatch.setattr(result, "__file__", str(tmp_path / "packages" / "inkseq" / "train" / "result.py"))
    assert git_commit() is None


def test_the_best_follows_what_is_asked_for() -> None:
    best = Best()
    values = [{"top1": 0.5, "loss": 1.0}, {"top1": 0.4, "loss": 0.8}, {"top1": 0.6, "loss": 0.9}]
    assert [best.follow(step, value, "top1", False) for step, value in enumerate(values)] == [True, False, True]
    assert (best.step, best.value, best.evaluations_since) == (2, 0.6, 0)
    best = Best()
    assert [best.follow(step, value, "loss", False) for step, value in enumerate(values)] == [True, True, False]


def test_no_number_is_never_better_than_one() -> None:
    best = Best()
    losses = [math.nan, math.inf, 3.0, math.nan, 2.0]
    assert [best.follow(step, {"loss": loss}, "loss", False) for step, loss in enumerate(losses)] == [
        True,
        True,
        True,
        False,
        True,
    ]


def test_the_weights_with_which_a_rate_has_come_down_are_kept_unless_told_otherwise() -> None:
    by_auto, by_top1 = Best(), Best()
    for step, (top1, come_down) in enumerate([(0.5, False), (0.6, False), (0.55, False), (0.58, True)]):
        by_auto.follow(step, {"top1": top1}, "auto", come_down)
        by_top1.follow(step, {"top1": top1}, "top1", come_down)
        assert by_auto.step == by_top1.step or come_down
    assert (by_auto.step, by_auto.value) == (3, 0.58)
    assert (by_top1.step, by_top1.value) == (1, 0.6)
