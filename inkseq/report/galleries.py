"""Drawings to look at: the surest and the least sure, those it explains point by point, and a map of them all."""

from dataclasses import replace
from typing import NamedTuple

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from inkseq.evaluate import picks
from inkseq.evaluate.embedding import embed, flatten_map
from inkseq.evaluate.explanation import Explained, explain
from inkseq.evaluate.figures import shortened, similar_together
from inkseq.report.ink import credit_over_image, credit_picture, heat_over_image, heat_picture, needed_picture
from inkseq.report.subject import Card, Subject
from inkseq.report.words import percent, spoken

IN_GALLERY = 24
MISLABELLED = "Perhaps mislabelled"
EXPLAINED = 6  # of the right, and as many of the wrong
ON_MAP = 1000
EDGE = 4  # around the map, of its width
LETTER = 0.95  # half of a letter's width, on the map
LINE = 3  # a name's height there
MOST_NAMES = 100  # on it


class Gallery(NamedTuple):
    title: str
    remark: str
    cards: list[Card]


class ExplainedCard(NamedTuple):
    card: Card
    credit: Markup | None
    heat: Markup | None
    needed: Markup | None  # of an image nothing is left out
    without: str
    least: float | None  # how sure it would be without the stroke it needs most
    gap: float


class MapPoint(NamedTuple):
    x: float
    y: float
    color: str
    drawing: int
    words: str
    wrong: bool


class MapName(NamedTuple):
    x: float
    y: float
    name: str


def galleries(subject: Subject) -> list[Gallery]:
    wrong, unsure, right = (
        subject.cards(pick(subject.facts, IN_GALLERY))
        for pick in (picks.surest_wrong, picks.least_sure, picks.surest_right)
    )
    return [
        Gallery("The surest mistakes", "The mistakes it was surest of.", wrong),
        Gallery(
            MISLABELLED,
            "Another word is as likely here as it usually is for that word's own drawings, and the given word is less "
            "likely than it usually is. Look at them before you trust the labels.",
            mislabelled(subject),
        ),
        Gallery("The least sure", "Its first two guesses were nearly as likely.", unsure),
        Gallery("The surest right answers", "What it takes for typical.", right),
    ]


def mislabelled(subject: Subject) -> list[Card]:
    """Cards of probable label errors, with the word they look like. A recogniser that mostly errs accuses nobody."""
    if subject.facts.right_N.mean() < 0.5:
        return []
    return [
        replace(subject.card(one.position), looks_like=subject.classes[one.looks_like])
        for one in picks.suspects(subject.facts, IN_GALLERY)
    ]


def explained(subject: Subject) -> list[ExplainedCard]:
    """The surest mistakes, and some drawings that it got right, rather of several strokes, by what it said."""
    right = np.random.default_rng(0).permutation(np.flatnonzero(subject.facts.right_N))[:200]
    if subject.strokes:
        several = np.array([subject.flat(int(i))[1].sum() > 1 for i in right], bool)
        right = np.concatenate([right[several], right[~several]])
    wrong = picks.surest_wrong(subject.facts, EXPLAINED)
    positions = np.concatenate([wrong, right[:EXPLAINED]]).astype(np.int64)
    said = subject.facts.guess_NG[positions, 0].astype(np.int64)
    found = explain(subject.run, subject.drawings, subject.in_split(positions), said)
    make_card = _explained_card if subject.strokes else _explained_image
    return [make_card(subject, int(position), one) for position, one in zip(positions, found, strict=True)]


def _explained_image(subject: Subject, position: int, one: Explained) -> ExplainedCard:
    card, credit, heat = subject.card(position), None, None
    if one.credit is not None:
        credit = credit_over_image(card.drawing, one.credit, f"which pixels spoke for {spoken(card.said)}")
    if one.heat:
        heat = heat_over_image(card.drawing, one.heat, f"where it looked to say {spoken(card.said)}")
    return ExplainedCard(card, credit, heat, None, "", None, one.gap)


def _explained_card(subject: Subject, position: int, one: Explained) -> ExplainedCard:
    card, drawing = subject.card(position), subject.flat(position)
    credit = heat = None
    if one.credit is not None:
        credit = credit_picture(drawing, one.credit, f"which points spoke for {spoken(card.said)}")
    if one.heat:
        heat = heat_picture(drawing, one.heat, f"where it looked to say {spoken(card.said)}")
    label = spoken(card.truth) + (f", thick the stroke it needs most to say {spoken(card.said)}" if one.without else "")
    needed = needed_picture(drawing, int(np.argmin(one.without)) if one.without else None, label)
    least = min(one.without, default=None)
    return ExplainedCard(card, credit, heat, needed, without_words(one.without), least, one.gap)


def without_words(without: list[float]) -> str:
    """How sure it would be without each stroke, the one it needs most first."""
    if not without:
        return "One stroke, and nothing to leave out."
    most, *others = sorted(without)
    told = f"Without the thick stroke {percent(most, 0)}"
    if len(others) == 1:
        return f"{told}, without the other {percent(others[0], 0)}."
    return f"{told}, without any other {percent(others[0], 0)} or more."


class Map(NamedTuple):
    """Places from 0 to 100 across and to `height` down."""

    points: list[MapPoint]
    names: list[MapName]
    height: int


def drawing_map(subject: Subject) -> Map:
    """A sample of the drawings where what the recogniser makes of them puts them, and the names of its regions."""
    total = len(subject.facts)
    positions = np.sort(np.random.default_rng(0).permutation(total)[:ON_MAP])
    xy_N2 = flatten_map(embed(subject.run, subject.drawings, subject.in_split(positions)))
    low, high = xy_N2.min(axis=0), xy_N2.max(axis=0)
    xy_N2 = EDGE + (100 - 2 * EDGE) * (xy_N2 - low) / max(float(high[0] - low[0]), 1e-9)
    label_N = subject.facts.label_N[positions]
    colors = _colors(subject, np.unique(label_N.astype(np.int64)))
    points = [
        MapPoint(round(x, 1), round(y, 1), colors[k], card.drawing, _words(card), not card.right)
        for (x, y), k, card in zip(xy_N2.tolist(), label_N, subject.cards(positions), strict=True)
    ]
    return Map(points, names_on_map(subject.classes, xy_N2, label_N), round(float(xy_N2[:, 1].max()) + EDGE))


def _colors(subject: Subject, class_X: NDArray[np.int64]) -> dict[int, str]:
    """A hue for each of some classes; those often confused have hues that are near."""
    confusion_XX = subject.confusions.matrix(class_X)
    order = similar_together(confusion_XX + confusion_XX.T.astype(float))
    wheel = matplotlib.colormaps["turbo"]
    hues = [to_hex(wheel(0.05 + 0.9 * rank / max(len(order) - 1, 1))) for rank in range(len(order))]
    return dict(zip(class_X[order].tolist(), hues, strict=True))


def _words(card: Card) -> str:
    mistake = "" if card.right else f" taken for {spoken(card.said)},"
    return f"{spoken(card.truth)},{mistake} {percent(card.sure, 0)} sure"


def names_on_map(classes: list[str], xy_N2: NDArray[np.float32], label_N: NDArray[np.int16]) -> list[MapName]:
    """A class's name is at the drawing nearest to the middle of its own, unless one with more drawings is there."""
    labels, counts = np.unique(label_N, return_counts=True)
    named: list[MapName] = []
    for k in labels[np.argsort(-counts, kind="stable")]:
        own = xy_N2[label_N == k]
        middle = np.median(own, axis=0)
        x, y = own[np.linalg.norm(own - middle, axis=1).argmin()]
        name = shortened(classes[k])
        half = min(LETTER * len(name), 50)  # names stay on the map
        new = MapName(round(float(np.clip(x, half, 100 - half)), 1), round(float(y), 1), name)
        if len(named) < MOST_NAMES and not any(_meet(new, other) for other in named):
            named.append(new)
    return named


def _meet(a: MapName, b: MapName) -> bool:
    return abs(a.y - b.y) < LINE and abs(a.x - b.x) < LETTER * (len(a.name) + len(b.name))
