"""Bins against `Metrics`, and the temperature against trying them all."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from inkseq.data.packed import PackedStrokes
from inkseq.data.resident import Drawings
from inkseq.evaluate import calibration
from inkseq.evaluate.calibration import calibration_error, fit_temperature, reliability, sample_logits
from inkseq.evaluate.matching import match
from inkseq.inference.ask import answer_split
from inkseq.inference.runs import Run
from tests.evaluate.made import facts_of, made_up, metrics_of

GRID = np.geomspace(1 / 20, 20, 1201)  # half a per cent apart


def obvious_temperature(logits_NK: NDArray[Any], label_N: NDArray[np.int64], imagined: bool) -> float:
    """The best of the grid, with the imagined drawing spelt out: an average one, that could be of any class."""
    z_NK, label = torch.from_numpy(logits_NK).double(), torch.from_numpy(label_N)
    any_NK = torch.full_like(z_NK, 1 / z_NK.shape[1])
    losses = []
    for temperature in GRID.tolist():
        loss = cross_entropy(z_NK / temperature, label, reduction="sum")
        losses.append(float(loss + (cross_entropy(z_NK / temperature, any_NK) if imagined else 0)))
    return float(GRID[np.argmin(losses)])


def arrays(num: int, num_classes: int, seed: int, stretched: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits that are honest but for a factor: labels are drawn by their probabilities."""
    generator = torch.Generator().manual_seed(seed)
    logits_NK = 2 * torch.randn(num, num_classes, generator=generator)
    label_N = logits_NK.softmax(dim=1).multinomial(1, generator=generator)[:, 0]
    return (stretched * logits_NK).numpy(), label_N.numpy()


@pytest.mark.parametrize(
    ("num", "num_classes", "stretched"), [(300, 4, 3.0), (300, 10, 0.3), (40, 2, 1.0), (3, 3, 5.0)]
)
def test_the_temperature_is_the_best_of_all(num: int, num_classes: int, stretched: float) -> None:
    logits_NK, label_N = arrays(num, num_classes, 0, stretched)
    found = fit_temperature(logits_NK, label_N, chunk=128)
    assert found == pytest.approx(obvious_temperature(logits_NK, label_N, imagined=True), rel=0.006)


def test_it_finds_the_factor_and_the_imagined_drawing_does_not_matter() -> None:
    logits_NK, label_N = arrays(1000, 10, 1, stretched=4.0)
    found = fit_temperature(logits_NK, label_N)
    assert found == pytest.approx(4, rel=0.05)
    assert found == pytest.approx(obvious_temperature(logits_NK, label_N, imagined=False), rel=0.015)


def test_a_recogniser_that_is_always_right_stays_modest() -> None:
    """As sure as so many drawings allow, and not all of them equally."""
    logits_NK, _ = arrays(500, 6, 2, stretched=1.0)
    label_N = logits_NK.argmax(axis=1)
    temperature = fit_temperature(logits_NK, label_N)
    calm_N = facts_of(torch.from_numpy(logits_NK), torch.from_numpy(label_N), temperature).calm_N
    assert temperature < 0.5
    assert 0.95 < calm_N.mean() < 0.9995
    assert np.unique(calm_N).size > 250


@pytest.mark.parametrize("seed", range(3))
def test_there_are_always_bounds_and_few_steps(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, slopes = [], calibration._slopes

    def counted(
        logits_NK: NDArray[np.float32], label_N: NDArray[np.int64], b: float, chunk: int
    ) -> tuple[float, float]:
        tries.append(b)
        return slopes(logits_NK, label_N, b, chunk)

    monkeypatch.setattr(calibration, "_slopes", counted)
    logits_NK, label_N = arrays(200, 5, seed, stretched=10.0**seed)
    worst = logits_NK.argmin(axis=1)
    for labels in (label_N, logits_NK.argmax(axis=1), np.zeros_like(label_N), worst):
        tries.clear()
        assert 1 / 20 <= fit_temperature(logits_NK, labels) <= 20
        assert len(tries) <= 30
    assert fit_temperature(logits_NK, worst) == pytest.approx(20, rel=1e-3)


def test_where_no_temperature_is_better_it_is_one() -> None:
    label_N = np.zeros(5, np.int64)
    assert fit_temperature(np.full((5, 1), 3, np.float32), label_N) == 1
    assert fit_temperature(np.full((5, 4), 3, np.float32), label_N) == 1


@pytest.mark.parametrize("seed", range(3))
def test_bins_give_the_error_of_metrics(seed: int) -> None:
    logits_NK, label_N = made_up(400, 7, seed)
    facts = facts_of(logits_NK, label_N)
    bins = reliability(facts.chance_NG[:, 0], facts.right_N)
    assert calibration_error(bins) == pytest.approx(metrics_of(logits_NK, label_N).compute()["ece"], rel=1e-6)
    assert bins.count.sum() == 400
    for edge in range(15):
        inside = (facts.chance_NG[:, 0] > edge / 15) & (facts.chance_NG[:, 0] <= (edge + 1) / 15)
        assert bins.count[edge] == inside.sum()
        if inside.any():
            assert bins.right[edge] == pytest.approx(facts.right_N[inside].mean())
            assert bins.confidence[edge] == pytest.approx(facts.chance_NG[inside, 0].mean(), rel=1e-5)
    assert bins.count[0] == bins.confidence[0] == bins.right[0] == 0  # of 7 classes one has 1/7 at least


def test_logits_of_a_sample_are_those_of_the_split(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    matching = match(data.classes, trained.classes)
    logits_NK, label_N = sample_logits(trained, drawings, matching)
    assert np.array_equal(label_N, drawings.label_N)
    for batch, logits_BK in answer_split(trained.model, drawings, torch.float32):
        np.testing.assert_allclose(logits_NK[batch.index_B.numpy() - drawings.first], logits_BK, atol=1e-5)

    few_NK, few_N = sample_logits(trained, drawings, matching, most=10)
    again_NK, _ = sample_logits(trained, drawings, matching, most=10)
    assert np.array_equal(few_NK, again_NK)
    places = [int(np.abs(logits_NK - row).max(axis=1).argmin()) for row in few_NK]
    assert places == sorted(set(places))
    assert np.array_equal(few_N, label_N[places])


def test_a_sample_has_only_what_the_run_knows(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    known = match(data.classes, ["zebra", *trained.classes[1:]])
    _, label_N = sample_logits(trained, drawings, known)
    assert set(label_N.tolist()) == {1, 2, 3}
