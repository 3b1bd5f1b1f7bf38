"""Two runs on the same drawings: which each gets right that the other does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkseq.errors import UserError
from inkseq.evaluation.facts import Facts
from inkseq.record.paired import count, interval, mcnemar, verdict
from inkseq.reporting.subject import Subject, run_name

SHOWN = 24
CLASSES = 10


@dataclass(frozen=True)
class Row:
    name: str
    count: int
    share: float


@dataclass(frozen=True)
class ClassDifference:
    name: str
    first: float
    other: float
    difference: str


@dataclass(frozen=True)
class BothCard:
    drawing: int
    truth: str
    first: str
    first_sure: float
    first_right: bool
    other: str
    other_sure: float


@dataclass(frozen=True)
class BothGallery:
    title: str
    remark: str
    cards: list[BothCard]


@dataclass(frozen=True)
class Against:
    name: str
    words: str
    rows: list[Row]
    classes: list[ClassDifference]
    galleries: list[BothGallery]


def compare(first: Subject, other: Subject) -> Against:
    """The first run's page speaks; the other may know other classes, and is asked only what both know."""
    mine, theirs = _both(first.facts, other.facts)
    if not len(mine):
        raise UserError(f"{other.run.folder} knows none of the classes that {first.run.folder} was tested on")
    first_N, other_N = first.facts.place_N[mine] == 0, other.facts.place_N[theirs] == 0
    names = run_name(first.run), run_name(other.run)
    total = len(mine)
    rows = [
        Row(name, int(which.sum()), float(which.mean()))
        for name, which in (
            ("both", first_N & other_N),
            (f"only {names[1]}", ~first_N & other_N),
            (f"only {names[0]}", first_N & ~other_N),
            ("neither", ~first_N & ~other_N),
        )
    ]

    def gallery(title: str, which_N: NDArray[np.bool_]) -> BothGallery:
        some = np.flatnonzero(which_N)
        sure = np.maximum(first.facts.chance_NG[mine[some], 0], other.facts.chance_NG[theirs[some], 0])
        chosen = some[np.argsort(-sure, kind="stable")][:SHOWN]
        cards = [_card(first, other, int(mine[i]), int(theirs[i])) for i in chosen]
        return BothGallery(title, f"{len(some):,} drawings, those first about which one of the two is surest.", cards)

    return Against(
        names[1],
        words(names, first_N, other_N, total),
        rows,
        class_differences(first, first.facts.label_N[mine], first_N, other_N),
        [
            gallery(f"What {names[1]} gets right and {names[0]} does not", ~first_N & other_N),
            gallery(f"What {names[0]} gets right and {names[1]} does not", first_N & ~other_N),
        ],
    )


def words(names: tuple[str, str], first_N: NDArray[np.bool_], other_N: NDArray[np.bool_], total: int) -> str:
    counts = count(first_N, other_N)
    low, high = interval(counts)
    than = {"better": "is better than", "worse": "is worse than"}.get(verdict(low, high), "cannot be told apart from")
    return (
        f"On the same {total:,} drawings {names[1]} {than} {names[0]}: {100 * other_N.mean():.1f} % against "
        f"{100 * first_N.mean():.1f} %, a difference of {100 * low:+.1f} to {100 * high:+.1f} points (95 % interval "
        f"over drawings; McNemar's exact p {mcnemar(counts):.2g})."
    )


def class_differences(
    first: Subject, label_N: NDArray[np.integer], first_N: NDArray[np.bool_], other_N: NDArray[np.bool_]
) -> list[ClassDifference]:
    """The classes whose recall differs most, either way."""
    found = []
    for k in np.unique(label_N):
        own = label_N == k
        a, b = float(first_N[own].mean()), float(other_N[own].mean())
        found.append((abs(b - a), ClassDifference(first.classes[k], a, b, f"{100 * (b - a):+.1f}")))
    return [one for size, one in sorted(found, key=lambda item: (-item[0], item[1].name))[:CLASSES] if size]


def _both(first: Facts, other: Facts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions, among the facts of each, of the drawings that both have a word for."""
    _, mine, theirs = np.intersect1d(first.index_N, other.index_N, assume_unique=True, return_indices=True)
    return mine, theirs


def _card(first: Subject, other: Subject, mine: int, theirs: int) -> BothCard:
    a, b = first.card(mine), other.card(theirs)
    return BothCard(a.drawing, a.truth, a.said, a.sure, a.right, b.said, b.sure)
