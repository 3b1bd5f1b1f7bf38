"""The generated parts of the record, as markdown made of rows and nothing else."""

from collections.abc import Iterable, Sequence

from inkseq.record.groups import Group, differing, to_groups
from inkseq.record.results import VERSIONS, Row

UNKNOWN = "–"
MOST_IN_OVERVIEW = 4  # groups of an experiment that the overview tells apart

Columns = dict[str, tuple[str, float, int]]  # headings: the column of the rows, what it is multiplied by, decimals

# For a page that is not about the experiment alone.
TEST: Columns = {
    "test top-1": ("test/top1", 100, 2),
    "test top-3": ("test/top3", 100, 2),
    "test MAP@3": ("test/map3", 100, 2),
}
ALL: Columns = {
    "val top-1": ("val/top1", 100, 2),
    **TEST,
    "drawings/s": ("drawings_per_second", 1, 0),
    "seconds": ("seconds", 1, 1),
}


def results(rows: list[Row], columns: Columns) -> str:
    """All groups with what they score and what they cost."""
    groups, several_data = to_groups(rows), len({row["data_id"] for row in rows}) > 1
    lines = []
    for group in groups:
        data = [_data(group.rows[0])] if several_data else []
        parameters = group.statistic("num_parameters")
        size = f"{parameters.mean:,.0f}" if parameters else UNKNOWN
        cells = [group.show(key, UNKNOWN, factor, places) for key, factor, places in columns.values()]
        lines.append([_code(group.name), *data, size, group.seeds, *cells])
    header = ["", *(["data"] if several_data else []), "parameters", "runs (seeds)", *columns]
    return f"{markdown(header, lines)}\n\n{_legend(groups)}"


def _legend(groups: list[Group]) -> str:
    alone = [group.name for group in groups if len(group.rows) == 1]
    spread = "" if len(alone) == len(groups) else " Mean ± standard deviation over seeds (n - 1)."
    if not alone:
        return f"Scores in per cent.{spread}"
    which = "" if len(alone) == len(groups) else f" of {', '.join(map(_code, alone))}"
    return f"Scores in per cent.{spread}\nHow much another seed would change a single run{which} is not known."


def settings(rows: list[Row]) -> str:
    """What the groups were trained with, where they differ."""
    groups = to_groups(rows)
    table = differing(groups)
    if not table:
        return "The runs differ in nothing but the seed." if len(groups) == 1 else "No setting differs, but the data."
    lines = [[_code(key), *[_code(value) for value in values]] for key, values in table.items()]
    return markdown(["setting", *[_code(group.name) for group in groups]], lines)


def how(rows: list[Row]) -> str:
    """The data, the machines, the versions, and the commands as they were typed."""
    data = dict.fromkeys(_data(row) for row in rows)
    where: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        where.setdefault(_place(row), []).append(row)
    lines = [[", ".join(_code(row["run"]) for row in there), *place] for place, there in where.items()]
    notes = []
    if any(row["git_commit"].endswith("+") for row in rows):
        notes.append("`+`: files differed from the commit, which alone does not say what was run.")
    if any(not row["git_commit"] for row in rows):
        notes.append(f"{UNKNOWN}: the commit is not known.")
    machines = markdown(["runs", "device", "precision", "versions", "commit"], lines)
    commands = "\n".join(f"    {row['command']}" for row in rows)
    return "\n\n".join([f"Trained on {' and '.join(data)}.", machines, *notes, commands])


def _place(row: Row) -> tuple[str, ...]:
    """Where a run ran and with what."""
    ranks = f"{row['world_size']} x " if row["world_size"] not in ("", "1") else ""
    versions = ", ".join(f"{name} {row[name]}" for name in VERSIONS if row[name])
    commit = _code(row["git_commit"]) if row["git_commit"] else UNKNOWN
    return ranks + (_cleaned(row["device"]) or UNKNOWN), row["precision"] or UNKNOWN, versions or UNKNOWN, commit


def _data(row: Row) -> str:
    return _code(row["data"]) + (f" ({row['data_id']})" if row["data_id"] else "")


def overview(experiments: Iterable[tuple[str, str, list[Row]]]) -> str:
    """A line an experiment: (folder, question, rows)."""
    lines = [
        [f"[{folder}]({folder}/README.md)", _cleaned(question), _brief(to_groups(rows)), _commits(rows)]
        for folder, question, rows in experiments
    ]
    return markdown(["experiment", "question", "test top-1 in per cent, n runs", "commit"], lines)


def _brief(groups: list[Group]) -> str:
    """The groups' test top-1; of many the best."""
    left = len(groups) - MOST_IN_OVERVIEW
    if left > 0:
        groups = sorted(groups, key=lambda group: -score.mean if (score := group.statistic("test/top1")) else 0.0)
    shown = [
        f"{_code(group.name)} {group.show('test/top1', UNKNOWN)}, n = {len(group.rows)}"
        for group in groups[:MOST_IN_OVERVIEW]
    ]
    return "<br>".join([*shown, f"and {left} that scored less"] if left > 0 else shown)


def _commits(rows: list[Row]) -> str:
    return ", ".join(dict.fromkeys(_code(row["git_commit"]) if row["git_commit"] else UNKNOWN for row in rows))


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as GitHub reads it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def _code(text: str) -> str:
    return f"`{_cleaned(text)}`"


def _cleaned(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|").replace("\n", " ")
