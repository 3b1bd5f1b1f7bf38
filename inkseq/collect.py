"""The record of an experiment, made from its runs; and the tables everywhere, made from the record."""

import csv
from pathlib import Path

from inkseq.cli import main, settings
from inkseq.config import CollectConfig
from inkseq.errors import UserError
from inkseq.files import write_whole
from inkseq.record.curves import draw_curves, to_curves
from inkseq.record.finished import read_finished
from inkseq.record.folders import find_runs
from inkseq.record.pages import write_pages
from inkseq.record.results import Row, in_groups, make_rows, to_csv

EXPERIMENTS = Path("experiments")


def run(config: CollectConfig, words: list[str]) -> None:
    """Keep what runs found: python -m inkseq.collect runs/a runs/b out=experiments/NAME.

    Without runs the tables of all experiments are written again from their results.csv.
    """
    if not words and config.out is None:
        if not EXPERIMENTS.is_dir():
            raise UserError("there is no folder experiments here; name run folders and out=experiments/NAME")
        _say(write_pages(EXPERIMENTS))
        return
    if not words:
        raise UserError(f"which runs? python -m inkseq.collect runs/NAME ... out={config.out}")
    folders = find_runs(words, settings(CollectConfig))
    if config.out is None:
        raise UserError("out= is needed: where the record goes, such as out=experiments/NAME")
    folder = Path(config.out)
    groups = in_groups(read_finished(folders))
    rows = make_rows(groups)
    folder.mkdir(parents=True, exist_ok=True)
    _keep(folder / "results.csv", rows)
    draw_curves(to_curves(groups, rows), "Curves of all runs", folder / "curves.png")
    _say(write_pages(folder.parent))


def _keep(path: Path, rows: list[Row]) -> None:
    """Write the rows, and name those that were there and are no longer."""
    before = csv.DictReader(path.read_text("utf-8").splitlines()) if path.exists() else []
    dropped = sorted({row["run"] for row in before if row.get("run")} - {row["run"] for row in rows})
    write_whole(path, to_csv(rows))
    groups = dict.fromkeys(row["group"] for row in rows)
    print(f"{path}: {len(rows)} {'run' if len(rows) == 1 else 'runs'}, grouped as {', '.join(groups)}")
    if dropped:
        print(f"no longer in it: {', '.join(dropped)}")


def _say(pages: list[Path]) -> None:
    print(f"written: {', '.join(map(str, pages))}" if pages else "all tables are as the results.csv say")


if __name__ == "__main__":
    main(run, CollectConfig, "the run folders, or folders that hold run folders")
