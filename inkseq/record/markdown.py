"""The generated parts of the record, as markdown made of rows and nothing else."""

from collections.abc import Callable, Iterable, Sequence

from inkseq.record.groups import Group, Statistic, differing, to_groups
from inkseq.record.results import VERSIONS, Row

UNKNOWN = "–"
MOST_IN_OVERVIEW = 4  # groups of an experiment that the overview tells apart

Show = Callable[[Statistic], str]


def _percent(statistic: Statistic) -> str:
    return statistic.show(100)


def _whole(statistic: Statistic) -> str:
    return statistic.show(places=0)


def _tenths(statistic: Statistic) -> str:
    return statistic.show(places=1)


TEST: dict[str, tuple[str, Show]] = {
    "test top-1": ("test/top1", _percent),
    "test top-3": ("test/top3", _percent),
    "test MAP@3": ("test/map3", _percent),
}
ALL: dict[str, tuple[str, Show]] = {
    "val top-1": ("val/top1", _percent),
    **TEST,
    "drawings/s": ("drawings_per_second", _whole),
    "seconds": ("seconds", _tenths),
}


def results(rows: list[Row]) -> str:
    """All groups with what they score and what they cost."""
    return f"{_table_of_groups(rows, ALL)}\n\n{_legend(to_groups(rows))}"


def results_on_test(rows: list[Row]) -> str:
    """The same in fewer columns, for a page that is not about this experiment alone."""
    return f"{_table_of_groups(rows, TEST)}\n\n{_legend(to_groups(rows))}"


def _table_of_groups(rows: list[Row], columns: dict[str, tuple[str, Show]]) -> str:
    several_data = len({row["data_id"] for row in rows}) > 1
    header = ["", *(["data"] if several_data else []), "parameters", "runs (seeds)", *columns]
    lines = []
    for group in to_groups(rows):
        data = [_data(group.rows[0])] if several_data else []
        cells = [_cell(group, column, show) for column, show in columns.values()]
        lines.append([_code(group.name), *data, _cell(group, "num_parameters", _parameters), group.seeds, *cells])
    return markdown(header, lines)


def _parameters(statistic: Statistic) -> str:
    return f"{statistic.mean:,.0f}"


def _cell(group: Group, column: str, show: Show) -> str:
    statistic = group.statistic(column)
    return UNKNOWN if statistic is None else show(statistic)


def _legend(groups: list[Group]) -> str:
    alone = [group.name for group in groups if len(group.rows) == 1]
    spread = "" if len(alone) == len(groups) else " Mean ± standard deviation over seeds (n - 1)."
    if not alone:
        return f"Scores in per cent.{spread}"
    which = "" if len(alone) == len(groups) else f" of {', '.join(map(_code, alone))}"
    return f"Scores in per cent.{spread} How much another seed would change a single run{which} is not known."


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
    commands = [f"    {row['command']}" for row in rows]
    paragraphs = [
        f"Trained on {' and '.join(data)}.",
        markdown(["runs", "device", "precision", "versions", "commit"], lines),
        *notes,
        "\n".join(commands),
    ]
    return "\n\n".join(paragraphs)


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
    scored = [(group, group.statistic("test/top1")) for group in groups]
    if len(groups) > MOST_IN_OVERVIEW:
        scored.sort(key=lambda pair: -pair[1].mean if pair[1] else 0.0)
    shown = [
        f"{_code(group.name)} {_percent(score) if score else UNKNOWN}, n = {len(group.rows)}"
        for group, score in scored[:MOST_IN_OVERVIEW]
    ]
    left = len(groups) - len(shown)
    return "<br>".join([*shown, f"and {left} that scored less"] if left else shown)


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
