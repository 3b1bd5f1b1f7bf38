"""A row of the benchmark: what was measured, against what, and whether that is enough."""

import timeit
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Gauge:
    """`floor` is for the ratio where there is a reference, else for the value; `ceiling` likewise."""

    name: str
    value: float
    unit: str
    reference: float | None = None  # the plain way, measured in the same run
    floor: float | None = None
    ceiling: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference if self.reference else None

    @property
    def passed(self) -> bool:
        measured = self.value if self.ratio is None else self.ratio
        return (self.floor is None or measured >= self.floor) and (self.ceiling is None or measured <= self.ceiling)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "passed": self.passed}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Gauge":
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    def to_cells(self) -> list[str]:
        bound = f">= {self.floor:g}" if self.floor is not None else ""
        bound = f"<= {self.ceiling:g}" if self.ceiling is not None else bound
        return [
            self.name,
            _short(self.value),
            self.unit,
            _short(self.reference),
            f"{self.ratio:.2f}x" if self.ratio else "",
            bound + ("x" if bound and self.ratio else ""),
            "ok" if self.passed else "MISSED",
        ]


HEADER = ["row", "value", "unit", "reference", "ratio", "bound", ""]


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def best_seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The shortest of some runs: other programs only ever make it longer."""
    return min(timeit.repeat(work, "gc.enable()", repeat=repeats, number=1))  # garbage is part of the work
