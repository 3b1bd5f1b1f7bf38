"""Reading: a task's drawings into the buckets, with the books of what was read, left out and rejected."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from inkseq.config import ConvertConfig, Simplify
from inkseq.convert.shuffle import BucketWriter
from inkseq.convert.splits import FREE
from inkseq.drawings.blocks import line_blocks
from inkseq.drawings.canonical import MAX_WRONG, Damaged, Rejected, refusal
from inkseq.drawings.columns import Columns, concatenate, from_records
from inkseq.drawings.entries import Entry
from inkseq.drawings.kaggle import WORDLESS
from inkseq.drawings.ndjson import Record, check_key, check_word, parse_line
from inkseq.drawings.scan import NEWLINE, Bytes, all_slow, scan
from inkseq.drawings.sketchrnn import read_npz
from inkseq.drawings.sources import UNLABELLED, Task, Tick

RECORDS_AT_ONCE = 1 << 14


class Reject(NamedTuple):
    line: int  # counted from the task's first; where drawings are no lines, the drawing
    reason: str
    text: str  # how the line begins


@dataclass
class TaskBooks:
    """What one task did, word by word; the words (and writers) are numbered as the task met them."""

    words: list[str] = field(default_factory=list)
    writers: list[str] = field(default_factory=list)
    divided_of: Counter[int] = field(default_factory=Counter)  # of each writer's kept those that bring no split
    lines: int = 0
    read: Counter[int] = field(default_factory=Counter)
    kept: Counter[int] = field(default_factory=Counter)
    ranked: Counter[int] = field(default_factory=Counter)  # of the kept those that bring no split
    left_out: dict[str, Counter[int]] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)
    damaged: bool = False


def read_task(
    number: int, task: Task, config: ConvertConfig, buckets: BucketWriter, folder: Path, tick: Tick
) -> TaskBooks:
    """Read all of a task into the buckets; its rejected lines go to the file `folder`/NUMBER."""
    books = TaskBooks()
    words: dict[str, int] = {}
    writers: dict[str, int] = {}
    for columns, rejects in _blocks(task, config.simplify, words, writers, books, tick):
        if task.writer:
            columns.writer[columns.writer < 0] = writers.setdefault(task.writer, len(writers))
        if task.split >= 0:
            columns.split[columns.split < 0] = task.split
        if not config.split.own:
            columns.split[:] = FREE
        columns.split[columns.word == words.get(WORDLESS, -1)] = UNLABELLED
        if len(columns):
            keep = _keep(columns, list(words), config, books)
            _count(columns.word[keep], books.kept)
            if writers:
                free = keep[(columns.split[keep] < 0) & (columns.writer[keep] >= 0)]
                _count(columns.writer[free], books.divided_of)
            buckets.write(columns, keep, _ranks(columns.word[keep], columns.split[keep], books.ranked), number)
        if rejects:
            with (folder / str(number)).open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(reject) + "\n" for reject in rejects)
            books.rejected.update(reject.reason for reject in rejects)
    books.words, books.writers = list(words), list(writers)
    return books


def _blocks(
    task: Task, mode: Simplify, words: dict[str, int], writers: dict[str, int], books: TaskBooks, tick: Tick
) -> Iterator[tuple[Columns, list[Reject]]]:
    """Drawings and rejects of the task, some megabytes at a time; for a rest that cannot be read one reject."""
    if task.unreadable or task.kind not in ("ndjson", "csv", ""):  # '' is a pipe
        yield from _record_blocks(_records(task, mode, tick), words, writers, books)
        return
    blocks, wrong = line_blocks(task, tick), 0
    try:
        for text, wordless in blocks:
            first_line = books.lines
            for columns, rejects, num_lines in read_lines(text, mode, {} if wordless else words, writers):
                if wordless and len(columns):
                    columns.word[:] = words.setdefault(WORDLESS, len(words))
                books.lines += num_lines
                yield columns, [reject._replace(line=first_line + reject.line) for reject in rejects]
                wrong = 0 if len(columns) else wrong + num_lines
                if wrong > MAX_WRONG:
                    rest = _num_lines(text) - (books.lines - first_line) + sum(_num_lines(text) for text, _ in blocks)
                    yield from_records([], [], words, writers), _unread(rest, books)
                    return
    except Exception as error:
        rejected = refusal(error)
        books.damaged = isinstance(rejected, Damaged)
        yield from_records([], [], words, writers), [Reject(books.lines, str(rejected), "")]
        books.lines += 1


def _num_lines(text: Bytes) -> int:
    return int(np.count_nonzero(text == NEWLINE))


def _unread(num_lines: int, books: TaskBooks) -> list[Reject]:
    """So many lines counted, but named in one: a small file may unpack to millions that are nothing."""
    if not num_lines:
        return []
    one = Reject(books.lines, f"not read, for {MAX_WRONG:,} lines before are no drawings", "")
    books.lines += num_lines
    books.rejected[one.reason] += num_lines - 1  # and this one
    return [one]


def read_lines(
    text: Bytes, mode: Simplify, words: dict[str, int], writers: dict[str, int]
) -> Iterator[tuple[Columns, list[Reject], int]]:
    """Whole lines of ndjson as columns, by the bulk path where it can; what was rejected; the number of lines."""
    always = mode is Simplify.always
    stretches = all_slow(text) if always else scan(text, words, check_canonical=mode is Simplify.auto)
    for columns, slow, num_lines in stretches:
        records: list[Record] = []
        lines: list[int] = []
        rejects: list[Reject] = []
        for line, start, end in slow.tolist():
            try:
                records.append(parse_line(text[start:end].tobytes(), mode))
                lines.append(line)
            except Exception as error:
                begin = text[start : min(end, start + 120)].tobytes().decode(errors="replace")
                rejects.append(Reject(line, str(refusal(error)), begin))
        if records:
            columns = concatenate([columns, from_records(records, lines, words, writers)])
        yield columns, rejects, num_lines


def _records(task: Task, mode: Simplify, tick: Tick) -> Iterator[Record | Rejected]:
    """The drawings of a task that is no lines; what is none; last, why the rest cannot be read, if it cannot."""
    try:
        if task.kind == "npz" and not task.unreadable:
            yield from read_npz(task.path, mode)
            tick(task.end)
        else:
            from inkseq.drawings.reader import entries_of  # here, for most conversions need no XML to be read

            yield from (_record(entry, task) for entry in entries_of(task, tick, mode))
    except Exception as error:
        yield refusal(error)


def _record(entry: Entry, task: Task) -> Record | Rejected:
    """An entry under its own word and writer, else under its folder's, by the rules of ndjson."""
    if entry.drawing is None:
        return Rejected(entry.error)
    points, pen = entry.drawing
    try:
        word, writer = check_word(entry.word or task.word), entry.writer or task.writer
        key_id = check_key(entry.key_id, word, points, pen, writer)
    except Rejected as rejected:
        return rejected
    return Record(word, key_id, "", entry.recognized, points, pen, writer=writer)


def _record_blocks(
    drawings: Iterable[Record | Rejected], words: dict[str, int], writers: dict[str, int], books: TaskBooks
) -> Iterator[tuple[Columns, list[Reject]]]:
    records: list[Record] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    for drawing in drawings:
        if isinstance(drawing, Record):
            records.append(drawing)
            lines.append(books.lines)
        else:
            rejects.append(Reject(books.lines, str(drawing), ""))
            books.damaged |= isinstance(drawing, Damaged)
        books.lines += 1
        if len(records) + len(rejects) == RECORDS_AT_ONCE:
            yield from_records(records, lines, words, writers), rejects
            records, lines, rejects = [], [], []
    yield from_records(records, lines, words, writers), rejects


def _keep(columns: Columns, words: list[str], config: ConvertConfig, books: TaskBooks) -> NDArray[np.intp]:
    """Indices, in line order, of the drawings the settings ask for; the others go into the books."""
    chosen = np.array([not config.classes or w in config.classes or w == WORDLESS for w in words], np.bool_)
    too_many = config.max_points is not None and columns.num_points > config.max_points
    leave = {
        "other_class": ~chosen[columns.word],
        "unrecognized": config.recognized_only & ~columns.recognized,
        "too_few_points": columns.num_points < config.min_points,
        "too_many_points": np.broadcast_to(np.asarray(too_many), len(columns)),
    }
    keep = np.ones(len(columns), np.bool_)
    _count(columns.word, books.read)
    for reason, those in leave.items():
        if (keep & those).any():
            _count(columns.word[keep & those], books.left_out.setdefault(reason, Counter()))
            keep &= ~those
    indices = np.flatnonzero(keep)
    return indices[np.argsort(columns.line[indices], kind="stable")]


def _count(word: NDArray[np.int32], counter: Counter[int]) -> None:
    counts = np.bincount(word)
    counter.update({int(w): int(counts[w]) for w in np.flatnonzero(counts)})


def _ranks(word: NDArray[np.int32], split: NDArray[np.int8], ranked: Counter[int]) -> NDArray[np.uint32]:
    """For each drawing how many of its word without a split came before it in the task; `ranked` grows by them."""
    counts = np.zeros(int(word.max(initial=-1)) + 1, np.uint32)
    met = np.unique(word).tolist()
    for w in met:
        counts[w] = ranked[w]
    ranks: NDArray[np.uint32] = running_ranks(word, split, counts)
    ranked.update({w: int(counts[w]) - ranked[w] for w in met})
    return ranks


@njit(cache=True)
def running_ranks(word: Any, split: Any, counts: Any) -> Any:
    """For each drawing how many of its word without a split came before it, on top of `counts`, which grow."""
    ranks = np.empty(len(word), np.uint32)
    for i in range(len(word)):
        ranks[i] = counts[word[i]]
        counts[word[i]] += split[i] < 0
    return ranks
