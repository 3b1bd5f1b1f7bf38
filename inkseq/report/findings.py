"""The ten things worth knowing, in words."""

from collections.abc import Callable
from typing import NamedTuple

from markupsafe import Markup

from inkseq.evaluate.intervals import Interval
from inkseq.report.galleries import IN_GALLERY, MISLABELLED, ExplainedCard, Gallery
from inkseq.report.scores import Breakdown, ClassRow, NamedPair
from inkseq.report.subject import Subject
from inkseq.report.timing import Timing, at_half
from inkseq.report.trusting import Trust, oversure
from inkseq.report.words import count, named, percent

TEN = 10
FEWEST = 5  # drawings of a class or group before anything is said of it
HONEST = 0.02  # calibration error that is not worth a word


class Known(NamedTuple):
    """What the findings are drawn from."""

    metrics: dict[str, Interval]
    classes: list[ClassRow]
    pairs: list[NamedPair]
    breakdowns: list[Breakdown]
    galleries: list[Gallery]
    timing: Timing | None  # of strokes
    trust: Trust
    explained: list[ExplainedCard]


def findings(subject: Subject, known: Known) -> list[Markup]:
    """Ten at most, the most telling first; what the drawings say nothing about makes room for another."""
    said = (
        _score(subject, known),
        _classes(known),
        _pairs(known),
        _weak(known),
        _groups(known, "in train", lambda name: f"drawings of the {name} in train"),
        _groups(known, "points", lambda name: f"drawings of {name} points"),
        _groups(known, "the game", lambda name: f"drawings that were {name}"),
        _early(known),
        _threshold(subject, known),
        _calibration(subject, known),
        _labels(known),
        _groups(
            known, "strokes", lambda name: f"drawings of {'a single stroke' if name == '1' else f'{name} strokes'}"
        ),
        _strokes(known),
        _others(subject, known),
        _sureness(subject),
        _for_good(known),
        _balance(subject, known),
        _third_guess(subject, known),
    )
    return [one for one in said if one][:TEN]


def _score(subject: Subject, known: Known) -> Markup:
    top1, top3, words = known.metrics["top1"], known.metrics["top3"], len(subject.classes)
    third = f", {percent(top3.value)} within three" if words > 3 else ""
    return Markup("It names <b>{}</b> of the drawings at first guess{}. Blind guessing would get {}.").format(
        percent(top1.value), third, percent(1 / words)
    )


def _classes(known: Known) -> Markup | None:
    """The classes told apart best and worst, unless many are alike."""
    some = [row for row in known.classes if row.count >= FEWEST and row.f1 is not None]
    if len(some) < 2 or some[0].f1 == some[1].f1 or some[0].top1 == some[-1].top1:
        return None
    worst, best = some[0], some[-1]
    return Markup("It knows <b>{}</b> best ({} of them found) and <b>{}</b> worst ({}).").format(
        named(best.name), percent(best.top1 or 0, 0), named(worst.name), percent(worst.top1 or 0, 0)
    )


def _pairs(known: Known) -> Markup:
    if not known.pairs:
        return Markup("It took nothing for anything else.")
    pair = known.pairs[0]
    drawings = count(round(pair.count / pair.share), "drawing")
    return Markup("Its commonest mistake is to take <b>{}</b> for <b>{}</b>: {} of {}.").format(
        named(pair.drawn), named(pair.said), f"{pair.count:,}", drawings
    )


def _weak(known: Known) -> Markup:
    """How many classes are found always, and how many are not found half of the time."""
    recalls = [row.top1 for row in known.classes if row.top1 is not None]
    always, seldom = sum(recall == 1 for recall in recalls), sum(recall < 0.5 for recall in recalls)
    classes = count(len(recalls), "class")
    weak = f"{seldom:,} of {classes} {'is' if seldom == 1 else 'are'} found less than half of the time"
    if not seldom:
        weak = f"None of {classes} is found less than half of the time"
    strong = f"{always:,} {'is' if always == 1 else 'are'} found always" if always else "none is found always"
    return Markup("<b>{}</b>; {}.").format(weak, strong)


def _groups(known: Known, what: str, called: Callable[[str], str]) -> Markup | None:
    """The group it does worst on against the one it does best on, where that can hardly be chance."""
    rows = next((one.rows for one in known.breakdowns if one.what == what), [])
    rows = [row for row in rows if row.count >= FEWEST]
    if not rows:
        return None
    worst, best = min(rows, key=lambda row: row.top1), max(rows, key=lambda row: row.top1)
    if worst.high >= best.low:
        return None
    return Markup("Hardest are <b>{}</b>: <b>{}</b> of them right, against {} of {}.").format(
        called(worst.name), percent(worst.top1), percent(best.top1), called(best.name)
    )


def _early(known: Known) -> Markup | None:
    if known.timing is None:
        return None
    seen = known.timing.early
    of = f" (of {known.timing.sample})" if known.timing.sample else ""
    return Markup("With half of a drawing it is right <b>{}</b> of the time, with all of it {}{}.").format(
        percent(at_half(seen)), percent(float(seen.top1_S[-1])), of
    )


def _threshold(subject: Subject, known: Known) -> Markup | None:
    """What comes of the lowest threshold that promises more than its score."""
    for one in known.trust.thresholds:
        above = one.wanted > known.metrics["top1"].value
        if above and one.threshold is not None and one.precision is not None and one.coverage is not None:
            shares = percent(one.threshold, 0), percent(one.precision), percent(one.coverage)
            return Markup(
                "Act only when it is over {} sure, and it is right <b>{}</b> of the time, on <b>{}</b> of the "
                "drawings{}."
            ).format(*shares, "" if subject.chosen_on else " (by which that threshold was chosen)")
    return None


def _calibration(subject: Subject, known: Known) -> Markup:
    error, over = known.metrics["ece"].value, oversure(subject)
    if error < HONEST or abs(over) < error / 2:
        return Markup("What it says of its sureness is off by <b>{}</b> on average.").format(percent(error))
    boastful, modest = "boastful: it is right less often than it says", "modest: it is right more often than it says"
    return Markup("It is <b>{}</b>, by {} on average.").format(boastful if over > 0 else modest, percent(error))


def _labels(known: Known) -> Markup | None:
    suspects = next(gallery.cards for gallery in known.galleries if gallery.title == MISLABELLED)
    if not suspects:
        return None
    first = suspects[0]
    number = count(len(suspects), "drawing") + (" or more" if len(suspects) == IN_GALLERY else "")
    return Markup("<b>{}</b> may carry the wrong word: one is called <b>{}</b> and looks like <b>{}</b>.").format(
        number, named(first.truth), named(first.looks_like or first.said)
    )


def _strokes(known: Known) -> Markup | None:
    """How many right answers, of those explained, hang on a single stroke."""
    told = [one for one in known.explained if one.least is not None and one.card.right]
    hang = sum(one.least < one.card.sure / 2 for one in told if one.least is not None)
    if len(told) < FEWEST:
        return None
    return Markup(
        "Of {} that it got right, <b>{}</b> hung on a single stroke, without which it is half as sure."
    ).format(count(len(told), "drawing"), hang)


def _others(subject: Subject, known: Known) -> Markup | None:
    """Into how many words the mistakes are scattered."""
    wrong = int((~subject.facts.right_N).sum())
    if wrong < FEWEST or not known.pairs:
        return None
    most = sum(pair.count for pair in known.pairs[:3])
    return Markup("Three confusions make up <b>{}</b> of its {}.").format(
        percent(most / wrong, 0), count(wrong, "mistake")
    )


def _sureness(subject: Subject) -> Markup | None:
    """Whether it notices that it errs."""
    right_N, sure_N = subject.facts.right_N, subject.facts.chance_NG[:, 0]
    if not right_N.any() or right_N.all():
        return None
    return Markup("When it is right it is {} sure on average, when it is wrong <b>{}</b>.").format(
        percent(float(sure_N[right_N].mean()), 0), percent(float(sure_N[~right_N].mean()), 0)
    )


def _for_good(known: Known) -> Markup | None:
    if known.timing is None or known.timing.early.median is None:
        return None
    return Markup("Half of the drawings are known for good by <b>{}</b> of their points.").format(
        percent(known.timing.early.median, 0)
    )


def _balance(subject: Subject, known: Known) -> Markup:
    return Markup("Were all classes equally frequent, it would be right <b>{}</b> of the time.").format(
        percent(known.metrics["balanced_accuracy"].value)
    )


def _third_guess(subject: Subject, known: Known) -> Markup | None:
    missed = 1 - known.metrics["top3"].value
    if len(subject.classes) <= 3:
        return None
    if not missed:
        return Markup("The truth is always among its first three guesses.")
    return Markup("Of <b>{}</b> of the drawings not even the third guess is right.").format(percent(missed))
