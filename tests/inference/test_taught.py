"""A recogniser that is taught: words by a few drawings, beside those it knows, forgotten again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

import inkseq
from inkseq.data.packed import open_strokes
from inkseq.drawings.strokes import unflatten
from inkseq.families import CnnConfig, PictureConfig
from inkseq.inference.joined import join
from inkseq.inference.recogniser import Recogniser
from tests.train.tiny import run, tiny

Strokes = list[list[list[float]]]

SPIRALS: list[Strokes] = [
    [[(r * np.cos(r / 9 + turn)).tolist(), (r * np.sin(r / 9 + turn)).tolist()]]
    for turn in (0.0, 0.3, 0.6, 0.9, 1.2)
    for r in [np.arange(0, 120, 2.0)]
]
CROSS: Strokes = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]


@pytest.fixture(scope="module")
def folder(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    model = CnnConfig(channels=[6, 8], picture=PictureConfig(size=32))
    config = tiny(packed, tmp_path_factory.mktemp("taught"), model=model, duration="10 steps")
    run(config)
    return f"{config.runs}/run"


@pytest.fixture
def recogniser(folder: str) -> Recogniser:
    return inkseq.load(folder)


def test_three_drawings_make_a_word_that_can_be_forgotten(recogniser: Recogniser) -> None:
    before, words = recogniser.predict(SPIRALS[4]), recogniser.classes
    recogniser.teach("spiral", SPIRALS[:3])
    recogniser.teach("cross", [CROSS])
    assert recogniser.classes == [*words, "spiral", "cross"]
    after = recogniser.predict(SPIRALS[4], top=9)
    assert after[0].word == "spiral"
    assert sum(guess.probability for guess in after) == pytest.approx(1, abs=1e-5)
    assert recogniser.predict(CROSS)[0].word == "cross"
    recogniser.forget("spiral")
    recogniser.forget("cross")
    assert recogniser.predict(SPIRALS[4]) == before


def test_trained_words_lose_alike_and_a_word_taught_twice_counts_both(recogniser: Recogniser) -> None:
    before = dict(recogniser.predict(SPIRALS[4]))
    recogniser.teach("spiral", SPIRALS[:3])
    after = dict(recogniser.predict(SPIRALS[4], top=9))
    rest = 1 - after["spiral"]
    assert {word: after[word] / rest for word in before} == pytest.approx(before, abs=1e-5)
    recogniser.forget("spiral")
    recogniser.teach("cat", SPIRALS[:3])
    both = dict(recogniser.predict(SPIRALS[4]))
    assert both["cat"] == pytest.approx(after["spiral"] + after["cat"], abs=1e-5)
    assert recogniser.classes == recogniser.trained.classes


def test_the_same_drawing_twice_is_once_and_lessons_add_up(recogniser: Recogniser) -> None:
    recogniser.teach("spiral", SPIRALS[:1])
    once = recogniser.predict(SPIRALS[4])
    recogniser.teach("spiral", SPIRALS[:1])
    assert [g.probability for g in recogniser.predict(SPIRALS[4])] == pytest.approx(
        [g.probability for g in once], abs=1e-5
    )
    recogniser.forget("spiral")
    recogniser.teach("spiral", SPIRALS[:1])
    recogniser.teach("spiral", SPIRALS[1:3])
    apart = recogniser.predict(SPIRALS[4])
    recogniser.forget("spiral")
    recogniser.teach("spiral", SPIRALS[:3])
    assert [g.probability for g in recogniser.predict(SPIRALS[4])] == pytest.approx(
        [g.probability for g in apart], abs=1e-5
    )


def test_what_teaches_nothing_is_said_and_nothing_is_learnt(recogniser: Recogniser) -> None:
    for word, drawings, reason in [
        (" ", SPIRALS, "is no word"),
        ("a\nb", SPIRALS, "is no word"),
        ("spiral", [], "there are none"),
        ("spiral", [SPIRALS[0], []], "empty drawing"),
    ]:
        with pytest.raises(ValueError, match=reason):
            recogniser.teach(word, drawings)
    with pytest.raises(ValueError, match="spiral was not taught"):
        recogniser.forget("spiral")
    assert recogniser.run is recogniser.trained


def test_threads_may_teach_while_others_ask(recogniser: Recogniser, packed: Path) -> None:
    data = open_strokes(packed)
    drawings = [unflatten(*data.drawing(i)) for i in range(20)]
    with ThreadPoolExecutor(4) as pool:
        taught = [pool.submit(recogniser.teach, f"word {n}", [drawings[n]]) for n in range(20)]
        asked = [pool.submit(recogniser.predict, one, 99) for one in drawings]
        for lesson in taught:
            lesson.result()
    assert len(recogniser.lessons) == 20
    assert all(sum(g.probability for g in one.result()) == pytest.approx(1, abs=1e-5) for one in asked)


def test_a_thousand_words_are_a_thousand_words(recogniser: Recogniser) -> None:
    features_NC = torch.randn(3000, 28, generator=torch.Generator().manual_seed(0))
    recogniser.learn({f"word {n}": features_NC[3 * n : 3 * n + 3] for n in range(1000)})
    guesses = recogniser.predict(CROSS, top=2000)
    assert len(guesses) == 1003
    assert sum(guess.probability for guess in guesses) == pytest.approx(1, abs=1e-4)


def test_several_that_answer_together_can_be_taught(folder: str) -> None:
    recogniser = inkseq.load(folder)
    recogniser.run = recogniser.trained = join([recogniser.run, recogniser.run])
    recogniser.teach("spiral", SPIRALS[:3])
    assert recogniser.predict(SPIRALS[4])[0].word == "spiral"
