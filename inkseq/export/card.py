"""The model card: what a file recognises, from which data, how well, where it fails, and how to run it."""

import re
from pathlib import Path
from typing import NamedTuple

from inkseq.evaluate.intervals import wilson
from inkseq.export.about import find_result, licence
from inkseq.export.check import Agreement
from inkseq.export.graph import FromImages, Graph
from inkseq.export.snippets import lines_for
from inkseq.files import write_whole
from inkseq.inference.runs import Run
from inkseq.models.contract import Model
from inkseq.models.pictured import Pictured

SHARES = {"top1": "right at the first guess", "top3": "right within three", "top5": "right within five"}
NUMBERS = {"map3": "MAP@3", "loss": "cross-entropy", "ece": "calibration error"}
MARKS = re.compile(r"[\\`*_~\[\]<>&|!#$]")  # what Markdown, or HTML in it, may mean something by

LIMITS = """\
- It names one of its classes whatever it is given: a drawing of anything else gets a word too. Decide above which
  probability to believe it on drawings of your own; `python -m inkseq.report` shows what each threshold keeps.
- {takes}
- {made}
- It is as good as said here on people, devices and habits like those of its data, and unknown on others."""

READS = "It reads strokes, in the order and direction they were drawn, not pictures of strokes."
LOOKS = "It takes strokes and draws its own pictures of them, {size} pixels a side ({channels}): a photograph is none."
SEES = "It looks at images of ink, {size} pixels a side; of strokes it is told nothing."
NO_COUNTRY = " Of no drawing is it told the country."
AS_POINTS = "Drawings have to be canonical (below); in other units it guesses."
AS_DRAWN = "The page simplifies what is drawn on it as the drawings were simplified that it learnt from."
AS_INK = "Images have to be ink on bare paper (below), as those it learnt from: shadows and lines are ink to it."

CANONICAL_STROKES = """\
Canonical: whole numbers 0 to 255, x to the right and y down, moved so that the smallest x and y are 0, scaled so that
the larger side is 255, resampled to a point a pixel, simplified by Ramer-Douglas-Peucker with epsilon 2. The simplified
drawings of Quick, Draw! are so already; `inkseq.canonical(strokes)` makes any others so. Drawings of
different lengths go into one batch with anything behind the shorter ones' ends."""

INK = """\
Ink: {size} x {size} numbers, 0 where there is paper, 1 where there is most ink. The image's longer side fills the
square, the rest is paper. `inkseq.drawings.scans.read_ink(file, {size}) / 255` is that of a file's bytes, be its ink
darker than its paper or lighter."""


class Measured(NamedTuple):
    """A file against PyTorch."""

    source: str  # of the drawings
    agreement: Agreement
    size: int  # bytes
    engine: str  # what runs it
    milliseconds: list[float]  # of a drawing alone: PyTorch, the file
    threads: int

    def right(self) -> list[list[str]]:
        """How often both are right: words, PyTorch, the file."""
        agreement = self.agreement
        if not agreement.labelled:
            return []
        shares = [f"{100 * n / agreement.labelled:.2f} %" for n in (agreement.right_in_pytorch, agreement.right)]
        return [[f"right of {agreement.labelled:,} drawings of test", *shares]]

    def fast(self) -> list[str]:
        """How long both take here and now, which is nothing for a card that others read elsewhere."""
        return [f"a drawing alone, threads: {self.threads}", *(f"{one:.2f} ms" for one in self.milliseconds)]

    def sentence(self) -> str:
        agreement = self.agreement
        return (
            f"{agreement.drawings:,} drawings compared ({self.source}): probabilities differ by at most "
            f"{agreement.difference:.1e}, the first guess is the same on {agreement.same_top1:,}. "
            f"The file has {self.size / 1e6:.2f} MB."
        )


def write_card(path: Path, file: Path, run: Run, graph: Graph, weights: str, measured: Measured) -> None:
    """NAME.md beside NAME.onnx."""
    of_images = isinstance(graph, FromImages)
    kept = f"\n\nIts large weights are kept as {weights} and computed with in float32."
    packed = "" if weights == "float32" else kept
    rows = measured.right()
    right = f"\n\n{markdown(['PyTorch', measured.engine], rows)}" if rows else ""
    given = INK.format(size=graph.size) if of_images else CANONICAL_STROKES
    sections = [
        *origin(file.name, run),
        f"## This file\n\n{measured.sentence()}{packed}{right}",
        limits(SEES.format(size=graph.size), AS_INK) if of_images else limits(takes(run.model), AS_POINTS),
        f"## Running it\n\n{lines_for(file.name, graph)}\n\n{given}",
    ]
    write_whole(path, "\n\n".join(sections) + "\n")


def page_card(file: str, run: Run) -> str:
    """That of weights which a page computes with itself."""
    return "\n\n".join([*origin(file, run), limits(takes(run.model), AS_DRAWN)]) + "\n"


def origin(title: str, run: Run) -> list[str]:
    """What it knows, from which data, and how well."""
    learnt = "images of ink of {} classes" if run.image_size else "pen drawings of {} classes from their strokes"
    return [
        f"# {title}",
        f"Recognises {learnt.format(len(run.classes))}. Made by inkseq from the run "
        f"`{run.folder.name}`, step {run.step:,}.",
        f"Classes: {', '.join(map(literal, run.classes))}.",
        f"## Data\n\n`{Path(run.config.data).name}`. {licence(run)}",
        f"## How good it is\n\n{scores(run)}",
    ]


def limits(takes: str, made: str) -> str:
    return f"## Limits\n\n{LIMITS.format(takes=takes, made=made)}"


def takes(model: Model) -> str:
    """What it makes of strokes."""
    if not isinstance(model, Pictured):
        return READS
    picture = model.picture
    said = LOOKS.format(size=picture.size, channels=", ".join([*picture.of_ink, *picture.of_country]))
    return said + (NO_COUNTRY if picture.of_country else "")


def literal(word: str) -> str:
    """A word as Markdown shows it, whatever is in it: tags, stars and pipes stay what they are."""
    return MARKS.sub(r"\\\g<0>", " ".join(word.split()))


def scores(run: Run) -> str:
    """The run's own figures on val and test; shares with their 95 % intervals."""
    result = find_result(run)
    splits = [split for split in ("val", "test") if f"{split}/top1" in result]
    if not splits:
        return "The run is not finished; nothing is known yet."
    rows = [[words, *(share(result, split, name) for split in splits)] for name, words in SHARES.items()]
    rows += [[words, *(f"{result[f'{split}/{name}']:.4f}" for split in splits)] for name, words in NUMBERS.items()]
    counts = " and ".join(f"{result[f'{split}/count']:,} drawings of {split}" for split in splits)
    said = f"{counts}, as the run measured them in {result['precision']}; in brackets 95 % intervals."
    return f"{markdown(splits, rows)}\n\n{said}"


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """A table whose rows begin with what they are of."""
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def share(result: dict[str, float], split: str, name: str) -> str:
    value, count = result[f"{split}/{name}"], int(result[f"{split}/count"])
    interval = wilson(round(value * count), count)
    assert interval is not None
    low, high = interval
    return f"{100 * value:.2f} % ({100 * low:.1f} to {100 * high:.1f})"
