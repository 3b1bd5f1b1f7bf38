"""Strokes, from tasks to the arrays of a packed folder: read into buckets, sorted, divided, packed."""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import accumulate, repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.config import ConvertConfig
from inkseq.convert.books import Books
from inkseq.convert.classes import classes_of
from inkseq.convert.pack import Placement, count_splits, create_arrays, pack_bucket, write_items, write_shared_pen
from inkseq.convert.read import TaskBooks, read_task
from inkseq.convert.shuffle import BucketWriter, TaskWords, load_ink, load_sorted, remove_bucket, sort_bucket
from inkseq.convert.splits import SURPLUS, Counts, Rules, count_classes, divide, divide_writers
from inkseq.convert.workers import Result, Workers
from inkseq.data.packed import array_shapes
from inkseq.drawings.kaggle import WORDLESS
from inkseq.drawings.sources import Task, Tick

MAX_BUCKETS = 256  # every worker holds two open files for each
OTHER_FILES = 64  # that may be open besides


def pack_strokes(
    config: ConvertConfig, tasks: list[Task], packed: Path, books: Books, workers: Workers, per_bucket: int
) -> dict[str, Any]:
    """Everything of the tasks into the folder `packed`, and its meta; what is needed on the way lies beside it."""
    num_bytes = sum(task.end - task.start for task in tasks)
    num_buckets = min(1 + num_bytes // per_bucket, _most_buckets())
    for name in ("buckets", "rejected"):
        (packed.parent / name).mkdir()
    task_books = _read(tasks, config, packed.parent, num_buckets, workers, num_bytes)
    for task, one in zip(tasks, task_books, strict=True):
        books.add(one, task.name)
    _write_rejected(tasks, task_books, packed)
    kept = {one.words[w] for one in task_books for w, count in one.kept.items() if count}
    classes = classes_of(config, books, kept, packed)
    task_words = _task_words(config, classes, task_books)
    placement = _pack(config, classes, task_words, packed, num_buckets, workers, books)
    return {
        "classes": classes,
        "splits": placement.splits,
        "num_drawings": placement.num_drawings,
        "num_points": placement.num_points,
        **({"writers": task_words.writers} if task_words.writers else {}),
        "sources": _sources(tasks, task_books),
    }


def _most_buckets() -> int:
    """So many that their files can all be open; macOS allows 256 files a process unless told."""
    if sys.platform == "win32":
        return MAX_BUCKETS
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MAX_BUCKETS
    return max(1, min((allowed - OTHER_FILES) // 2, MAX_BUCKETS))


def _read(
    tasks: list[Task], config: ConvertConfig, folder: Path, num_buckets: int, workers: Workers, num_bytes: int
) -> list[TaskBooks]:
    """Every task into the buckets."""
    items = [(number, task, config, folder, num_buckets) for number, task in enumerate(tasks)]
    try:
        with tqdm(total=num_bytes, unit="B", unit_scale=True, desc="reading", disable=None) as bar:
            return workers.run(_read_one, items, bar)
    finally:
        if _buckets.cache_info().currsize:  # the only worker was this process
            _buckets(folder, num_buckets, config.seed).close()
            _buckets.cache_clear()


def _read_one(number: int, task: Task, config: ConvertConfig, folder: Path, num_buckets: int, tick: Tick) -> TaskBooks:
    buckets = _buckets(folder, num_buckets, config.seed)
    return read_task(number, task, config, buckets, folder / "rejected", tick)


@lru_cache(maxsize=1)
def _buckets(folder: Path, num_buckets: int, seed: int) -> BucketWriter:
    """This process's own, opened once: opening them for every task makes workers wait for each other."""
    return BucketWriter(folder / "buckets", num_buckets, seed, name=str(os.getpid()))


def _write_rejected(tasks: list[Task], task_books: list[TaskBooks], packed: Path) -> None:
    """rejected.ndjson, its line numbers counted through all tasks of a file."""
    if not any(books.rejected for books in task_books):
        return
    first_line = 0
    with (packed / "rejected.ndjson").open("w", encoding="utf-8") as out:
        for number, (task, books) in enumerate(zip(tasks, task_books, strict=True)):
            if task.start == 0:
                first_line = task.first_line
            if books.rejected:
                with (packed.parent / "rejected" / str(number)).open("rb") as rejected:
                    for line, reason, text in map(json.loads, rejected):
                        record = {"file": task.name, "line": first_line + line, "reason": reason, "text": text}
                        print(json.dumps(record, ensure_ascii=False), file=out)
            first_line += books.lines


def _pack(
    config: ConvertConfig,
    classes: list[str],
    task_words: TaskWords,
    packed: Path,
    num_buckets: int,
    workers: Workers,
    books: Books,
) -> Placement:
    """Sort every bucket, divide its drawings, and, knowing how many go where, write them."""
    buckets, words = packed.parent / "buckets", [*classes, WORDLESS]  # label -1 is the last
    with tqdm(total=3 * num_buckets, unit="bucket", desc="packing", disable=None) as bar:

        def every_bucket(work: Callable[..., Result], arguments: Iterable[tuple[Any, ...]]) -> list[Result]:
            return workers.run(work, [(buckets, number, *others) for number, others in enumerate(arguments)], bar)

        sorted_buckets = every_bucket(_sort_one, [(config.seed, task_words, len(classes))] * num_buckets)
        counts = [count for count, _ in sorted_buckets]
        *before, total = accumulate(counts, initial=np.zeros_like(counts[0]))
        rules = Rules.make(config, total, task_words.ranked_K(len(classes)))
        divided = every_bucket(_divide_one, [(rules, earlier) for earlier in before])
        placement = Placement.of(np.stack([split_counts for split_counts, _ in divided]))
        shapes = array_shapes(placement.num_drawings, placement.num_points, bool(task_words.writers))
        create_arrays(packed, shapes)
        write_items(packed, "offsets", 0, np.zeros(1, np.int64))
        shared = every_bucket(_pack_one, zip(repeat(rules), before, repeat(packed), placement.first, strict=False))
    write_shared_pen(packed, [pair for pairs in shared for pair in pairs])
    for reason, by_bucket in (("duplicate", sorted_buckets), ("surplus", divided)):
        for label, count in sum((of_label for _, of_label in by_bucket), Counter[int]()).items():
            books.classes[words[label]].left_out[reason] += count
    return placement


def _sort_one(
    buckets: Path, number: int, seed: int, task_words: TaskWords, num_classes: int, tick: Tick
) -> tuple[Counts, Counter[int]]:
    drawings, duplicates = sort_bucket(buckets, number, seed, task_words)
    tick(1)
    return count_classes(drawings, num_classes), duplicates


def _divide_one(
    buckets: Path, number: int, rules: Rules, before_3K: Counts, tick: Tick
) -> tuple[NDArray[np.int64], Counter[int]]:
    drawings = load_sorted(buckets, number)
    split = divide(drawings, rules, before_3K)
    tick(1)
    return count_splits(drawings, split), Counter(drawings["label"][split == SURPLUS].tolist())


def _pack_one(
    buckets: Path, number: int, rules: Rules, before_3K: Counts, packed: Path, first: NDArray[np.int64], tick: Tick
) -> list[tuple[int, int]]:
    drawings = load_sorted(buckets, number)
    split = divide(drawings, rules, before_3K)
    shared = pack_bucket(packed, drawings, load_ink(buckets, number), split, first)
    remove_bucket(buckets, number)  # as soon as can be: the disk need not hold everything twice
    tick(1)
    return shared


def _task_words(config: ConvertConfig, classes: list[str], task_books: list[TaskBooks]) -> TaskWords:
    """What a task's words mean to all: their labels, and how many of each were ranked by earlier tasks."""
    label = {name: number for number, name in enumerate(classes)}
    so_far: Counter[str] = Counter()
    labels, first_ranks = [], []
    for books in task_books:
        for number, word in enumerate(books.words):
            labels.append(label.get(word, -1))
            first_ranks.append(so_far[word])
            so_far[word] += books.ranked[number]
    first_words = np.cumsum([0, *[len(books.words) for books in task_books]])
    ranked = [books.ranked[number] for books in task_books for number in range(len(books.words))]
    divided_of: Counter[str] = Counter()
    for books in task_books:
        divided_of.update({books.writers[w]: count for w, count in books.divided_of.items()})
    writers = sorted({writer for books in task_books for writer in books.writers})
    place = {writer: number for number, writer in enumerate(writers)}
    return TaskWords(
        first_words,
        np.array(labels, np.int16),
        np.array(first_ranks),
        np.array(ranked),
        writers,
        np.cumsum([0, *[len(books.writers) for books in task_books]]),
        np.array([*[place[writer] for books in task_books for writer in books.writers], -1], np.int32),
        divide_writers(config, writers, [divided_of[writer] for writer in writers]),
    )


def _sources(tasks: list[Task], task_books: list[TaskBooks]) -> list[dict[str, Any]]:
    """A row a file: its name, bytes and lines."""
    sources: dict[tuple[Path, str], dict[str, Any]] = {}
    for task, books in zip(tasks, task_books, strict=True):
        row = sources.setdefault((task.path, task.member), {"file": task.name, "bytes": 0, "lines": 0})
        row["bytes"] += task.end - task.start
        row["lines"] += books.lines
    return list(sources.values())
