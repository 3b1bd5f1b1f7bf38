"""Which drawings are shown, against plain loops."""

import numpy as np
import pytest
import torch

from inkseq.evaluate.confusions import of_matrix
from inkseq.evaluate.picks import Pair, examples, least_sure, pairs, surest_right, surest_wrong, suspects
from tests.evaluate.made import facts_of, made_up, metrics_of


def test_the_surest_and_the_least_sure() -> None:
    logits_NK, label_N = made_up(80, 6, seed=0)
    facts = facts_of(logits_NK, label_N)
    chance_NK = logits_NK.double().softmax(dim=1).numpy()
    truth_N = chance_NK[np.arange(80), label_N]
    right_N = chance_NK.argmax(axis=1) == label_N.numpy()
    top_NK = np.sort(chance_NK, axis=1)[:, ::-1]
    assert 0 < right_N.sum() < 80

    def ordered(key_N: np.typing.NDArray[np.float64], among_N: np.typing.NDArray[np.bool_]) -> list[int]:
        return sorted(np.flatnonzero(among_N).tolist(), key=lambda position: float(key_N[position]))

    assert surest_right(facts, 5).tolist() == ordered(-truth_N, right_N)[:5]
    assert surest_wrong(facts, 5).tolist() == ordered(-top_NK[:, 0], ~right_N)[:5]
    assert least_sure(facts, 5).tolist() == ordered(top_NK[:, 0] - top_NK[:, 1], right_N | True)[:5]
    assert len(surest_right(facts, 99)) == right_N.sum()
    assert len(surest_wrong(facts, 99)) == (~right_N).sum()


def test_equals_come_in_the_order_of_the_drawings() -> None:
    facts = facts_of(torch.eye(3).repeat(4, 1), torch.tensor([0, 1, 0] * 4))
    assert surest_right(facts, 3).tolist() == [0, 1, 3]
    assert surest_wrong(facts, 3).tolist() == [2, 5, 8]
    assert least_sure(facts_of(torch.zeros(9, 3), torch.arange(9) % 3), 3).tolist() == [0, 1, 2]


def test_one_class_has_nothing_to_confuse() -> None:
    facts = facts_of(torch.zeros(3, 1), torch.zeros(3, dtype=torch.long))
    assert surest_right(facts, 2).tolist() == [0, 1]
    assert surest_wrong(facts, 2).size == 0
    assert least_sure(facts, 2).tolist() == [0, 1]
    assert suspects(facts, 2) == []
    assert pairs(of_matrix(np.array([[3]])), 2) == []


@pytest.mark.parametrize("seed", range(3))
def test_suspects_are_what_plain_loops_say(seed: int) -> None:
    """With at most five classes, the kept guesses are all there are."""
    logits_NK, label_N = made_up(120, 5, seed)
    facts = facts_of(logits_NK, label_N)
    chance_NK, labels = logits_NK.double().softmax(dim=1).tolist(), label_N.tolist()
    own = [[row[k] for row, label in zip(chance_NK, labels, strict=True) if label == k] for k in range(5)]
    assert own[4] == []  # the class that is never drawn suspects nobody
    bar = [np.mean(chances) if chances else 2.0 for chances in own]
    expected = []
    for position, (row, label) in enumerate(zip(chance_NK, labels, strict=True)):
        above, other = max((row[k] - bar[k], k) for k in range(5) if k != label)
        if above >= 0 and row[label] < bar[label]:
            expected.append((position, other, above + bar[label] - row[label]))
    expected.sort(key=lambda one: -one[2])
    found = suspects(facts, 999)
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    assert [one.excess for one in found] == pytest.approx([one[2] for one in expected], rel=1e-4)
    assert suspects(facts, 3) == found[:3]


def test_planted_label_errors_are_found_first() -> None:
    """Of a class that the recogniser is sure of and one that it is never sure of."""
    generator = torch.Generator().manual_seed(0)
    truth_N = torch.arange(400) % 8
    logits_NK = torch.randn(400, 8, generator=generator)
    logits_NK[torch.arange(400), truth_N] += torch.where(truth_N < 4, 8.0, 4.0)
    label_N = truth_N.clone()
    planted = [3, 50, 101, 204]
    label_N[planted] = (truth_N[planted] + 3) % 8
    found = suspects(facts_of(logits_NK, label_N), 4)
    assert sorted(one.position for one in found) == planted
    assert all(one.looks_like == truth_N[one.position] for one in found)


def test_pairs_are_the_confusions_that_cost_the_most() -> None:
    confusion_KK = np.array([[90, 3, 0, 0], [3, 2, 0, 0], [1, 0, 0, 7], [0, 0, 0, 0]])
    assert pairs(of_matrix(confusion_KK), 9) == [
        Pair(2, 3, 7, 7 / 8),
        Pair(1, 0, 3, 3 / 5),
        Pair(0, 1, 3, 3 / 93),
        Pair(2, 0, 1, 1 / 8),
    ]
    assert pairs(of_matrix(confusion_KK), 1) == [Pair(2, 3, 7, 7 / 8)]


def test_examples_of_a_pair_are_the_surest() -> None:
    logits_NK, label_N = made_up(200, 4, seed=5)
    facts = facts_of(logits_NK, label_N)
    chance_NK = logits_NK.softmax(dim=1)
    found = pairs(of_matrix(metrics_of(logits_NK, label_N).confusion_KK.numpy()), 99)
    assert sum(pair.count for pair in found) == (~facts.right_N).sum()
    for pair in found:
        mine = [i for i in range(200) if label_N[i] == pair.drawn and chance_NK[i].argmax() == pair.said]
        assert len(mine) == pair.count
        assert examples(facts, pair).tolist() == sorted(mine, key=lambda i: -float(chance_NK[i, pair.said]))[:3]
