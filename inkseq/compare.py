"""Runs side by side: what they score, how they differ, and whether a difference could be chance."""

from pathlib import Path

from inkseq.cli import main, settings
from inkseq.config import CompareConfig
from inkseq.errors import UserError
from inkseq.memory import keep_freed_memory
from inkseq.record.answers import check_same_data
from inkseq.record.comparison import groups_table, paired_table, picture_name, scores_table, settings_table
from inkseq.record.curves import draw_curves, to_curves
from inkseq.record.finished import read_finished
from inkseq.record.folders import common_folder, find_runs
from inkseq.record.groups import to_groups
from inkseq.record.names import run_names, short_names
from inkseq.record.results import in_groups, make_rows


def run(config: CompareConfig, words: list[str]) -> None:
    """Compare runs with the first of them: python -m inkseq.compare runs/a runs/b ... split=test."""
    keep_freed_memory()
    folders = find_runs(words, settings(CompareConfig))
    if len(folders) < 2:
        raise UserError("two runs or more are needed: python -m inkseq.compare runs/a runs/b")
    runs = read_finished(folders)
    check_same_data(runs)
    groups = in_groups(runs)
    rows = make_rows(groups)
    by_name = {row["run"]: row for row in rows}
    names = run_names(folders)
    short = short_names(names)
    print(scores_table(short, [by_name[name] for name in names]))
    print(f"\n{settings_table(short, [by_name[name] for name in names])}")
    if any(len(members) > 1 for members in groups):
        print(f"\n{groups_table(to_groups(rows))}")
    print(f"\n{paired_table(config, runs, short)}")
    path = Path(config.out or common_folder(folders)) / picture_name(names)
    draw_curves(to_curves(groups, rows), f"{len(runs)} runs", path)
    print(f"curves in {path}")


if __name__ == "__main__":
    main(run, CompareConfig, "the run folders, that of the reference first")
