"""Classes matched by name."""

import numpy as np
import pytest

from inkseq.errors import UserError
from inkseq.evaluate.matching import match


def test_classes_are_matched_by_name_whatever_their_order() -> None:
    matching = match(["ant", "bee", "cat"], ["cat", "dog", "ant"])
    assert matching.label_K.tolist() == [2, -1, 0]
    assert (matching.unknown, matching.missing) == (["bee"], ["dog"])
    assert matching.translate(np.array([2, 0, 1, -1], np.int16)).tolist() == [0, 2, -1, -1]
    assert matching.known(np.array([2, -1, 1, 0], np.int16)).tolist() == [0, 3]


def test_the_same_classes_are_left_as_they_are() -> None:
    matching = match(["ant", "bee"], ["ant", "bee"])
    assert matching.label_K.dtype == np.int64
    assert matching.label_K.tolist() == [0, 1]
    assert matching.unknown == matching.missing == []


def test_without_a_common_class_a_line_names_some_of_both() -> None:
    with pytest.raises(UserError, match=r"^the data have no class the run knows: a, b, c, d, e and 2 more, not x, y$"):
        match(list("abcdefg"), ["x", "y"])


@pytest.mark.parametrize("label", [1, -1])
def test_there_has_to_be_a_drawing_that_can_be_right(label: int) -> None:
    with pytest.raises(UserError, match="no drawing of the split has a word that the run knows"):
        match(["ant", "bee"], ["ant"]).known(np.array([label, label]))
