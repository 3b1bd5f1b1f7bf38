"""Pages of prose with generated parts: what stands between two markers is written anew, the rest is kept."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from inkseq.errors import UserError
from inkseq.files import write_whole
from inkseq.record import markdown as parts
from inkseq.record.results import read_csv

Parts = dict[str, Callable[[], str]]  # by what a marker says (`results: NAME`), how the text behind it is written

MARKER = re.compile(r"^<!-- ((?:generated|results): [^\n]*?|end) -->", re.MULTILINE)  # within a line it is spoken of
QUESTION = re.compile(r"\*\*Question\.\*\*\s*(.+?)(?:(?<=[.?!])\s|\n\s*\n|\Z)", re.DOTALL)
GENERATED = "results, curves, settings, how, overview"
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


def fill(text: str, written: Parts, where: Path) -> str:
    """The text with every generated part as it is written now."""
    kept, marker, begin = [], "", 0
    for match in MARKER.finditer(text):
        if (match[1] == "end") != bool(marker):
            line = text.count("\n", 0, match.start()) + 1
            raise UserError(f"{where}, line {line}: {match[0]} is out of place; a part has a beginning and an end")
        if not marker:
            kept.append(text[begin : match.end()])
        elif marker not in written:
            known = [*(one for one in written if one.startswith("results: ")), f"generated: {GENERATED}"]
            raise UserError(f"{where}: <!-- {marker} --> cannot be generated here; there is {'; '.join(known)}")
        else:
            kept += [f"\n{body}\n" if (body := written[marker]()) else "\n", match[0]]
        marker, begin = "" if marker else match[1], match.end()
    if marker:
        raise UserError(f"{where}: behind <!-- {marker} --> there is no <!-- end -->")
    return "".join(kept) + text[begin:]


def written_anew(experiments: Path) -> dict[Path, tuple[str, str]]:
    """Every page of the record as it is and as the CSV files say it should be.

    The pages are README.md in the folder of experiments, in each of them, and beside the folder, and docs/*.md.
    """
    tables = {path.parent.name: read_csv(path) for path in sorted(experiments.glob("*/results.csv"))}
    anywhere: Parts = {f"results: {name}": partial(parts.results, rows, parts.TEST) for name, rows in tables.items()}
    texts: dict[Path, tuple[str, str]] = {}
    for name, rows in tables.items():
        page = experiments / name / "README.md"
        text = page.read_text("utf-8") if page.exists() else ""
        own: Parts = {
            "generated: curves": partial(str, CURVES if page.with_name("curves.png").exists() else ""),
            "generated: results": partial(parts.results, rows, parts.ALL),
            "generated: settings": partial(parts.settings, rows),
            "generated: how": partial(parts.how, rows),
        }
        texts[page] = text, fill(_with_parts(text, name), anywhere | own, page)
    asked = [(name, question_of(texts[experiments / name / "README.md"][1]), rows) for name, rows in tables.items()]
    root = experiments.parent
    for page in (experiments / "README.md", root / "README.md", *sorted((root / "docs").glob("*.md"))):
        if page.exists():
            text = page.read_text("utf-8")
            texts[page] = text, fill(text, anywhere | {"generated: overview": partial(parts.overview, asked)}, page)
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
