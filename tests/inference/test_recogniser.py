"""The recogniser as a library: the same answers as evaluation gives, one by one, in batches and in threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

import inkseq
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.drawings.canonical import canonical
from inkseq.drawings.strokes import unflatten
from inkseq.families import HybridConfig, Layout
from inkseq.inference.ask import answer_split
from inkseq.inference.recogniser import Recogniser
from tests.samples import SHARED, needs_shared
from tests.train.tiny import run, tiny

CPU = torch.device("cpu")


@pytest.fixture(scope="module", params=list(Layout), ids=lambda layout: layout.name)
def recogniser(packed: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Recogniser:
    config = tiny(
        packed,
        tmp_path_factory.mktemp("runs"),
        model=HybridConfig(layout=request.param, channels=[12], kernels=[3], hidden=12, layers=1),
    )
    run(config)
    return inkseq.load(f"{config.runs}/run")


def test_probabilities_are_those_of_evaluation(recogniser: Recogniser, packed: Path) -> None:
    data = open_strokes(packed)
    drawings = load_split(data, "test", CPU)
    found = recogniser.probabilities([data.drawing(i) for i in data.split("test")])
    for batch, logits_BK in answer_split(recogniser.run.model, drawings, torch.float32):
        index_B = batch.index_B.numpy() - drawings.first
        np.testing.assert_allclose(found[index_B], logits_BK.softmax(dim=1), atol=1e-5)


def test_strokes_are_made_canonical_and_named_alike(recogniser: Recogniser, packed: Path) -> None:
    """As stored, larger and elsewhere, with times, as tuples and as arrays."""
    data = open_strokes(packed)
    stored = unflatten(*data.drawing(3))
    expected = recogniser.predict(stored)
    assert [guess.word for guess in expected] == sorted(data.classes, key=dict(expected).__getitem__, reverse=True)
    assert sum(guess.probability for guess in expected) == pytest.approx(1, abs=1e-5)
    assert recogniser.predict([(tuple(xs), tuple(ys)) for xs, ys in stored]) == expected
    assert recogniser.predict([(np.array(xs), np.array(ys)) for xs, ys in stored]) == expected
    larger = [[[4.0 * x + 900 for x in xs], [4.0 * y - 70 for y in ys], list(range(len(xs)))] for xs, ys in stored]
    assert recogniser.predict(larger, top=1)[0].word == expected[0].word


def test_many_are_as_one_by_one_and_in_order(recogniser: Recogniser, packed: Path) -> None:
    data = open_strokes(packed)
    many = [unflatten(*data.drawing(i)) for i in range(100)]
    for one, guesses in zip(many[::9], recogniser.predict_many(many, top=2)[::9], strict=True):
        alone = recogniser.predict(one, top=2)
        assert [guess.word for guess in guesses] == [guess.word for guess in alone]
        assert [g.probability for g in guesses] == pytest.approx([g.probability for g in alone], abs=1e-5)
    assert recogniser.predict_many([]) == []


def test_threads_share_one(recogniser: Recogniser, packed: Path) -> None:
    data = open_strokes(packed)
    many = [unflatten(*data.drawing(i)) for i in range(60)]
    expected = [recogniser.predict(one) for one in many]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(recogniser.predict, many)) == expected


@pytest.mark.parametrize(
    ("strokes", "reason"),
    [
        ([], "empty drawing"),
        ([[[1], []]], "different length"),
        ([[[1.0, float("nan")], [2, 3]]], "not finite"),
        ([[["a"], [1]]], "not a number"),
        (["ab"], "stroke is not"),
        (7, "this is no drawing"),
        ([[[1e12], [3]]], "too large"),
    ],
)
def test_what_is_no_drawing_is_said(recogniser: Recogniser, strokes: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        recogniser.predict(strokes)  # type: ignore[arg-type]


@needs_shared
def test_raw_strokes_become_what_google_made_of_them() -> None:
    raw, simplified = (
        (SHARED / "quickdraw_raw" / f"{name}.ndjson").read_text().splitlines()[:100] for name in ("raw", "simplified")
    )
    for strokes, expected in zip(raw, simplified, strict=True):
        assert unflatten(*canonical(json.loads(strokes)["drawing"])) == json.loads(expected)["drawing"]
