"""What commands print, in README.md and docs: `make transcripts` runs them on doodles and writes it between markers.

So does the table of docs/bench.json. Of a long output the first and the last lines stay, with `...` between.
"""

import io
import json
import os
import re
import runpy
import shlex
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from inkseq.bench.benchmark import HEADER, Gauge
from inkseq.files import write_whole
from inkseq.record.markdown import markdown

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PART = re.compile(r"(?<=<!-- )(transcript: \w+|bench)( -->\n).*?(<!-- end of (?:transcript|bench) -->)", re.DOTALL)


class Transcript(NamedTuple):
    """A command in the order they are run, as README.md or a page of docs shows it; without a name none does."""

    name: str
    command: str
    first: int = 99  # so many lines stay, of what it prints,
    last: int = 0  # and so many at the end


TRAIN = "train data=data/packed/doodles model=bilstm_small"
TRANSCRIPTS = [
    Transcript("", "doodles out=data/raw/doodles per_class=100"),
    Transcript("convert", "convert raw=data/raw/doodles out=data/packed/doodles", 4, 4),
    Transcript("inspect", "inspect data=data/packed/doodles", 4, 6),
    Transcript("train", f'{TRAIN} name=first duration="6 epochs"', 5, 5),
    Transcript("", f'{TRAIN} name=gru duration="6 epochs" model.cell=gru'),
    Transcript("find_lr", "find_lr data=data/packed/doodles model=bilstm_small"),
    Transcript("schedule", 'schedule data=data/packed/doodles model=bilstm_small duration="20 epochs"'),
    Transcript("predict", "predict run=runs/first input=docs/television.svg top=3"),
    Transcript("compare", "compare runs/first runs/gru"),
]


def transcripts(folder: Path, adapt: Callable[[str], str] = str) -> dict[str, str]:
    """What every command prints, run in turn in a folder; `adapt` changes what is run, not what is shown."""
    (folder / "docs").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "television.svg", folder / "docs")
    os.environ["COLUMNS"] = "100"  # as wide as in a pipe, wherever this runs
    with chdir(folder):
        printed = {one.name: _shortened(one, _output(adapt(one.command))) for one in TRANSCRIPTS}
    return {name: text for name, text in printed.items() if name}


def _output(command: str) -> str:
    """What `python -m inkseq.COMMAND` prints, run in this process: importing PyTorch for each would take longer."""
    room, *words = shlex.split(command)
    before, sys.argv = sys.argv, [room, *words]
    try:
        with redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'inkseq.* found in sys.modules")  # it was imported before
            runpy.run_module(f"inkseq.{room}", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"python -m inkseq.{command}: {end.code}") from None
    finally:
        sys.argv = before
    return printed.getvalue()


def _shortened(one: Transcript, output: str) -> str:
    lines = [line for line in output.splitlines() if not line.startswith("threads=")]  # of one core it is not said
    if len(lines) > one.first + one.last:
        lines = [*lines[: one.first], "...", *lines[len(lines) - one.last :]]
    return "\n".join(f"    {line}".rstrip() for line in [f"$ python -m inkseq.{one.command}", *lines])


def bench_table(report: dict[str, Any]) -> str:
    """The rows of a bench.json, and what it was made on."""
    rows = [Gauge.from_json(row).to_cells()[:-1] for row in report["rows"]]
    machine = ", ".join(value if key == "cpu" else f"{key} {value}" for key, value in report["machine"].items())
    return f"{machine}:\n\n{markdown(HEADER[:-1], rows)}"


def parts_of(text: str) -> dict[str, str]:
    """What stands between the markers of a page."""
    return {match[1].removeprefix("transcript: "): _body(match[0]) for match in PART.finditer(text)}


def _body(part: str) -> str:
    return part.partition("-->\n")[2].rpartition("<!--")[0].strip("\n")


def filled(text: str, parts: dict[str, str]) -> str:
    """The page with these parts."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}\n{parts[match[1].removeprefix('transcript: ')]}\n\n{match[3]}"

    return PART.sub(part, text)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="inkseq-transcripts-") as folder:
        parts = transcripts(Path(folder) / "here")
    parts["bench"] = bench_table(json.loads((ROOT / "docs" / "bench.json").read_text()))
    for page in PAGES:
        before = page.read_text("utf-8")
        if (after := filled(before, parts)) != before:
            write_whole(page, after)
            print(f"written: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
