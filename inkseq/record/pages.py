"""Pages of prose with generated parts: what stands between two markers is written anew, the rest is kept."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from inkseq.errors import UserError
from inkseq.files import write_whole
from inkseq.record import markdown as parts
from inkseq.record.results import Row, read_csv

Write = Callable[[str], str]  # from what a marker says (`results: NAME`) to the text behind it

MARKER = re.compile(r"<!-- ((?:generated|results): [^\n]*?|end) -->")
QUESTION = re.compile(r"\*\*Question\.\*\*\s*(.+?)(?:(?<=[.?!])\s|\n\s*\n|\Z)", re.DOTALL)
CURVES = "![Loss and top-1 of every run: a thin line a seed, a thick one their mean](curves.png)"
NEW_PAGE = """# {name}

**Question.** *To be written: what was to be found out?*

**Verdict.** *To be written: nobody has said yet what these numbers mean.*

"""
GENERATED_PARTS = """<!-- generated: results -->
<!-- end -->

<!-- generated: curves -->
<!-- end -->

What differs:

<!-- generated: settings -->
<!-- end -->

How it was done:

<!-- generated: how -->
<!-- end -->
"""


def fill(text: str, write: Write, where: Path) -> str:
    """The text with every generated part as `write` has it."""
    kept, marker, begin = [], "", 0
    for match in MARKER.finditer(text):
        if (match[1] == "end") != bool(marker):
            line = text.count("\n", 0, match.start()) + 1
            raise UserError(f"{where}, line {line}: {match[0]} is out of place; a part has a beginning and an end")
        if not marker:
            kept.append(text[begin : match.end()])
        else:
            kept += [f"\n{body}\n" if (body := write(marker)) else "\n", match[0]]
        marker, begin = "" if marker else match[1], match.end()
    if marker:
        raise UserError(f"{where}: behind <!-- {marker} --> there is no <!-- end -->")
    return "".join(kept) + text[begin:]


def written_anew(experiments: Path) -> dict[Path, tuple[str, str]]:
    """Every page of the record as it is and as the CSV files say it should be.

    The pages are README.md in the folder of experiments, in each of them, and beside the folder.
    """
    tables = {path.parent.name: read_csv(path) for path in sorted(experiments.glob("*/results.csv"))}
    texts: dict[Path, tuple[str, str]] = {}
    for name, rows in tables.items():
        page = experiments / name / "README.md"
        text = page.read_text("utf-8") if page.exists() else ""
        own = partial(_own_part, rows=rows, folder=page.parent, tables=tables, where=page)
        texts[page] = text, fill(_with_parts(text, name), own, page)
    questions = {name: question_of(texts[experiments / name / "README.md"][1]) for name in tables}
    for page in (experiments / "README.md", experiments.parent / "README.md"):
        if page.exists():
            text = page.read_text("utf-8")
            shared = partial(_shared_part, questions=questions, tables=tables, where=page)
            texts[page] = text, fill(text, shared, page)
    return texts


def write_pages(experiments: Path) -> list[Path]:
    """Write what is not as the CSV files say, and tell which pages these were."""
    stale = {page: after for page, (before, after) in written_anew(experiments).items() if before != after}
    for page, text in stale.items():
        write_whole(page, text)
    return list(stale)


def question_of(text: str) -> str:
    """The first sentence of a page's question."""
    found = QUESTION.search(text)
    return " ".join(found[1].split()) if found else ""


def _with_parts(text: str, name: str) -> str:
    """A page that has no generated part yet gets all of them, below what somebody wrote."""
    text = text or NEW_PAGE.format(name=name)
    return text if "<!-- generated: " in text else f"{text.rstrip()}\n\n{GENERATED_PARTS}"


def _own_part(marker: str, rows: list[Row], folder: Path, tables: dict[str, list[Row]], where: Path) -> str:
    """A part of an experiment's own page."""
    if marker == "generated: curves":
        return CURVES if (folder / "curves.png").exists() else ""
    own = {"results": parts.results, "settings": parts.settings, "how": parts.how}
    kind, _, name = marker.partition(": ")
    if kind == "generated" and name in own:
        return own[name](rows)
    return _shared_part(marker, None, tables, where)


def _shared_part(marker: str, questions: dict[str, str] | None, tables: dict[str, list[Row]], where: Path) -> str:
    """A part of any page."""
    kind, _, name = marker.partition(": ")
    if kind == "results" and name in tables:
        return parts.results_on_test(tables[name])
    if marker == "generated: overview" and questions is not None:
        return parts.overview((name, questions[name], rows) for name, rows in tables.items())
    known = [f"results: {name}" for name in tables] + ["generated: results, curves, settings, how, overview"]
    raise UserError(f"{where}: <!-- {marker} --> cannot be generated here; there is {'; '.join(known)}")
