import numpy as np
import pytest

from inkseq.drawings.canonical import Rejected, canonical
from inkseq.drawings.omniglot import strokes

TEXT = b"START\n1.5,-2,0\n9,-4,10\nBREAK\n5,-6,700\nBREAK\n"


def test_y_grows_downwards_as_everywhere() -> None:
    assert strokes(TEXT.removeprefix(b"START")) == [[[1.5, 9], [2, 4], [0, 10]], [[5], [6], [700]]]
    points, pen = canonical(strokes(b"0,0,0\n0,-10,5\nBREAK\n"))
    assert np.array_equal(points, [[0, 0], [0, 255]])
    assert pen.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"1,2,3\n", "a stroke that does not end in BREAK"),
        (b"1,2\nBREAK", "a point is not x,y,t"),
        (b"1,2,x\nBREAK", "a point is not x,y,t"),
        (b"BREAK" * 10_001, "more than 10,000 strokes"),
        (b"1,2,3\n" * 200_001 + b"BREAK", "more than 200,000 points"),
    ],
)
def test_what_are_no_strokes(text: bytes, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        strokes(text)
