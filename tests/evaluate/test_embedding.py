"""The map's gradient and neighbourhoods against loops, and whether neighbours stay neighbours."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.evaluate.embedding import embed, flatten_map, neighbourhoods, principal_components, slope
from inkseq.families import HybridConfig
from inkseq.inference.runs import Run
from inkseq.models.rows import to_sequence
from inkseq.models.zoo import make_model
from tests.models.scribbles import say_of_rows
from tests.train.tiny import tiny


def rows(count: int, columns: int = 12, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((count, columns), np.float32)


@pytest.mark.parametrize("canvas", [0, 16])
def test_features_are_what_the_head_gets_of_each_drawing(packed: Path, canvas: int) -> None:
    config, data = tiny(packed, packed), open_strokes(packed)
    config.model = HybridConfig(channels=[8], kernels=[3], hidden=6, layers=1, canvas=canvas, canvas_channels=[4, 6])
    torch.manual_seed(0)
    model = make_model(config.model, len(data.classes)).eval()
    drawings = load_split(data, "test", torch.device("cpu"))
    index_N = np.array([4, 0, 2, 2, 5, 1])
    features_NC = embed(Run(packed, config, data.classes, model, 0), drawings, index_N)
    assert features_NC.dtype == np.float32
    for features_C, index in zip(features_NC, index_N, strict=True):
        rows_T3 = torch.from_numpy(to_sequence(*data.drawing(drawings.first + index)))
        with torch.no_grad():
            said_K = model.head(torch.from_numpy(features_C))
        torch.testing.assert_close(said_K, say_of_rows(model, rows_T3), rtol=0, atol=1e-5)


def test_the_gradient_is_that_of_two_loops() -> None:
    near_NN, place_N2 = neighbourhoods(rows(17)), 3 * rows(17, 2, seed=1)
    nearness = {(a, b): 1 / (1 + float(((place_N2[a] - place_N2[b]) ** 2).sum())) for a in range(17) for b in range(17)}
    total = sum(value for (a, b), value in nearness.items() if a != b)
    for attraction in (1, 12):
        expected_N2 = np.zeros((17, 2))
        for (a, b), value in nearness.items():
            if a != b:
                expected_N2[a] += (attraction * near_NN[a, b] - value / total) * value * (place_N2[a] - place_N2[b])
        np.testing.assert_allclose(slope(near_NN, place_N2, attraction), expected_N2, rtol=0, atol=1e-7)


def test_every_row_has_as_many_neighbours_as_asked_for() -> None:
    features_NC = rows(100)
    near_NN = neighbourhoods(features_NC)
    assert near_NN.sum() == pytest.approx(1, abs=1e-5)
    expected_NN = np.zeros((100, 100))
    for a in range(100):
        far_N = ((features_NC[a] - features_NC) ** 2).sum(1).astype(np.float64)
        low, high = 0.0, 10.0
        for _ in range(60):
            middle = (low + high) / 2
            share_N = np.exp(-middle * (far_N - np.delete(far_N, a).min())) * (np.arange(100) != a)
            share_N /= share_N.sum()
            entropy = -sum(share * math.log(share) for share in share_N if share > 0)
            low, high = (middle, high) if math.exp(entropy) > 30 else (low, middle)
        expected_NN[a] = share_N
    np.testing.assert_allclose(near_NN, (expected_NN + expected_NN.T) / 200, rtol=1e-3, atol=1e-8)


def clusters() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """20 rows around each of 8 places, too many for two directions to keep apart; and which."""
    label_N = np.arange(160) % 8
    return 3 * rows(8, seed=3)[label_N] + rows(160), label_N


def agreement(place_N2: NDArray[np.float32], label_N: NDArray[np.int64]) -> float:
    """Of the 10 nearest neighbours, the share with the same label."""
    far_NN = ((place_N2[:, None] - place_N2) ** 2).sum(2)
    np.fill_diagonal(far_NN, np.inf)
    return float((label_N[np.argsort(far_NN, axis=1)[:, :10]] == label_N[:, None]).mean())


def test_neighbours_stay_neighbours_on_the_map() -> None:
    features_NC, label_N = clusters()
    assert agreement(principal_components(features_NC), label_N) < 0.8
    assert agreement(flatten_map(features_NC), label_N) > 0.98


def test_the_same_seed_gives_the_same_map() -> None:
    features_NC, _ = clusters()
    assert np.array_equal(flatten_map(features_NC), flatten_map(features_NC))
    assert not np.array_equal(flatten_map(features_NC), flatten_map(features_NC, seed=1))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 20, 40])
@pytest.mark.parametrize("kind", ["different", "equal", "twice"])
def test_few_rows_and_equal_ones_have_a_map(count: int, kind: str) -> None:
    features_NC = {
        "different": rows(count),
        "equal": np.full((count, 12), 3.7, np.float32),
        "twice": np.repeat(1e3 * rows(count), 2, axis=0),
    }[kind]
    with np.errstate(all="raise", under="ignore"):
        place_N2 = flatten_map(features_NC)
    assert place_N2.shape == (len(features_NC), 2)
    assert place_N2.dtype == np.float32
    assert np.isfinite(place_N2).all()
    if kind == "twice":
        assert np.abs(place_N2[::2] - place_N2[1::2]).max() <= 0.2 * np.ptp(place_N2), "equal rows lie together"
    if kind != "equal" and count > 1:
        assert np.ptp(place_N2) > 0.1


def test_rows_on_a_line_may_leave_it() -> None:
    place_N2 = flatten_map(np.linspace(0, 1, 60, dtype=np.float32)[:, None] * np.ones(3, np.float32))
    assert np.linalg.svd(place_N2 - place_N2.mean(0), compute_uv=False)[1] > 1
