"""The ten things worth knowing, in words."""

from dataclasses import dataclass

from markupsafe import Markup

from inkseq.evaluation.intervals import Interval
from inkseq.reporting.galleries import IN_GALLERY, MISLABELLED, ExplainedCard, Gallery
from inkseq.reporting.scores import Breakdown, ClassRow, NamedPair
from inkseq.reporting.subject import Subject
from inkseq.reporting.timing import Timing, at_half
from inkseq.reporting.trusting import Trust
from inkseq.reporting.words import percent

TEN = 10
FEWEST = 5  # drawings of a class or group before anything is said of it
HONEST = 0.02  # calibration error that is not worth a word


@dataclass(frozen=True)
class Known:
    """What the findings are drawn from."""

    metrics: dict[str, Interval]
    classes: list[ClassRow]
    pairs: list[NamedPair]
    breakdowns: list[Breakdown]
    galleries: list[Gallery]
    timing: Timing
    trust: Trust
    explained: list[ExplainedCard]


def findings(subject: Subject, known: Known) -> list[Markup]:
    """Ten, the most telling first; what the drawings say nothing about makes room for another."""
    said = (
        _score(subject, known),
        _classes(known),
        _pairs(known),
        _weak(known),
        _groups(known, "points", "drawings of {} points"),
        _groups(known, "the game", "drawings that were {}"),
        _early(known),
        _threshold(known),
        _calibration(subject, known),
        _labels(known),
        _groups(known, "strokes", "drawings of {} strokes"),
        _strokes(known),
        _balance(known),
        _third_guess(known),
    )
    return [one for one in said if one][:TEN]


def _bold(text: str) -> Markup:
    return Markup("<b>{}</b>").format(text)


def _score(subject: Subject, known: Known) -> Markup:
    top1, top3 = known.metrics["top1"], known.metrics["top3"]
    return Markup("It names {} of the drawings at first guess, {} within three. Blind guessing would get {}.").format(
        _bold(percent(top1.value)), percent(top3.value), percent(1 / len(subject.classes))
    )


def _classes(known: Known) -> Markup | None:
    some = [row for row in known.classes if row.count >= FEWEST and row.f1 is not None]
    if len(some) < 2:
        return None
    worst, best = some[0], some[-1]
    return Markup("It knows {} best ({} of them found) and {} worst ({}).").format(
        _bold(best.name), percent(best.recall or 0, 0), _bold(worst.name), percent(worst.recall or 0, 0)
    )


def _pairs(known: Known) -> Markup:
    if not known.pairs:
        return Markup("It took nothing for anything else.")
    pair = known.pairs[0]
    total = round(pair.count / pair.share)
    return Markup("Its commonest mistake is to take {} for {}: {} of {} drawings.").format(
        _bold(pair.drawn), _bold(pair.said), f"{pair.count:,}", f"{total:,}"
    )


def _weak(known: Known) -> Markup | None:
    """How many classes are found always, and how many are not found half of the time."""
    recalls = [row.recall for row in known.classes if row.recall is not None]
    always, seldom = sum(recall == 1 for recall in recalls), sum(recall < 0.5 for recall in recalls)
    some = f"{seldom:,} of its {len(recalls):,} classes are" if seldom != 1 else f"1 of its {len(recalls):,} classes is"
    weak = f"{some} found less than half of the time" if seldom else "No class is found less than half of the time"
    strong = f"{always:,} {'are' if always != 1 else 'is'} found always" if always else "none is found always"
    return Markup("{}; {}.").format(_bold(weak), strong)


def _groups(known: Known, what: str, group: str) -> Markup | None:
    """The group it does worst on against the one it does best on, where that can hardly be chance."""
    rows = next((one.rows for one in known.breakdowns if one.what == what), [])
    rows = [row for row in rows if row.count >= FEWEST]
    if not rows:
        return None
    worst, best = min(rows, key=lambda row: row.top1), max(rows, key=lambda row: row.top1)
    if worst.high >= best.low:
        return None
    hardest, easiest = Markup(group).format(_bold(worst.name)), Markup(group).format(best.name)
    return Markup("Hardest are {}: {} of them right, of {} {}.").format(
        hardest, _bold(percent(worst.top1)), easiest, percent(best.top1)
    )


def _early(known: Known) -> Markup:
    seen = known.timing.early
    half, whole = at_half(seen), float(seen.top1_S[-1])
    return Markup("With half of a drawing it is right {} of the time; the second half brings {}.").format(
        _bold(percent(half)), percent(whole)
    )


def _threshold(known: Known) -> Markup | None:
    """The lowest wanted precision that is above its score and can be had."""
    for one in known.trust.thresholds:
        above = one.wanted > known.metrics["top1"].value
        if above and one.threshold is not None and one.coverage is not None:
            return Markup("To be right {} of the time, act only above {} sureness: {} of the drawings are.").format(
                _bold(percent(one.wanted, 0)), percent(one.threshold, 0), _bold(percent(one.coverage))
            )
    return None


def _calibration(subject: Subject, known: Known) -> Markup:
    error = known.metrics["ece"].value
    if subject.temperature is None or error < HONEST:
        return Markup("What it says of its sureness is off by {} on average.").format(_bold(percent(error)))
    modest = subject.temperature < 1
    manner = (
        "modest: it is right more often than it says" if modest else "boastful: it is right less often than it says"
    )
    return Markup("It is {}, by {} on average.").format(_bold(manner), percent(error))


def _labels(known: Known) -> Markup:
    suspects = next(gallery.cards for gallery in known.galleries if gallery.title == MISLABELLED)
    if not suspects:
        return Markup("No drawing looks mislabelled.")
    first, count = suspects[0], len(suspects)
    number = f"{count} drawings or more" if count == IN_GALLERY else f"{count} drawings" if count > 1 else "One drawing"
    return Markup("{} may carry the wrong word: one is called {} and looks like {}.").format(
        _bold(number), _bold(first.truth), _bold(first.said)
    )


def _strokes(known: Known) -> Markup | None:
    """How many drawings, of those explained, hang on a single stroke."""
    told = [one for one in known.explained if one.least is not None]
    hang = sum(one.least < one.card.sure / 2 for one in told if one.least is not None)
    return Markup("Of {} drawings looked into, {} would lose half of its trust with a single stroke.").format(
        len(told), _bold(str(hang))
    )


def _balance(known: Known) -> Markup:
    return Markup("Were all classes equally frequent, it would be right {} of the time.").format(
        _bold(percent(known.metrics["balanced_accuracy"].value))
    )


def _third_guess(known: Known) -> Markup:
    missed = 1 - known.metrics["top3"].value
    return Markup("Of {} of the drawings not even the third guess is right.").format(_bold(percent(missed)))
