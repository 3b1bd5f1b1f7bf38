"""When it may be trusted: what thresholds buy, and whether it is as right as it is sure."""

from typing import NamedTuple

from inkseq.evaluate.calibration import calibration_error, reliability
from inkseq.evaluate.charts import coverage_chart, reliability_chart
from inkseq.evaluate.trust import at_threshold, coverage_curve, game, threshold_for
from inkseq.report.ink import svg
from inkseq.report.subject import Subject
from inkseq.report.words import percent

WANTED = (0.9, 0.95, 0.98, 0.99)
CHOSEN_ON_VAL = "Chosen on val, measured on these drawings."
CHOSEN_HERE = "Chosen and measured on the same drawings, which flatters them."
IN_GAME = (0.05, 0.1, 0.2, 0.3, 0.5)


class Threshold(NamedTuple):
    wanted: float
    threshold: float | None
    why_not: str
    coverage: float | None
    precision: float | None

    @property
    def missed(self) -> bool:
        """Whether these drawings break what others promised."""
        return self.precision is not None and self.precision < self.wanted


class GameRow(NamedTuple):
    threshold: float
    accepted: list[float]
    also_wrong: float  # of as many guesses as there are at most
    only_wrong: float


class Trust(NamedTuple):
    coverage_chart: str
    reliability_chart: str
    calibration: str
    thresholds: list[Threshold]
    remark: str
    guesses: list[int]
    game: list[GameRow]


def trust(subject: Subject) -> Trust:
    facts, right_N = subject.facts, subject.facts.right_N
    said_N = facts.chance_NG[:, 0]
    as_said, calibrated = reliability(said_N, right_N), reliability(facts.calm_N, right_N)
    played = game(facts, IN_GAME)
    return Trust(
        svg(coverage_chart(coverage_curve(said_N, right_N))),
        svg(reliability_chart(as_said, calibrated if subject.temperature else None)),
        calibration_words(subject, calibration_error(as_said), calibration_error(calibrated)),
        [_threshold(subject, wanted) for wanted in WANTED],
        CHOSEN_ON_VAL if subject.chosen_on else CHOSEN_HERE,
        list(played),
        [
            GameRow(said[0].threshold, [one.accepted for one in said], said[-1].also_wrong, said[-1].only_wrong)
            for said in zip(*played.values(), strict=True)
        ],
    )


def _threshold(subject: Subject, wanted: float) -> Threshold:
    chosen_on = subject.chosen_on or subject.facts
    threshold = threshold_for(wanted, chosen_on.chance_NG[:, 0], chosen_on.place_N == 0)
    if threshold is None:
        enough = len(chosen_on) * (1 - wanted) > 3
        return Threshold(wanted, None, "no threshold is enough" if enough else "too few drawings to tell", None, None)
    coverage, precision = at_threshold(threshold, subject.facts.chance_NG[:, 0], subject.facts.right_N)
    return Threshold(wanted, threshold, "", coverage, precision)


def oversure(subject: Subject) -> float:
    """How much surer it is than right, on average; negative where it is less sure."""
    return float(subject.facts.chance_NG[:, 0].mean() - subject.facts.right_N.mean())


def calibration_words(subject: Subject, as_said: float, calibrated: float) -> str:
    facts, temperature = subject.facts, subject.temperature
    manner = "surer than right" if oversure(subject) > 0 else "less sure than right"
    text = f"What it says of its sureness is off by {percent(as_said)} on average; on the whole it is {manner}."
    if temperature is None:
        return f"{text} There is no val split to mend that by."
    return (
        f"{text} With all its scores divided by {temperature:.2f}, the temperature that suits val, that becomes "
        f"{percent(calibrated)}, and the log-loss {facts.calm_loss_N.mean():.3f} instead of {facts.loss_N.mean():.3f}; "
        "the order of its guesses stays."
    )
