"""Pictures of mistakes: what is written in them, that they can be drawn at any size, and the order of classes."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread

from inkseq.evaluate.confusions import of_matrix
from inkseq.evaluate.figures import GREEN, RED, code_points, confusion, similar_together, verdicts
from inkseq.plots import save


def texts(axes: Axes) -> list[str]:
    return [text.get_text().strip() for text in axes.texts]


def looks_like_something(figure: Figure, folder: Path) -> bool:
    save(figure, folder / "figure.png")
    return bool(np.ptp(imread(folder / "figure.png")[..., :3]) > 0.5)


def test_right_answers_are_green_and_wrong_ones_red_with_the_truth() -> None:
    titles, colors, heading = verdicts(
        ["cat", "cat", "cat", "$a^"],
        [[("cat", 0.9)], [("dog", 0.6), ("cat", 0.3)], [("dog", 0.5)], [("The Great Wall of China", 1.0)]],
    )
    assert titles == ["cat 90%", "dog 60%\nis cat 30%", "dog 50%\nis cat", "The Great Wall of… 100%\nis $a^"]
    assert colors == [GREEN, RED, RED, RED]
    assert heading == "1 of 4 right"
    assert verdicts(["あ"], [[("お", 0.5)]]).titles == ["お U+304A 50%\nis あ U+3042"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("あ", "U+3042"), ("𠀋", "U+2000B"), ("か゚", "U+304B U+309A"), ("ش", "U+0634"), ("a", ""), ("שלום", "")],
)
def test_of_a_character_the_code_point_stands_beside_it(word: str, expected: str) -> None:
    assert code_points(word) == expected


def test_confusions_are_shares_of_what_was_drawn(tmp_path: Path) -> None:
    figure = confusion(of_matrix(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 300]])), ["ant", "bee", "cat"])
    (axes,) = figure.axes
    assert sorted(texts(axes)) == ["100", "25", "75"]
    assert axes.get_title("left") == "99.7% of 304 drawings right"
    assert sorted(label.get_text() for label in axes.get_yticklabels()) == ["ant", "bee", "cat"]
    assert axes.get_ylabel() == "drawn (grey: none)"
    assert looks_like_something(figure, tmp_path)


def test_of_many_classes_the_strongest_confusions_are_named(tmp_path: Path) -> None:
    counts = 100 * np.eye(345, dtype=np.int64)
    counts[3, 200], counts[5, 4] = 60, 20
    matrix, beside = confusion(of_matrix(counts), [f"class {k}" for k in range(345)]).axes
    assert not matrix.get_xticks().size
    assert texts(beside) == ["class 3 → class 200  38%", "class 5 → class 4  17%"]
    assert looks_like_something(confusion(of_matrix(counts), [f"class {k}" for k in range(345)]), tmp_path)


def test_of_thousands_of_classes_those_in_most_mistakes_are_shown() -> None:
    counts = 100 * np.eye(600, dtype=np.int64)
    counts[3, 599], counts[5, 4] = 60, 20
    matrix, beside = confusion(of_matrix(counts), [f"class {k}" for k in range(600)]).axes
    assert matrix.get_title("left") == "99.9% of 60,080 drawings right; the 400 of 600 classes in most mistakes"
    assert matrix.images[0].get_size() == (400, 400)
    assert texts(beside) == ["class 3 → class 599  38%", "class 5 → class 4  17%"]


@pytest.mark.parametrize("num_classes", [1, 2, 30, 51])
def test_there_may_be_nothing_to_confuse(num_classes: int, tmp_path: Path) -> None:
    classes = [str(k) for k in range(num_classes)]
    assert looks_like_something(confusion(of_matrix(np.eye(num_classes, dtype=np.int64)), classes), tmp_path)
    nothing = confusion(of_matrix(np.zeros((num_classes, num_classes), np.int64)), classes)
    assert nothing.axes[0].get_title("left") == "0.0% of 0 drawings right"


def test_similar_classes_become_neighbours() -> None:
    similar_KK = np.eye(6)
    for a, b, how in [(0, 3, 0.9), (3, 5, 0.5), (1, 4, 0.8)]:
        similar_KK[a, b] = similar_KK[b, a] = how
    before = similar_KK.copy()
    order = similar_together(similar_KK)
    assert sorted(order) == list(range(6))
    assert np.array_equal(similar_KK, before)
    for a, b in [(0, 3), (3, 5), (1, 4)]:
        assert abs(order.index(a) - order.index(b)) == 1
