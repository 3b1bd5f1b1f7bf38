"""What is kept of each drawing, against loops over drawings in plain Python."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inkseq.data.packed import PackedStrokes
from inkseq.data.resident import Drawings
from inkseq.drawings.padded import Strokes
from inkseq.errors import UserError
from inkseq.evaluate.confusions import count_confusions
from inkseq.evaluate.facts import Facts, collect, gather_facts
from inkseq.evaluate.matching import match
from inkseq.evaluate.scoring import evaluate
from inkseq.inference.runs import Run
from inkseq.models.contract import Model
from tests.evaluate.made import facts_of, in_batches, made_up, take

CPU = torch.device("cpu")


def obvious(row: list[float], label: int, temperature: float) -> dict[str, Any]:
    """The facts of one drawing, in float64."""
    order = sorted(range(len(row)), key=lambda k: (-row[k], k))
    chance, calm = (
        np.exp(z - z.max()) / np.exp(z - z.max()).sum() for z in (np.array(row), np.array(row) / temperature)
    )
    return {
        "label_N": label,
        "place_N": order.index(label),
        "loss_N": -np.log(chance[label]),
        "truth_N": chance[label],
        "guess_NG": order[:5],
        "chance_NG": chance[order[:5]],
        "calm_N": calm.max(),
        "calm_loss_N": -np.log(calm[label]),
        "right_N": order[0] == label,
    }


def assert_same(facts: Facts, others: Facts) -> None:
    for field in fields(Facts):
        np.testing.assert_array_equal(getattr(facts, field.name), getattr(others, field.name), field.name)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 10**6), st.booleans(), st.sampled_from([0.5, 1.0, 3.0]))
def test_facts_are_what_plain_loops_say(num: int, classes: int, seed: int, rounded: bool, temperature: float) -> None:
    logits_NK, label_N = made_up(num, classes, seed, rounded)
    index_N = 100 + 7 * np.arange(num)
    answers = in_batches(logits_NK, label_N, index_N, seed)
    facts = collect(answers, index_N, temperature)
    assert facts.index_N.tolist() == index_N.tolist()
    for position, (row, label) in enumerate(zip(logits_NK.tolist(), label_N.tolist(), strict=True)):
        for name, expected in obvious(row, label, temperature).items():
            np.testing.assert_allclose(getattr(facts, name)[position], expected, rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_drawing_takes_54_bytes_and_a_batch_may_be_empty() -> None:
    logits_NK, label_N = made_up(2, 345, seed=0)
    nothing = np.empty(0, np.int64), label_N[:0], logits_NK[:0]
    facts = collect([nothing, (np.arange(2), label_N, logits_NK)], np.arange(2), 1.0)
    assert_same(facts, facts_of(logits_NK, label_N))
    assert sum(getattr(facts, field.name).nbytes for field in fields(facts) if "_N" in field.name) == 2 * 54


def test_a_pass_gives_the_numbers_of_evaluate(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    facts = gather_facts(trained, drawings, match(data.classes, trained.classes), 1.5)
    reference = evaluate(trained, data, "test", CPU)
    counted = count_confusions(facts, 4)
    assert counted.matrix(np.arange(4)).tolist() == reference.confusion_KK.tolist()
    assert counted.per_class() == reference.per_class()
    assert facts.index_N.tolist() == list(data.split("test"))
    assert np.array_equal(facts.label_N, data.labels[facts.index_N])
    assert facts.left_out == 0
    assert 0.25 < facts.right_N.mean() == reference.compute()["top1"]


def test_labels_are_translated_and_what_the_run_does_not_know_is_left_out(
    trained: Run, data: PackedStrokes, drawings: Drawings
) -> None:
    """The run with its outputs in another order, which knows circles by another name; and a drawing without a word."""
    whole = gather_facts(trained, drawings, match(data.classes, trained.classes), 1.0)
    order = [3, 1, 0, 2]
    names = ["zebra" if trained.classes[k] == "circle" else trained.classes[k] for k in order]
    turned = replace(trained, classes=names, model=_Turned(trained.model, order).eval())
    without = int(np.flatnonzero(drawings.label_N != data.classes.index("circle"))[0])
    drawings.label_N = np.where(np.arange(len(drawings)) == without, -1, drawings.label_N).astype(np.int16)

    facts = gather_facts(turned, drawings, match(data.classes, names), 1.0)
    known_N = (whole.label_N != data.classes.index("circle")) & (np.arange(len(whole)) != without)
    expected = take(whole, known_N)
    assert facts.left_out == len(whole) - len(expected) > 1
    for name in ("index_N", "place_N", "loss_N", "truth_N", "chance_NG"):
        np.testing.assert_allclose(getattr(facts, name), getattr(expected, name), rtol=1e-4, err_msg=name)
    assert [names[k] for k in facts.label_N] == [data.classes[k] for k in expected.label_N]
    assert names.index("zebra") not in facts.label_N


def test_a_split_without_words_is_refused_in_a_line(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    drawings.label_N = np.full(len(drawings), -1, np.int16)
    with pytest.raises(UserError, match="no drawing of"):
        gather_facts(trained, drawings, match(data.classes, trained.classes), 1.0)


class _Turned(Model):
    """A model whose outputs come in another order."""

    def __init__(self, model: Model, order: list[int]) -> None:
        super().__init__()
        self.model, self.order = model, order

    def forward(self, drawings: Strokes) -> torch.Tensor:
        logits_BK: torch.Tensor = self.model(drawings)
        return logits_BK[:, self.order]
