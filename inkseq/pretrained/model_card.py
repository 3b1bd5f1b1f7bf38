"""The card of what comes with inkseq: what it learnt from, how good it is word by word, and what it cannot do."""

import csv
from pathlib import Path

from inkseq.config import TrainConfig
from inkseq.export.about import licence
from inkseq.export.card import LIMITS, SHARES, literal, markdown, scores, share, takes
from inkseq.inference.runs import WORDS, Run, read_result
from inkseq.pretrained.loss_of_bits import Compared
from inkseq.pretrained.shipped import without_places

ANY_UNITS = "Strokes may be in any units: they are made canonical before it is asked."
CARD = "README.md"
FEW = 20  # drawings, by which a score says little


def write_card(run: Run, compared: Compared | None, name: str, folder: Path) -> None:
    """README.md for people, words.csv for programs."""
    rows = words(run, compared)
    with (folder / WORDS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["word", "learnt_from", "tested", "right"], *rows])
    few = sum(not isinstance(tested, int) or tested < FEW for _, _, tested, _ in rows)
    limits = LIMITS.format(takes=takes(run.model), made=ANY_UNITS)
    sections = [
        f"# {name}",
        f"Recognises pen drawings of {len(rows)} words from their strokes. It comes with inkseq, which "
        "asks it wherever no other run is named: `python -m inkseq.predict input=drawing.svg`.",
        f"## Data and licence\n\n{licence(run)} Whoever passes this on names its source.",
        f"## How it was made\n\n{how(run)}",
        f"## How good it is\n\n{overall(run, compared)}",
        f"## Limits\n\n{limits}\n- Of {few} words fewer than {FEW} drawings were tested: their own scores say little.",
        "## Word by word\n\nDrawings it learnt from, drawings tested, and how many of those were right at the first "
        f"guess; [{WORDS}]({WORDS}) has the same for programs.\n\n"
        + markdown(["learnt from", "tested", "right"], [[literal(word), *map(str, counts)] for word, *counts in rows]),
    ]
    (folder / CARD).write_text("\n\n".join(sections) + "\n", "utf-8")


def words(run: Run, compared: Compared | None) -> list[tuple[str, int | str, int | str, int | str]]:
    """Of each word what it was learnt from, how many drawings were tested and how many were right; "" if unknown."""
    if compared is None:
        return [(word, "", "", "") for word in run.classes]
    tested = [(one.count, round(one.count * (one.top1 or 0))) for one in compared.kept_per_class]
    counted = zip(run.classes, compared.in_train_K.tolist(), tested, strict=True)
    return [(word, learnt_from, *of_word) for word, learnt_from, of_word in counted]


def how(run: Run) -> str:
    """The command, the teacher, the size of its network."""
    config: TrainConfig = run.config
    command = without_places(read_result(run.folder)["command"])
    parameters = sum(weights.numel() for weights in run.model.parameters())
    teacher = f" It learnt from the doubts of `{without_places(config.distil_from)}` too." if config.distil_from else ""
    return (
        f"`{command}`, {run.step:,} steps.{teacher} Its {parameters:,} weights are kept as int8 with a scale for each "
        "output channel, biases and norms as float16, and computed with in float32."
    )


def overall(run: Run, compared: Compared | None) -> str:
    """As trained and as kept, on drawings it has not seen."""
    if compared is None:
        return f"{scores(run)}\n\nAs trained; what keeping its weights small loses was not measured."
    both = [{f"{compared.split}/{key}": value for key, value in one.items()} for one in (compared.run, compared.kept)]
    rows = [[said, *(share(one, compared.split, key) for one in both)] for key, said in SHARES.items()]
    rows.append(["mean over the words", *(f"{100 * one['balanced_accuracy']:.2f} %" for one in compared[1:3])])
    said = f"{int(compared.kept['count']):,} drawings of {compared.split}, none of which it learnt from"
    return f"{markdown(['as trained', 'as kept'], rows)}\n\n{said}; in brackets 95 % intervals."
