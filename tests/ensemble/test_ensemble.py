"""Runs that answer together: with commas between them, and as a run of their own."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from inkseq.compare import run as compare
from inkseq.config import CompareConfig, EnsembleConfig
from inkseq.ensemble.__main__ import run as ensemble
from inkseq.ensemble.stacking import candidates
from inkseq.ensemble.weights import Said, fit_weights
from inkseq.errors import UserError
from inkseq.inference import checkpoint
from inkseq.inference.joined import folder_of, folders_of, open_runs
from inkseq.inference.recogniser import Recogniser
from inkseq.models.fusion import Fusion
from tests.record.conftest import packed, trained

__all__ = ["packed", "trained"]  # what stands in the record's tests
SMALL, AGAIN, WIDE = "runs/small,seed=0", "runs/small,seed=1", "runs/wide,lr=0.01"
CAT = [[[0, 90, 90, 0, 0], [0, 0, 60, 60, 0]]]


@pytest.fixture
def runs(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return Path("runs")


def test_commas_divide_runs_and_belong_to_names(runs: Path) -> None:
    assert folders_of(SMALL) == [SMALL]
    assert folders_of(f"{SMALL},{WIDE},{AGAIN}") == [SMALL, WIDE, AGAIN]
    assert folders_of(f"{SMALL},runs/none") == [SMALL, "runs/none"]
    assert folder_of(f"{SMALL},{WIDE}") == runs / "small,seed=0+wide,lr=0.01"
    with pytest.raises(UserError, match=r"runs/none/checkpoints/best\.pt does not exist"):
        open_runs(f"{SMALL},runs/none")


def test_together_they_say_the_geometric_mean(runs: Path) -> None:
    alone_MK = [{guess.word: guess.probability for guess in Recogniser(name).predict(CAT)} for name in (SMALL, WIDE)]
    product_K = {word: np.sqrt(alone_MK[0][word] * alone_MK[1][word]) for word in alone_MK[0]}
    for word, probability in Recogniser(f"{SMALL},{WIDE}").predict(CAT):
        assert probability == pytest.approx(product_K[word] / sum(product_K.values()), abs=1e-5)


def test_an_ensemble_is_a_run_like_any(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensemble(EnsembleConfig(runs=[SMALL, WIDE], out="runs/both", views=2), [])
    out = capsys.readouterr().out
    assert "the best on val" in out
    assert "all, by weight" in out
    assert "by weight, 2 views" in out
    weights = json.loads(Path("runs/both/ensemble.json").read_text())
    model = open_runs("runs/both").model
    assert isinstance(model, Fusion)
    assert model.head.weight_M.tolist() == pytest.approx(list(weights.values()))
    compare(CompareConfig(), [SMALL, "runs/both"])
    assert len(open_runs(f"runs/both,{AGAIN}").model.parts) == 3, "an ensemble of ensembles is one of all their members"


def test_what_is_there_is_not_replaced(runs: Path) -> None:
    with pytest.raises(UserError, match="exists and is no ensemble"):
        ensemble(EnsembleConfig(runs=[SMALL, WIDE], out=AGAIN, overwrite=True), [])
    ensemble(EnsembleConfig(runs=[SMALL, WIDE], out="runs/both"), [])
    with pytest.raises(UserError, match="overwrite=true replaces it"):
        ensemble(EnsembleConfig(runs=[SMALL, AGAIN], out="runs/both"), [])
    ensemble(EnsembleConfig(runs=[SMALL, AGAIN], out="runs/both", overwrite=True), [])
    assert "small,seed=1" in Path("runs/both/ensemble.json").read_text()


def test_one_run_is_no_ensemble(runs: Path) -> None:
    with pytest.raises(UserError, match="two runs or more"):
        ensemble(EnsembleConfig(runs=[SMALL]), [])


def test_one_that_is_a_fusion_is_weighed(runs: Path) -> None:
    ensemble(EnsembleConfig(runs=[SMALL, WIDE], out="runs/both"), [])
    ensemble(EnsembleConfig(runs=["runs/both"], out="runs/weighed"), [])
    weights = [
        list(json.loads(Path("runs", name, "ensemble.json").read_text()).values()) for name in ("both", "weighed")
    ]
    assert weights[0] == pytest.approx(weights[1], abs=1e-3)


def test_members_know_the_same_words(runs: Path) -> None:
    path = Path(AGAIN, "checkpoints", "best.pt")
    state = checkpoint.load(path)
    checkpoint.save(path, state | {"classes": ["boat", "ladder", "star"]})
    with pytest.raises(UserError, match="only runs/small,seed=0 knows cat; only runs/small,seed=1 knows boat"):
        open_runs(f"{SMALL},{AGAIN}")


def test_without_val_all_are_worth_the_same(packed: Path, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(packed, "no-val")
    meta = json.loads(Path("no-val/meta.json").read_text())
    meta["splits"]["val"] = [0, 0]
    Path("no-val/meta.json").write_text(json.dumps(meta))
    ensemble(EnsembleConfig(runs=[SMALL, WIDE], out="runs/both", data="no-val"), [])
    assert "no val split to weigh by: all are worth the same" in capsys.readouterr().out


def said(*logits: list[list[float]], truth: list[int]) -> Said:
    return Said(torch.tensor(logits), torch.tensor(truth))


def test_weights_are_those_of_the_least_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    truth_N = torch.randint(4, (2000,), generator=generator)
    knows = torch.nn.functional.one_hot(truth_N, 4) * 2.0
    noise = torch.randn(2, 2000, 4, generator=generator)
    weight_M = fit_weights(Said(torch.stack([3 * (knows + noise[0]), noise[1]]), truth_N))
    # Of logits 2 s + n with unit noise, the likelihood's own are s times 2; three times that is three times too sure.
    assert weight_M[0] == pytest.approx(2 / 3, rel=0.15)
    assert weight_M[1] < 0.1


def test_the_candidates_of_stacking_are_the_likeliest_words_of_all() -> None:
    both = said([[1.0, 0.0, 3.0]], [[1.0, 4.0, 2.0]], truth=[2])
    facts_NJF, label_NJ = candidates(both, torch.tensor([0.5, 0.5]))
    assert label_NJ.tolist() == [[2, 1, 0]]
    log_K = torch.tensor([1.0, 2.0, 2.5]).log_softmax(0)
    torch.testing.assert_close(facts_NJF[0, :, 0], log_K[[2, 1, 0]])
    assert facts_NJF[0, 0, 3] == 0, "the likeliest is behind nobody"


def test_a_second_model_learns_whom_to_believe() -> None:
    pytest.importorskip("sklearn")
    from inkseq.ensemble.stacking import stack

    generator = torch.Generator().manual_seed(0)
    truth_N = torch.randint(3, (600,), generator=generator)
    good = torch.nn.functional.one_hot(truth_N, 3) * 3.0 + torch.randn(600, 3, generator=generator)
    bad = torch.randn(600, 3, generator=generator) * 5
    both = Said(torch.stack([good, bad]), truth_N)
    alike = (both.by(torch.tensor([0.5, 0.5])).argmax(1) == truth_N).float().mean()
    for _, label_N in stack(both, both, torch.tensor([0.5, 0.5])):
        assert (label_N == truth_N.numpy()).mean() > alike + 0.1
