"""The stroke format against pencil and paper, and there and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkseq.drawings.canonical import is_canonical
from inkseq.drawings.strokes import flatten, unflatten

numbers = st.integers(0, 255)
strokes = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20).map(
    lambda ps: [list(p) for p in zip(*ps, strict=True)]
)
drawings = st.lists(strokes, min_size=1, max_size=6)


@given(drawings)
def test_flat_and_back(drawing: list[list[list[int]]]) -> None:
    assert unflatten(*flatten(drawing)) == drawing


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[0, 0], [255, 10]], True),
        ([[0, 0]], True),  # a dot at the origin
        ([[0, 0], [255.5, 10]], False),
        ([[0, 0], [256, 10]], False),
        ([[-1, 0], [255, 10]], False),
        ([[0, 0], [100, 100]], False),  # another device, drawn small
        ([[0, 90], [255, 100]], False),  # not at the origin
    ],
)
def test_canonical_by_hand(points: list[list[float]], expected: bool) -> None:
    assert is_canonical(np.array(points, float)) is expected
