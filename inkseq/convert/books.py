"""The books (ledger) of a conversion: every line read was kept, left out for a reason, or rejected for a reason."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from inkseq.convert.read import TaskBooks
from inkseq.tables import table

LEFT_OUT = ["other_class", "unrecognized", "too_few_points", "too_many_points", "duplicate", "surplus"]
MAX_ROWS = 40  # of the printed table


@dataclass
class ClassBooks:
    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        return self.read - self.left_out.total()


@dataclass
class Books:
    """Counts of the whole conversion. Rejected lines have no class: often not even their word can be read."""

    lines: int = 0
    classes: dict[str, ClassBooks] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)  # files of which a rest could not be read
    others: list[str] = field(default_factory=list)  # files of no kind that is read
    what: str = "lines"  # are read
    notes: list[str] = field(default_factory=list)  # for people

    def add(self, task: TaskBooks, name: str) -> None:
        self.lines += task.lines
        self.damaged += [name] * task.damaged
        self.rejected += task.rejected
        for number, word in enumerate(task.words):
            books = self.classes.setdefault(word, ClassBooks())
            books.read += task.read[number]
            for reason, counts in task.left_out.items():
                books.left_out[reason] += counts[number]

    @property
    def kept(self) -> int:
        return sum(books.kept for books in self.classes.values())

    @property
    def left_out(self) -> Counter[str]:
        return sum((books.left_out for books in self.classes.values()), Counter())

    def check(self, num_packed: int) -> None:
        assert self.kept == num_packed, f"{self.kept} drawings kept, {num_packed} packed"
        assert self.lines == self.kept + self.left_out.total() + self.rejected.total(), self

    def to_meta(self) -> dict[str, Any]:
        per_class = {
            word: {"read": b.read, "kept": b.kept, "left_out": _positive(b.left_out)}
            for word, b in sorted(self.classes.items())
        }
        return {
            "read": self.lines,
            "kept": self.kept,
            "left_out": _positive(self.left_out),
            "rejected": dict(self.rejected.most_common()),
            "per_class": per_class,
        }

    def to_text(self) -> str:
        """A table a person can read; of many classes those that lost most."""
        reasons = [reason for reason in LEFT_OUT if self.left_out[reason]]
        by_loss = sorted(self.classes, key=lambda word: -self.classes[word].left_out.total())
        shown = sorted(by_loss[:MAX_ROWS])

        def row(name: str, words: Iterable[str]) -> list[Any]:
            those = [self.classes[word] for word in words]
            lost = [sum(b.left_out[reason] for b in those) for reason in reasons]
            return [name, sum(b.read for b in those), sum(b.kept for b in those), *lost]

        rows = [row(word or "(no word)", [word]) for word in shown]
        if others := by_loss[MAX_ROWS:]:
            rows.append(row(f"({len(others)} more classes, see meta.json)", others))
        if len(rows) > 1:
            rows.append(row("all", self.classes))
        text = table(["class", "read", "kept", *[reason.replace("_", " ") for reason in reasons]], rows)
        if self.rejected:
            rejected = [[reason, count] for reason, count in self.rejected.most_common(20)]
            text += "\n\n" + table(["rejected because", self.what], rejected)
        sentence = f"{self.lines:,} {self.what} read = {self.kept:,} kept + {self.left_out.total():,} left out"
        return f"{text}\n\n{sentence} + {self.rejected.total():,} rejected"


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {reason: counts[reason] for reason in LEFT_OUT if counts[reason]}
