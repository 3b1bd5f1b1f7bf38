"""Two runs on the same drawings: which each gets right that the other does not."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkseq.errors import UserError
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.paired import count, interval, mcnemar, verdict
from inkseq.evaluate.picks import highest
from inkseq.inference.runs import Run
from inkseq.report.subject import Card, Subject, run_name
from inkseq.report.words import count as count_of
from inkseq.report.words import percent

SHOWN = 24
CLASSES = 10


@dataclass(frozen=True)
class Outcome:
    name: str
    count: int
    share: float


class ClassDifference(NamedTuple):
    name: str
    first: float
    other: float
    difference: str


class BothCard(NamedTuple):
    first: Card
    other: str
    other_sure: float


class BothGallery(NamedTuple):
    title: str
    remark: str
    cards: list[BothCard]


class Against(NamedTuple):
    names: tuple[str, str]
    words: str
    caution: str
    rows: list[Outcome]
    classes: list[ClassDifference]
    galleries: list[BothGallery]


def compare(first: Subject, run: Run, facts: Facts) -> Against:
    """The first run's page speaks; the other may know other classes, and is asked only what both know."""
    # Positions, among the facts of each, of the drawings that both have a word for.
    _, mine, theirs = np.intersect1d(first.facts.index_N, facts.index_N, assume_unique=True, return_indices=True)
    if not len(mine):
        raise UserError(f"{run.folder} knows none of the classes that {first.run.folder} was tested on")
    first_N, other_N = first.facts.right_N[mine], facts.right_N[theirs]
    names = names_apart(first.run, run)
    only_first_N, only_other_N = first_N & ~other_N, ~first_N & other_N
    called = "both", f"only {names[1]}", f"only {names[0]}", "neither"
    outcomes = zip(called, (first_N & other_N, only_other_N, only_first_N, ~first_N & ~other_N), strict=True)

    def gallery(right: int, which_N: NDArray[np.bool_]) -> BothGallery:
        chosen = highest(np.maximum(first.facts.chance_NG[mine, 0], facts.chance_NG[theirs, 0]), which_N, SHOWN)
        said, sure = facts.guess_NG[theirs[chosen], 0], facts.chance_NG[theirs[chosen], 0]
        cards = list(map(BothCard, first.cards(mine[chosen]), [run.classes[k] for k in said], sure.tolist()))
        number = count_of(int(which_N.sum()), "drawing")
        remark = f"{number}; first those that one of the two is surest of." if len(chosen) else ""
        return BothGallery(f"What {names[right]} gets right and {names[1 - right]} does not", remark, cards)

    return Against(
        names,
        words(names, first_N, other_N),
        different_classes(names, first.classes, run.classes, len(first.facts) - len(mine)),
        [Outcome(name, int(which.sum()), float(which.mean())) for name, which in outcomes],
        class_differences(first, first.facts.label_N[mine], first_N, other_N),
        [gallery(1, only_other_N), gallery(0, only_first_N)],
    )


def names_apart(first: Run, other: Run) -> tuple[str, str]:
    """What to call two runs: their folders' names, or where those are the same their paths."""
    names = run_name(first), run_name(other)
    return names if names[0] != names[1] else (str(first.folder), str(other.folder))


def different_classes(names: tuple[str, str], first: list[str], other: list[str], left_out: int) -> str:
    """What makes the comparison unfair, if anything does."""
    if set(first) == set(other):
        return ""
    missing = f" {count_of(left_out, 'drawing')} that only {names[0]} has a word for are left out." if left_out else ""
    return (
        f"They do not choose among the same words: {names[0]} knows {count_of(len(first), 'class')}, "
        f"{names[1]} {count_of(len(other), 'class')}, and the more there are the harder it is.{missing}"
    )


def words(names: tuple[str, str], first_N: NDArray[np.bool_], other_N: NDArray[np.bool_]) -> str:
    counts = count(first_N, other_N)
    low, high = interval(counts)
    than = {"better": "is better than", "worse": "is worse than"}.get(verdict(low, high), "cannot be told apart from")
    scores = f"{percent(other_N.mean())} against {percent(first_N.mean())}"
    return (
        f"On the same {count_of(len(first_N), 'drawing')} {names[1]} {than} {names[0]}: {scores}, a difference of "
        f"{100 * low:+.1f} to {100 * high:+.1f} points (95 % interval over drawings; McNemar's exact p "
        f"{mcnemar(counts):.2g})."
    )


def class_differences(
    first: Subject, label_N: NDArray[np.integer], first_N: NDArray[np.bool_], other_N: NDArray[np.bool_]
) -> list[ClassDifference]:
    """The classes whose recall differs most, either way."""
    found = []
    for k in np.unique(label_N):
        a, b = (float(right_N[label_N == k].mean()) for right_N in (first_N, other_N))
        if a != b:
            found.append(ClassDifference(first.classes[k], a, b, f"{100 * (b - a):+.1f}"))
    return sorted(found, key=lambda one: (-abs(one.other - one.first), one.name))[:CLASSES]
