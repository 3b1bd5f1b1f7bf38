"""How good it is: scores with their intervals, by groups of drawings, by classes, and what is taken for what."""

from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from inkseq.evaluate.breakdown import (
    GroupScore,
    by,
    country_key,
    head_and_tail,
    points_key,
    recognized_key,
    strokes_key,
    writer_key,
)
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.intervals import Interval, bootstrap, wilson
from inkseq.evaluate.metrics import ClassMetrics
from inkseq.evaluate.picks import examples, highest, pairs
from inkseq.report.subject import Card, Subject
from inkseq.report.words import named, percent, spoken

NUM_PAIRS = 12
MEANINGS = {
    "top1": ("top-1", "the first guess is right"),
    "top3": ("top-3", "the truth is among the first three guesses"),
    "top5": ("top-5", "the truth is among the first five guesses"),
    "map3": ("MAP@3", "1, 1/2 or 1/3 for the truth as first, second or third guess; Kaggle's score"),
    "balanced_accuracy": ("balanced accuracy", "top-1 where every class counts the same"),
    "loss": ("log-loss", "how surprised it was by the truth; 0 is never"),
    "ece": ("calibration error", "how far what it says it knows is from what it knows"),
}
IN_PERCENT = {"top1", "top3", "top5", "balanced_accuracy", "ece"}


class ScoreRow(NamedTuple):
    name: str
    value: str
    interval: str
    meaning: str


class Breakdown(NamedTuple):
    title: str
    what: str
    rows: list[GroupScore]
    remark: str = ""


@dataclass(frozen=True)
class ClassRow(ClassMetrics):
    name: str
    taken_for: Markup  # and how often


@dataclass(frozen=True)
class NamedPair:
    drawn: str
    said: str
    count: int
    share: float
    examples: list[Card]
    real: Card | None


def measure(facts: Facts) -> dict[str, Interval]:
    """Every score with its interval. Of plain shares it is Wilson's, which has a width where all drawings are right."""
    found = bootstrap(facts)
    for name, places in (("top1", 1), ("top3", 3), ("top5", 5)):
        right = int((facts.place_N < places).sum())
        low, high = wilson(right, len(facts)) or (0.0, 1.0)
        found[name] = Interval(found[name].value, low, high)
    return found


def score_rows(intervals: dict[str, Interval]) -> list[ScoreRow]:
    rows = []
    for name, (title, meaning) in MEANINGS.items():
        value, low, high = (percent(score) if name in IN_PERCENT else f"{score:.3f}" for score in intervals[name])
        rows.append(ScoreRow(title, value, f"{low} – {high}", meaning))
    return rows


def breakdowns(subject: Subject) -> list[Breakdown]:
    """Only those by which the drawings differ."""
    facts, data = subject.facts, subject.strokes
    in_train = head_and_tail(subject.run, subject.confusions.per_class())
    sizes = "Head, middle and tail: classes by how many drawings of each the run learnt from."
    some = [Breakdown("By drawings of the class in train", "in train", in_train, sizes)]
    if writers := writer_key(subject.data, facts):
        some.append(Breakdown("By writer", "writer", by(facts, *writers)))
    game = "Whether Google's own recogniser got the drawing while it was drawn."
    some += (
        []
        if data is None
        else [
            Breakdown("By number of points", "points", by(facts, *points_key(data, facts))),
            Breakdown("By number of strokes", "strokes", by(facts, *strokes_key(data, facts))),
            Breakdown("By what the game made of it", "the game", by(facts, *recognized_key(data, facts)), game),
            Breakdown("By country", "country", by(facts, *country_key(data, facts))),
        ]
    )
    return [one for one in some if len(one.rows) > 1]


def class_rows(subject: Subject) -> list[ClassRow]:
    """The classes, those told apart worst first; those without a drawing last."""
    most_taken_for, rows = subject.confusions.most_taken_for(), []
    for k, (name, one) in enumerate(zip(subject.classes, subject.confusions.per_class(), strict=True)):
        other, times = most_taken_for.get(k, (k, 0))
        taken_for = Markup("{} ({:,})").format(named(subject.classes[other]), times) if times else Markup("")
        rows.append(ClassRow(**vars(one), name=name, taken_for=taken_for))
    return sorted(rows, key=lambda row: (row.f1 is None, row.f1 or 0.0, row.name))


def strongest_pairs(subject: Subject) -> list[NamedPair]:
    facts = subject.facts
    found = []
    for pair in pairs(subject.confusions, NUM_PAIRS):
        typical = highest(facts.truth_N, (facts.label_N == pair.said) & facts.right_N, 1)
        drawn, said = subject.classes[pair.drawn], subject.classes[pair.said]
        shown, beside = subject.cards(examples(facts, pair, 2)), next(iter(subject.cards(typical)), None)
        found.append(NamedPair(drawn, said, pair.count, pair.share, shown, beside))
    return found


def confusion_words(found: list[NamedPair]) -> str:
    if not found:
        return "nothing was taken for anything else"
    return "; ".join(
        f"{spoken(pair.drawn)} taken for {spoken(pair.said)} {percent(pair.share, 0)}" for pair in found[:5]
    )
