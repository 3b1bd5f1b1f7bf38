"""Each word as often as the set has it: against the assignment that is best of all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inkseq.errors import UserError
from inkseq.predict.balance import NEARLY, balance
from tests.predict.conftest import Predict
from tests.samples import random_lines


def unsure(num_each: int, num_words: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """probability_NK of one that prefers some words, and what the drawings are."""
    lots = np.random.default_rng(0)
    label_N = np.arange(num_words).repeat(num_each)
    logits_NK = lots.normal(0, 1.5, (len(label_N), num_words)) + lots.normal(0, 1, num_words)
    logits_NK[np.arange(len(label_N)), label_N] += 3.2
    odds_NK = np.exp(logits_NK)
    return (odds_NK / odds_NK.sum(1, keepdims=True)).astype(np.float32), label_N


def test_prices_do_as_well_as_the_best_assignment() -> None:
    probability_NK, label_N = unsure(20, 30)
    plain = (probability_NK.argmax(1) == label_N).mean()
    _, seat_N = linear_sum_assignment(-np.log(probability_NK).repeat(20, axis=1))  # 20 seats of each word
    best = (seat_N // 20 == label_N).mean()
    balanced_NK = balance(probability_NK)
    priced = (balanced_NK.argmax(1) == label_N).mean()
    assert best > plain + 0.1
    assert priced > best - 0.01


def test_all_words_come_to_the_same_and_a_drawing_to_one() -> None:
    balanced_NK = balance(unsure(40, 12)[0])
    assert balanced_NK.sum(1) == pytest.approx(1, abs=1e-5)
    assert balanced_NK.sum(0) == pytest.approx(40, rel=2 * NEARLY)


def test_a_word_that_was_never_thought_of_can_be_said() -> None:
    probability_NK = np.array([[1, 0, 0], [0.9, 0.1, 0], [0.8, 0.1, 1e-9]], np.float32)
    assert sorted(balance(probability_NK).argmax(1)) == [0, 1, 2]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.ndjson"
    path.write_bytes(b"".join(random_lines(60, words=["cat", "ladder"])))
    return path


def test_a_balanced_submission_has_each_word_about_as_often(many: Path, name_them: Predict) -> None:
    code, out, _ = name_them(many, "kaggle", balanced=True)
    assert code == 0
    rows = out.splitlines()[1:]
    assert len(rows) == 60
    firsts = [row.split(",")[1].split()[0] for row in rows]
    _, plain, _ = name_them(many, "kaggle")
    before = [row.split(",")[1].split()[0] for row in plain.splitlines()[1:]]
    assert max(map(firsts.count, firsts)) < max(map(before.count, before))


def test_a_few_drawings_cannot_have_every_word(tmp_path: Path, name_them: Callable[..., object]) -> None:
    path = tmp_path / "one.ndjson"
    path.write_bytes(random_lines(1)[0])
    with pytest.raises(UserError, match="1 drawings cannot have each of"):
        name_them(path, balanced=True)
