"""Groups of runs that differ in nothing but the seed: what they score, and how much that varies."""

import math
from dataclasses import dataclass
from statistics import fmean, stdev

from inkseq.record.results import NOT_LEARNT, Row, settings_of


@dataclass(frozen=True)
class Statistic:
    """Of the runs of a group. A single one has no deviation."""

    mean: float
    deviation: float | None  # of a sample: divided by n - 1


@dataclass(frozen=True)
class Group:
    name: str
    rows: list[Row]

    def statistic(self, column: str) -> Statistic | None:
        """None unless every run has the number."""
        cells = [row.get(column, "") for row in self.rows]
        if not all(cells):
            return None
        values = [float(cell) for cell in cells]
        finite = all(map(math.isfinite, values))
        return Statistic(fmean(values), stdev(values) if len(values) > 1 and finite else None)

    def show(self, column: str, unknown: str, factor: float = 100, places: int = 2) -> str:
        """Mean ± standard deviation, in per cent unless said otherwise."""
        if (found := self.statistic(column)) is None:
            return unknown
        spread = "" if found.deviation is None else f" ± {factor * found.deviation:,.{places}f}"
        return f"{factor * found.mean:,.{places}f}{spread}"

    @property
    def seeds(self) -> str:
        """How many runs, and which."""
        return f"{len(self.rows)} ({', '.join(row['seed'] or '?' for row in self.rows)})"

    @property
    def settings(self) -> dict[str, str]:
        """What its runs were trained with, as far as other runs of the record were not."""
        known = settings_of(self.rows[0]["defaults"]) | settings_of(self.rows[0]["config"])
        return {key: value for key, value in known.items() if key not in NOT_LEARNT}


def to_groups(rows: list[Row]) -> list[Group]:
    """The groups in the order of their first row."""
    return [
        Group(name, [row for row in rows if row["group"] == name]) for name in dict.fromkeys(r["group"] for r in rows)
    ]


def differing(groups: list[Group]) -> dict[str, list[str]]:
    """The settings that are not the same in all groups, and their value in each."""
    settings = [group.settings for group in groups]
    keys = sorted({key for known in settings for key in known})
    values = {key: [known.get(key, "?") for known in settings] for key in keys}
    return {key: row for key, row in values.items() if len(set(row)) > 1}
