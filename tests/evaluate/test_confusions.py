"""What is taken for what, against the whole matrix."""

import numpy as np
import pytest

from inkseq.evaluate.confusions import Confusions, count_confusions, of_matrix
from tests.evaluate.made import facts_of, made_up, metrics_of


@pytest.mark.parametrize("seed", range(3))
def test_the_cells_are_those_of_the_matrix(seed: int) -> None:
    logits_NK, label_N = made_up(200, 6, seed)
    metrics = metrics_of(logits_NK, label_N)
    counted, matrix_KK = count_confusions(facts_of(logits_NK, label_N), 6), metrics.confusion_KK.numpy()
    again = of_matrix(matrix_KK)
    for name in ("drawn_C", "said_C", "count_C"):
        assert np.array_equal(getattr(counted, name), getattr(again, name))
    assert np.array_equal(counted.matrix(np.arange(6)), matrix_KK)
    assert counted.per_class() == metrics.per_class()
    assert counted.drawings_K.tolist() == matrix_KK.sum(axis=1).tolist()
    some = np.array([1, 4, 5])
    np.testing.assert_allclose(
        counted.shares(some), matrix_KK[np.ix_(some, some)] / np.maximum(matrix_KK.sum(1), 1)[some, None]
    )


@pytest.fixture
def found() -> Confusions:
    return of_matrix(np.array([[9, 0, 2, 2], [0, 5, 0, 0], [0, 7, 1, 0], [0, 0, 0, 0]]))


def test_what_a_class_is_most_often_taken_for(found: Confusions) -> None:
    assert found.most_taken_for() == {0: (2, 2), 2: (1, 7)}  # of equals the first; who makes no mistake is missing


def test_the_classes_in_most_mistakes_are_kept_in_their_order(found: Confusions) -> None:
    assert found.most_confused(2).tolist() == [1, 2]  # 7 and 9
    assert found.most_confused(3).tolist() == [0, 1, 2]
    assert found.most_confused(9).tolist() == [0, 1, 2, 3]
