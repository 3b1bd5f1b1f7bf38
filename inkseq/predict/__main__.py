"""What drawings are: a table for people, records for programs, a submission for Kaggle."""

import shutil
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from typing import TextIO

from inkseq.cli import main
from inkseq.config import AnswerFormat, PredictConfig
from inkseq.drawings.entries import Entry
from inkseq.drawings.reader import IMAGE, find, read_entries
from inkseq.drawings.sources import Task, passed_over
from inkseq.errors import UserError
from inkseq.files import check_new
from inkseq.inference.recogniser import Recogniser
from inkseq.memory import keep_freed_memory
from inkseq.predict.outputs import KAGGLE_WORDS, destination, write_csv, write_jsonl, write_kaggle
from inkseq.predict.stream import Answer, NamingBar, Tally, answer_windows, balanced_windows
from inkseq.predict.table import summary, write_table

PIPE_WIDTH = 100  # columns of a table that goes to no terminal


def run(config: PredictConfig) -> int:
    """Name drawings: python -m inkseq.predict run=runs/NAME input=FILE (or a folder, or - for standard input).

    Read are Quick, Draw! ndjson (simplified or raw), Kaggle's CSV, sketch-rnn's npz, JSON strokes [[xs, ys], ...], SVG
    and InkML, plain, in gzip or in a zip, and by recognisers that look at ink alone images, PNG, JPEG and TIFF.
    Exit code 1 where something was no drawing; everything else is answered.
    """
    check(config)
    check_new(config.out, config.overwrite)
    keep_freed_memory()
    others: list[str] = []
    tasks = find(config.input, others)
    recogniser = Recogniser(config.run, config.device, config.checkpoint)
    side = recogniser.run.side
    if side is None:
        tasks = without_images(tasks, others, config)
    if others:
        print(f"inkseq: {passed_over(others)}", file=sys.stderr)
    progress = NamingBar(sum(task.end for task in tasks), silent=config.out is None and sys.stdout.isatty())
    tally = Tally()
    top = KAGGLE_WORDS if config.format is AnswerFormat.kaggle else config.top

    if config.format is not AnswerFormat.table and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as a file would be, whatever the terminal's letters
    entries: Iterator[Entry] = (entry for task in tasks for entry in read_entries(task, progress.tick, side))
    answer = balanced_windows if config.balanced else answer_windows
    windows = progress.watch(answer(entries, recogniser, top, config.threshold, tally))
    with destination(config.out) as file:
        write(windows, file, config, recogniser.classes)

    to_screen = config.format is AnswerFormat.table and config.out is None
    if not to_screen or tally.entries != 1:  # which has said it all
        where = f"; written to {config.out}" if config.out else ""
        print(f"{summary(tally)}{where}", file=sys.stdout if to_screen else sys.stderr)
    return 1 if tally.errors else 0


def check(config: PredictConfig) -> None:
    """Refuse what makes no sense before anything is read."""
    if config.top < 1:
        raise UserError(f"top={config.top}: at least 1 is needed")
    if not 0 <= config.threshold <= 1:
        raise UserError(f"threshold={config.threshold}: a probability from 0 to 1 is needed")


def without_images(tasks: list[Task], others: list[str], config: PredictConfig) -> list[Task]:
    """What a recogniser of strokes can read; images are passed over where there is anything else."""
    images = [task.name for task in tasks if task.kind == IMAGE]
    if len(images) == len(tasks):
        raise UserError(f"{config.input}: an image has no strokes, and {config.run} needs them")
    others += images
    return [task for task in tasks if task.kind != IMAGE]


def write(windows: Iterator[list[Answer]], file: TextIO, config: PredictConfig, words: list[str]) -> None:
    match config.format:
        case AnswerFormat.table:
            write_table(windows, file, words, config.input, shutil.get_terminal_size((PIPE_WIDTH, 0)).columns)
        case AnswerFormat.jsonl:
            write_jsonl(windows, file)
        case AnswerFormat.csv:
            write_csv(windows, file, config.top)
        case AnswerFormat.kaggle:
            write_kaggle(windows, file, words[:KAGGLE_WORDS])


if __name__ == "__main__":
    main(run, PredictConfig)
