"""The report as one file: everything computed, handed to the template, written whole or not at all."""

import os
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from inkseq.errors import UserError
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.intervals import RESAMPLES
from inkseq.files import write_whole
from inkseq.inference.runs import Run
from inkseq.report.against import compare
from inkseq.report.findings import Known, findings
from inkseq.report.galleries import drawing_map, explained, galleries
from inkseq.report.ink import AGAINST, FOR, INKS, definitions
from inkseq.report.matrix import matrix
from inkseq.report.scores import breakdowns, class_rows, confusion_words, measure, score_rows, strongest_pairs
from inkseq.report.subject import Subject, run_name
from inkseq.report.timing import timing
from inkseq.report.trusting import trust
from inkseq.report.words import count, listed, named, percent, spoken

HERE = Path(__file__).parent
FEW = 100  # drawings, of which a report says so
GENERATOR = "inkseq report"  # by which a page is known to be ours, and may be replaced
SECTIONS = {
    "known": "Worth knowing",
    "against": "Against",
    "scores": "Scores",
    "classes": "Classes",
    "confusion": "Confusion",
    "drawings": "Drawings",
    "strokes": "Strokes",
    "early": "How early",
    "looked": "Where it looked",
    "trust": "Trust",
    "map": "Map",
}


def report(subject: Subject, other: tuple[Run, Facts] | None, words: Sequence[str]) -> str:
    """The page."""
    known = Known(
        measure(subject.facts),
        class_rows(subject),
        strongest_pairs(subject),
        breakdowns(subject),
        galleries(subject),
        timing(subject) if subject.strokes else None,
        trust(subject),
        explained(subject),
    )
    against, run = compare(subject, *other) if other else None, subject.run
    absent = {"looked"} if subject.strokes else {"strokes", "early"}
    absent |= set() if against else {"against"}
    return render(
        {
            "generator": GENERATOR,
            "sections": {name: title for name, title in SECTIONS.items() if name not in absent},
            "name": run_name(run),
            "data": subject.data.path.resolve().name,
            "subject": subject,
            "resamples": RESAMPLES,
            "num_parameters": sum(p.numel() for p in run.model.parameters()),
            "known": known,
            "findings": findings(subject, known),
            "notes": notes(subject),
            "score_rows": score_rows(known.metrics),
            "confusion": matrix(subject.confusions, subject.classes),
            "confusion_words": confusion_words(known.pairs),
            "gap": max((one.gap for one in known.explained), default=0.0),
            "map": drawing_map(subject),
            "against": against,
            "inks": INKS,
            "colors": (FOR, AGAINST),
            "symbols": definitions((i, subject.drawn(i)) for i in sorted(subject.shown)),
            "command": f"python -m inkseq.report {shlex.join(words)}",
            "made": f"Weights of step {run.step:,} of {run.folder}, on {subject.drawings.device}; "
            f"torch {version('torch')}, numpy {version('numpy')}.",
        }
    )


def render(context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"percent": percent, "counted": count, "number": lambda number: f"{number:,}"} | {
        "named": named,
        "spoken": spoken,
    }
    files = {name: Markup((HERE / f"page.{name}").read_text("utf-8")) for name in ("css", "js")}
    return environment.get_template("page.html").render(**context, **files)


def notes(subject: Subject) -> list[str]:
    """What a reader has to know before the numbers are taken at their word."""
    matching, found = subject.matching, []
    if len(subject.facts) < FEW:
        found.append(f"{count(len(subject.facts), 'drawing')} say little: mind the intervals.")
    if matching.unknown:
        left_out = count(subject.facts.left_out, "drawing")
        found.append(f"Left out: {left_out} of classes that it was never taught, {listed(matching.unknown)}.")
    if matching.missing:
        found.append(f"It knows classes that the data does not have: {listed(matching.missing)}.")
    by_class = zip(subject.classes, subject.confusions.per_class(), strict=True)
    empty = [name for name, one in by_class if not one.count and name not in matching.missing]
    if empty:
        found.append(f"No drawing in {subject.split}, so nothing is known of {listed(empty)}.")
    if subject.split == "train" and subject.data.path.resolve() == Path(subject.run.config.data).resolve():
        found.append("It was trained on these drawings: of others it will get fewer right.")
    return found


def check_out(out: Path) -> None:
    """Refuse to write over what is no report, or where nothing can be written, before anything is computed."""
    page = out / "index.html"
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; out= names a folder for the report")
    if page.exists() and GENERATOR not in page.read_text("utf-8", errors="replace")[:2000]:
        raise UserError(f"{page} is no report of inkseq and would be overwritten; choose another out=")
    there = next(folder for folder in (out, *out.resolve().parents) if folder.exists())
    if not os.access(there, os.W_OK):
        raise UserError(f"{there} cannot be written to; choose another out=")


def write(out: Path, page: str) -> Path:
    """Write out/index.html."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        write_whole(out / "index.html", page)
    except OSError as error:
        raise UserError(f"cannot write {out / 'index.html'}: {error.strerror}") from None
    return out / "index.html"
