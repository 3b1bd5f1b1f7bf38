"""Many drawings as columns: what both readers make, and what is hashed, filtered and packed."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from inkseq.drawings.ndjson import Record


@dataclass(slots=True)
class Columns:
    """One row a drawing, and flat points: drawing i has `num_points[i]` of them, in order."""

    line: NDArray[np.int64]  # counted from the start of what was read
    word: NDArray[np.int32]  # index into the list of words beside it
    key_id: NDArray[np.uint64]
    countrycode: NDArray[np.bytes_]  # two letters, or none
    recognized: NDArray[np.bool_]
    split: NDArray[np.int8]  # index into SPLITS, or -1: to be divided
    writer: NDArray[np.int32]  # index into the list of writers beside it, or -1
    num_points: NDArray[np.int32]
    points: NDArray[np.uint8]  # (P, 2)
    pen: NDArray[np.uint8]  # (P,) 1 on the last point of a stroke

    def __len__(self) -> int:
        return len(self.key_id)


def from_records(records: list[Record], lines: list[int], words: dict[str, int], writers: dict[str, int]) -> Columns:
    """Columns of single records; `words` and `writers` grow by those they do not have yet."""
    return Columns(
        line=np.array(lines, np.int64),
        word=np.array([words.setdefault(r.word, len(words)) for r in records], np.int32),
        key_id=np.array([r.key_id for r in records], np.uint64),
        countrycode=np.array([r.countrycode for r in records], "S2"),
        recognized=np.array([r.recognized for r in records], np.bool_),
        split=np.array([r.split for r in records], np.int8),
        writer=np.array([writers.setdefault(r.writer, len(writers)) if r.writer else -1 for r in records], np.int32),
        num_points=np.array([len(r.pen) for r in records], np.int32),
        points=np.concatenate([np.empty((0, 2), np.uint8), *[r.points for r in records]]),
        pen=np.concatenate([np.empty(0, np.uint8), *[r.pen for r in records]]),
    )


def concatenate(parts: list[Columns]) -> Columns:
    """Several columns, one after the other."""
    return Columns(*[np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Columns)])
