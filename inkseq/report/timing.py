"""How early it knows: curves over the share drawn and the strokes drawn, and drawings as strips of film."""

from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from inkseq.evaluate.charts import early_charts
from inkseq.evaluate.early import Early, early, film
from inkseq.report.ink import film_frame, svg
from inkseq.report.subject import Subject
from inkseq.report.words import percent

FILMS = 6
FEWEST_STROKES = 3  # for a drawing to be worth a film


class FrameCard(NamedTuple):
    ink: Markup
    said: str
    sure: float
    right: bool


class Film(NamedTuple):
    truth: str
    frames: list[FrameCard]


class Timing(NamedTuple):
    early: Early
    points_chart: str
    strokes_chart: str
    words: str
    sample: str
    films: list[Film]


def timing(subject: Subject) -> Timing:
    seen = early(subject.run, subject.drawings, subject.matching)
    points, strokes = early_charts(seen)
    sample = f"a sample of {len(seen.index_N):,} drawings" if len(seen.index_N) < len(subject.facts) else ""
    return Timing(seen, svg(points), svg(strokes), words(seen), sample, films(subject))


def words(seen: Early) -> str:
    half, whole = at_half(seen), float(seen.top1_S[-1])
    text = f"With half of the points it is right {percent(half)} of the time, with all of them {percent(whole)}."
    if seen.median is not None:
        text += f" Half of the drawings are known for good once {percent(seen.median, 0)} of their points are there."
    return text


def at_half(seen: Early) -> float:
    """How often it is right with half of the points."""
    return float(seen.top1_S[np.isclose(seen.share_S, 0.5)][0])


def films(subject: Subject) -> list[Film]:
    """Some drawings that it got right, no two of a class, of some strokes each."""
    chosen = _different(subject, np.random.default_rng(1).permutation(np.flatnonzero(subject.facts.right_N)))
    if not len(chosen):  # a run of a few steps gets none right
        return []
    shown = film(subject.run, subject.drawings, subject.facts.index_N[chosen].astype(np.int64))
    found = []
    for position, frames in zip(chosen.tolist(), shown, strict=True):
        truth, drawing = subject.classes[subject.facts.label_N[position]], subject.flat(position)
        cards = [
            FrameCard(film_frame(drawing, num_points, f"{truth}, {num_points} points drawn"), said, sure, said == truth)
            for num_points, said, sure in frames
        ]
        found.append(Film(truth, cards))
    return found


def _different(subject: Subject, candidates: NDArray[np.int64]) -> NDArray[np.int64]:
    chosen: dict[int, int] = {}
    for position in candidates.tolist():
        if len(chosen) < FILMS and subject.flat(position)[1].sum() >= FEWEST_STROKES:
            chosen.setdefault(int(subject.facts.label_N[position]), position)
    return np.array(list(chosen.values()), np.int64)
