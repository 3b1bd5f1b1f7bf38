"""Tables, numbers and lists as a person can read them in a terminal."""

from collections.abc import Sequence
from typing import Any


def brief(value: Any) -> str:
    """A number as short as tells it from others like it: 0.001235, 0.8113, 38,390."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def a_few(names: Sequence[str], most: int = 5) -> str:
    """A list in a line: the first of them, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def table(header: list[str], rows: list[list[Any]]) -> str:
    """Columns padded to their widest cell, numbers to the right."""
    cells = [header, *[[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows]]
    width = [max(len(row[i]) for row in cells) for i in range(len(header))]
    right = [all(isinstance(row[i], int | float) for row in rows) and bool(rows) for i in range(len(header))]
    lines = [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, width, right, strict=True)) for row in cells
    ]
    lines.insert(1, "  ".join("-" * w for w in width))
    return "\n".join(line.rstrip() for line in lines)
