"""What the report says of made-up answers, of which it is known what is true."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.figures import shortened
from inkseq.evaluate.matching import Matching
from inkseq.inference.runs import Run
from inkseq.report import findings as said
from inkseq.report.against import compare, different_classes, names_apart, words
from inkseq.report.findings import Known, findings
from inkseq.report.galleries import ExplainedCard, galleries, mislabelled, without_words
from inkseq.report.ink import AGAINST, FOR, credit_picture, definition, needed_picture
from inkseq.report.page import notes
from inkseq.report.scores import Breakdown, class_rows, measure, strongest_pairs
from inkseq.report.subject import Card, Subject
from inkseq.report.timing import at_half
from inkseq.report.trusting import CHOSEN_HERE, CHOSEN_ON_VAL, oversure, trust
from inkseq.report.words import count, listed, percent
from tests.evaluate.made import facts_of

WORDS = ["cat", "dog", "owl", "yak"]


def answers(rows: list[tuple[int, list[float]]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of drawings whose label and probabilities are given."""
    return torch.tensor([chances for _, chances in rows]).log(), torch.tensor([label for label, _ in rows])


# Ten of each: cats are found always, dogs are surely taken for owls four times, owls are shy, yaks are missing.
ROWS = (
    [(0, [0.9, 0.04, 0.03, 0.03])] * 10
    + [(1, [0.05, 0.8, 0.1, 0.05])] * 6
    + [(1, [0.02, 0.02, 0.95, 0.01])] * 4
    + [(2, [0.1, 0.2, 0.6, 0.1])] * 9
    + [(2, [0.42, 0.1, 0.38, 0.1])]
)


@pytest.fixture
def data(packed: Path) -> PackedStrokes:
    return open_strokes(packed)


def subject_of(
    rows: list[tuple[int, list[float]]], data: PackedStrokes, val: Facts | None = None, **others: Any
) -> Subject:
    logits_NK, label_N = answers(rows)
    run = cast(Run, SimpleNamespace(folder=Path("runs/mine"), classes=WORDS, config=SimpleNamespace(data=data.path)))
    matching = Matching(np.arange(4), [], [])
    fields: dict[str, Any] = {
        "run": run,
        "split": "test",
        "matching": matching,
        "temperature": None,
        "chosen_on": val,
    } | others
    return Subject(
        data=data,
        drawings=cast(Any, SimpleNamespace(first=0)),
        facts=facts_of(logits_NK, label_N),
        **fields,
    )


def known_of(subject: Subject, **others: Any) -> Known:
    """All that the findings are drawn from, the slow parts made up."""
    seen = SimpleNamespace(
        share_S=np.arange(1, 11) / 10, top1_S=np.linspace(0.1, 1.0, 10), top3_S=np.ones(10), median=0.6
    )
    parts: dict[str, Any] = {
        "metrics": measure(subject.facts),
        "classes": class_rows(subject),
        "pairs": strongest_pairs(subject),
        "breakdowns": [],
        "galleries": galleries(subject),
        "timing": SimpleNamespace(early=seen, sample=""),
        "trust": trust(subject),
        "explained": [],
    }
    return Known(**(parts | others))


def text(finding: Any) -> str:
    return re.sub("</?(b|bdi)>", "", str(finding)).replace("\N{NO-BREAK SPACE}", " ")


def test_ten_true_sentences(data: PackedStrokes) -> None:
    subject = subject_of(ROWS, data)
    found = list(map(text, findings(subject, known_of(subject))))
    assert len(found) == 10
    assert found[0].startswith("It names 83.3 % of the drawings at first guess, 100.0 % within three.")
    assert found[0].endswith("Blind guessing would get 25.0 %.")
    assert "It knows cat best (100 % of them found) and dog worst (60 %)." in found
    assert "Its commonest mistake is to take dog for owl: 4 of 10 drawings." in found
    assert "None of 3 classes is found less than half of the time; 1 is found always." in found
    assert "With half of a drawing it is right 50.0 % of the time, with all of it 100.0 %." in found
    assert "Three confusions make up 100 % of its 5 mistakes." in found
    assert text(said._sureness(subject)) == "When it is right it is 77 % sure on average, when it is wrong 84 %."


def test_nothing_is_said_of_nothing(data: PackedStrokes) -> None:
    """All right and all alike: no best, no worst, no mistakes."""
    subject = subject_of([(k, np.eye(4)[k].clip(0.01).tolist()) for k in range(4)] * 6, data)
    found = list(map(text, findings(subject, known_of(subject))))
    assert not [line for line in found if "worst" in line or "mistake to" in line or "wrong word" in line]
    assert "It took nothing for anything else." in found
    assert [line for line in found if line.startswith("None of 4 ") and line.endswith(" 4 are found always.")]
    assert "The truth is always among its first three guesses." in found
    assert measure(subject.facts)["top1"].low < 0.9  # 24 drawings do not make it infallible


@pytest.mark.parametrize(("sure", "right", "expected"), [(0.9, 6, "boastful"), (0.6, 9, "modest")])
def test_boastful_or_modest(data: PackedStrokes, sure: float, right: int, expected: str) -> None:
    rest = (1 - sure) / 3
    rows = [(0 if n < right else 1, [sure, rest, rest, rest]) for n in range(10)] * 5
    subject = subject_of(rows, data)
    assert expected in text(said._calibration(subject, known_of(subject)))
    assert (oversure(subject) > 0) == (expected == "boastful")
    manner = "surer than right" if expected == "boastful" else "less sure than right"
    assert manner in trust(subject).calibration


def test_the_hardest_group_is_the_one_with_fewest_right(data: PackedStrokes) -> None:
    rows = [
        SimpleNamespace(name="1", count=50, top1=0.5, low=0.4, high=0.6),
        SimpleNamespace(name="2–4", count=50, top1=0.9, low=0.8, high=0.95),
        SimpleNamespace(name="5 or more", count=3, top1=0.1, low=0.0, high=0.2),
    ]
    subject = subject_of(ROWS, data)
    known = known_of(subject, breakdowns=[Breakdown("By strokes", "strokes", cast(Any, rows))])
    called: Callable[[str], str] = lambda name: f"drawings of {name}"  # noqa: E731
    assert text(said._groups(known, "strokes", called)) == (
        "Hardest are drawings of 1: 50.0 % of them right, against 90.0 % of drawings of 2–4."
    )
    assert "a single stroke" in " ".join(map(text, findings(subject, known)))
    rows[0].high = 0.85  # which could be chance
    assert said._groups(known, "strokes", called) is None


def test_thresholds_tell_what_they_are_worth_here(data: PackedStrokes) -> None:
    """val is right wherever it is over 70 % sure; here that is the worst place to be."""
    val = facts_of(*answers([(0, [0.8, 0.1, 0.05, 0.05])] * 400 + [(1, [0.5, 0.3, 0.1, 0.1])] * 100))
    subject = subject_of(ROWS, data, val)
    found = trust(subject)
    assert found.remark == CHOSEN_ON_VAL
    kept = next(one for one in found.thresholds if one.wanted == 0.98)
    assert kept.threshold == pytest.approx(0.8)
    assert kept.coverage == pytest.approx(20 / 30)
    assert kept.precision == pytest.approx(16 / 20)
    assert kept.missed
    assert text(said._threshold(subject, known_of(subject))) == (
        "Act only when it is over 80 % sure, and it is right 80.0 % of the time, on 66.7 % of the drawings."
    )
    here = trust(subject_of(ROWS, data))
    assert here.remark == CHOSEN_HERE
    assert [one.why_not for one in here.thresholds] == ["too few drawings to tell"] * 4
    many = trust(subject_of(ROWS * 20, data))
    assert many.thresholds[-1].why_not == "no threshold is enough"


def test_galleries_hold_what_they_are_called(data: PackedStrokes) -> None:
    subject = subject_of(ROWS, data)
    mistakes, suspects, unsure, right = (gallery.cards for gallery in galleries(subject))
    assert [card.said for card in mistakes] == ["owl"] * 4 + ["cat"]
    assert [card.sure for card in mistakes] == sorted((card.sure for card in mistakes), reverse=True)
    assert not any(card.right for card in mistakes)
    assert all(card.right for card in right)
    assert [(card.truth, card.looks_like) for card in suspects] == [("dog", "owl")] * 4
    assert unsure[0].sure == pytest.approx(0.42)
    hopeless = subject_of([(1, row) for _, row in ROWS], data)
    assert mislabelled(hopeless) == []  # what errs so often accuses nobody


def test_classes_are_sorted_worst_first_and_named_by_what_was_said(data: PackedStrokes) -> None:
    rows = class_rows(subject_of(ROWS, data))
    assert [row.name for row in rows] == ["dog", "owl", "cat", "yak"]
    assert [text(row.taken_for) for row in rows] == ["owl (4)", "cat (1)", "", ""]
    assert (rows[-1].count, rows[-1].top1, rows[-1].f1) == (0, None, None)


def test_pairs_stand_beside_what_they_were_taken_for(data: PackedStrokes) -> None:
    first, *_ = strongest_pairs(subject_of(ROWS, data))
    assert (first.drawn, first.said, first.count, first.share) == ("dog", "owl", 4, 0.4)
    assert all((card.truth, card.said) == ("dog", "owl") for card in first.examples)
    assert first.real
    assert (first.real.truth, first.real.right) == ("owl", True)


def test_two_runs_are_told_apart_the_right_way_round(data: PackedStrokes) -> None:
    first = subject_of(ROWS, data)
    better = [(label, np.eye(4)[label].clip(0.01).tolist()) for label, _ in ROWS]
    run = cast(Run, SimpleNamespace(folder=Path("runs/yours"), classes=WORDS))
    found = compare(first, run, facts_of(*answers(better)))
    assert [(row.name, row.count) for row in found.rows] == [
        ("both", 25), ("only yours", 5), ("only mine", 0), ("neither", 0)
    ]  # fmt: skip
    assert [len(gallery.cards) for gallery in found.galleries] == [5, 0]
    assert found.galleries[0].title == "What yours gets right and mine does not"
    assert {(card.first.said, card.other) for card in found.galleries[0].cards} == {("owl", "dog"), ("cat", "owl")}
    assert found.classes[0].name == "dog"
    assert found.classes[0].difference == "+40.0"

    right, wrong = np.ones(40, bool), np.zeros(40, bool)
    assert "b is better than a: 100.0" in words(("a", "b"), wrong, right)
    assert "b is worse than a: 0.0" in words(("a", "b"), right, wrong)
    assert "b cannot be told apart from a" in words(("a", "b"), right, right)
    same = cast(Run, SimpleNamespace(folder=Path("elsewhere/mine"), classes=WORDS))
    assert names_apart(first.run, same) == ("runs/mine", "elsewhere/mine")
    assert different_classes(("a", "b"), WORDS, WORDS[::-1], 0) == ""
    assert "a knows 4 classes, b 1 class" in different_classes(("a", "b"), WORDS, ["cat"], 3)


def test_notes_say_what_has_to_be_known(data: PackedStrokes) -> None:
    assert notes(subject_of(ROWS * 4, data, split="train"))[-1].startswith("It was trained on these drawings")
    elsewhere = subject_of(ROWS * 4, data, split="train")
    elsewhere.run.config.data = "other"
    assert not [note for note in notes(elsewhere) if "trained" in note]
    assert "30 drawings say little: mind the intervals." in notes(subject_of(ROWS, data))
    assert "No drawing in test, so nothing is known of yak." in notes(subject_of(ROWS, data))
    matching = Matching(np.array([0, 1, -1]), ["zebra"], ["yak"])
    found = notes(subject_of(ROWS * 4, data, matching=matching))
    assert found == [
        "Left out: 0 drawings of classes that it was never taught, zebra.",
        "It knows classes that the data does not have: yak.",
    ]


TWO_STROKES = (np.array([[0, 0], [255, 0], [0, 200], [9, 255]], np.uint8), np.array([0, 1, 0, 1], np.uint8))


def test_ink_that_speaks_for_it_is_red() -> None:
    picture = str(credit_picture(TWO_STROKES, np.array([0, 3, 0, -3], np.float32), "a < b"))
    across, down = picture.index(f'stroke="{FOR}" d="M0 0l255 0"'), picture.index(f'stroke="{AGAINST}" d="M0 200l9 55"')
    assert across
    assert down
    assert 'aria-label="a &lt; b"' in picture


def test_only_the_stroke_that_is_needed_is_thick() -> None:
    assert str(needed_picture(TWO_STROKES, 1, "")).count('class="thick" d="M0 200') == 1
    assert 'class="thin" d="M0 0' in str(needed_picture(TWO_STROKES, 1, ""))
    assert "thick" not in str(needed_picture(TWO_STROKES, None, ""))


def test_strokes_have_the_colours_of_their_order() -> None:
    assert 'class="i0" d="M0 0' in str(definition(7, TWO_STROKES))
    assert 'class="i11" d="M0 200' in str(definition(7, TWO_STROKES))


def test_the_stroke_it_would_miss_most_comes_first() -> None:
    assert text(without_words([])) == "One stroke, and nothing to leave out."
    assert text(without_words([0.9, 0.2])) == "Without the thick stroke 20 %, without the other 90 %."
    assert text(without_words([0.9, 0.2, 0.5])) == "Without the thick stroke 20 %, without any other 50 % or more."


def test_answers_that_hang_on_a_stroke_are_counted_among_the_right_ones(data: PackedStrokes) -> None:
    def card(least: float, right: bool) -> ExplainedCard:
        return cast(ExplainedCard, SimpleNamespace(card=Card(0, "cat", "cat", 0.8, 0.8, right), least=least, gap=0.0))

    told = [card(0.3, True), card(0.5, True), card(0.1, True), card(0.7, True), card(0.0, False), card(0.6, True)]
    subject = subject_of(ROWS, data)
    expected = "Of 5 drawings that it got right, 2 hung on a single stroke, without which it is half as sure."
    assert text(said._strokes(known_of(subject, explained=told))) == expected


def test_half_is_half() -> None:
    seen = SimpleNamespace(share_S=np.arange(1, 11) / 10, top1_S=np.arange(10) / 10)
    assert at_half(cast(Any, seen)) == pytest.approx(0.4)


def test_numbers_in_words() -> None:
    shown = [percent(share).replace("\N{NO-BREAK SPACE}", "") for share in (0.0, 0.0001, 0.5, 1.0)]
    assert shown == ["0.0%", "<0.1%", "50.0%", "100.0%"]
    assert percent(0.004, 0).replace("\N{NO-BREAK SPACE}", " ") == "<1 %"
    assert [count(1, "class"), count(0, "class"), count(1, "drawing"), count(1200, "drawing")] == [
        "1 class", "0 classes", "1 drawing", "1,200 drawings"
    ]  # fmt: skip
    assert listed(list("abcdefghijkl")) == "a, b, c, d, e, f, g, h, i, j and 2 more"
    assert shortened("a" * 30) == "a" * 17 + "…"
