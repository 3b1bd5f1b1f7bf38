"""Images, from units to the arrays of a packed folder: their pixels into files on the way, sorted, divided, placed."""

import json
import os
from collections import Counter
from contextlib import ExitStack
from functools import lru_cache
from hashlib import blake2b
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inkseq.config import ConvertConfig
from inkseq.convert.books import Books
from inkseq.convert.classes import classes_of
from inkseq.convert.pack import create_arrays, write_items
from inkseq.convert.read import TaskBooks, running_ranks
from inkseq.convert.shuffle import Rows, hash_keys, write_all
from inkseq.convert.splits import FREE, SURPLUS, Rules, count_classes, divide, divide_writers
from inkseq.convert.units import Files, Unit
from inkseq.convert.workers import Workers
from inkseq.data.packed import image_shapes
from inkseq.drawings.ndjson import UNPRINTABLE
from inkseq.drawings.sources import SPLITS, UNLABELLED, Tick

PIECE_BYTES = 16 * 2**20  # of pixels, placed at a time
ROW = np.dtype(
    [
        ("key_id", np.uint64),  # of pixels and word
        ("content", np.uint64),  # of pixels
        ("place", np.int64),  # among the pixels that its process, later all processes, wrote
        ("rank", np.int64),  # how many of its class, of no split yet, came before it in the files
        ("label", np.int32),  # of its unit's words, later of all
        ("writer", np.int32),  # likewise, or -1
        ("split", np.int8),
    ]
)


class Read(NamedTuple):
    """What a unit held."""

    books: TaskBooks
    rows: Rows
    process: str  # whose file of pixels has them


def pack_images(
    config: ConvertConfig, units: list[Unit], packed: Path, books: Books, workers: Workers
) -> dict[str, Any]:
    """Everything of the units into the folder `packed`, and its meta; what is needed on the way lies beside it."""
    for name in ("pixels", "rejected"):
        (packed.parent / name).mkdir()
    found = _read(config, units, packed.parent, workers)
    _write_rejected(len(units), packed)
    for one in found:
        books.add(one.books, "")
    kept = {one.books.words[w] for one in found for w in one.books.kept}
    classes = classes_of(config, books, kept, packed)
    writers = sorted({writer for one in found for writer in one.books.writers})
    rows, files, firsts = _joined(found, packed.parent / "pixels", classes, writers, config.size)
    rows = _divided(rows, config, classes, writers, books)
    with tqdm(total=len(rows), unit="image", desc="packing", disable=None) as bar:
        create_arrays(packed, image_shapes(len(rows), config.size, bool(writers)))
        for array in ("labels", "key_id", *(["writer"] if writers else [])):
            write_items(packed, array, 0, rows[array.removesuffix("s")])
        step = max(PIECE_BYTES // config.size**2, 1)
        starts = range(0, len(rows), step)
        pieces = [(packed, files, firsts, rows["place"][at : at + step], at, config.size) for at in starts]
        workers.run(_place, pieces, bar)
    ends = np.searchsorted(rows["split"], np.arange(UNLABELLED + 1)).tolist()
    return {
        "kind": "images",
        "size": config.size,
        "classes": classes,
        "splits": {SPLITS[s]: [ends[s], ends[s + 1]] for s in range(UNLABELLED)},
        "num_drawings": len(rows),
        **({"writers": writers} if writers else {}),
        "sources": _sources(units, found),
    }


def _read(config: ConvertConfig, units: list[Unit], folder: Path, workers: Workers) -> list[Read]:
    items = [(number, unit, config, folder) for number, unit in enumerate(units)]
    try:
        with tqdm(
            total=sum(unit.num_bytes for unit in units), unit="B", unit_scale=True, desc="reading", disable=None
        ) as bar:
            return workers.run(_read_one, items, bar)
    finally:
        if _pixels.cache_info().currsize:  # the only worker was this process
            _pixels(folder).close()
            _pixels.cache_clear()


@lru_cache(maxsize=1)
def _pixels(folder: Path) -> FileIO:
    """This process's own file of pixels."""
    return FileIO(f"{folder}/pixels/{os.getpid()}", "ab")


def _read_one(number: int, unit: Unit, config: ConvertConfig, folder: Path, tick: Tick) -> Read:
    """A unit's images into this process's file; what is rejected goes into one of the unit's own."""
    books, words, writers = TaskBooks(), dict[str, int](), dict[str, int]()
    pixels = _pixels(folder)
    rows: list[tuple[int, ...]] = []
    rejects: list[dict[str, Any]] = []
    first = pixels.tell() // config.size**2
    for scan in unit.scans(config.size, tick):
        books.lines += 1
        if scan.ink is None:
            books.rejected[scan.reason] += 1
            rejects.append({"file": scan.file, "line": scan.line, "reason": scan.reason, "text": scan.text})
            continue
        word = words.setdefault(scan.word, len(words))
        books.read[word] += 1
        if config.classes and scan.word not in config.classes:
            books.left_out.setdefault("other_class", Counter())[word] += 1
            continue
        books.kept[word] += 1
        write_all(pixels, scan.ink.reshape(-1).data)
        content = blake2b(scan.ink.data, digest_size=8).digest()
        key_id = blake2b(content + scan.word.encode(), digest_size=8).digest()
        writer = writers.setdefault(scan.writer, len(writers)) if scan.writer else -1
        ids = (int.from_bytes(some, "little") for some in (key_id, content))
        rows.append((*ids, first + len(rows), 0, word, writer, scan.split if config.split.own else FREE))
    if rejects:
        text = "".join(json.dumps(reject, ensure_ascii=False) + "\n" for reject in rejects)
        (folder / "rejected" / str(number)).write_text(text, "utf-8")
    books.words, books.writers = list(words), list(writers)
    return Read(books, np.array(rows, ROW), str(os.getpid()))


def _write_rejected(num_units: int, packed: Path) -> None:
    files = [path for n in range(num_units) if (path := packed.parent / "rejected" / str(n)).exists()]
    if files:
        with (packed / "rejected.ndjson").open("wb") as out:
            out.writelines(path.read_bytes() for path in files)


def _joined(
    found: list[Read], folder: Path, classes: list[str], writers: list[str], size: int
) -> tuple[Rows, list[Path], NDArray[np.int64]]:
    """The rows of all units, in the order of the files; the files of pixels, and the place at which each begins."""
    label, number = ({name: n for n, name in enumerate(names)} for names in (classes, writers))
    files = sorted(folder.iterdir())
    sizes = [path.stat().st_size // size**2 for path in files]
    firsts = np.cumsum([0, *sizes])[:-1]
    first_of = {path.name: first for path, first in zip(files, firsts.tolist(), strict=True)}
    for one in found:
        one.rows["place"] += first_of[one.process]
        one.rows["label"] = np.array([label.get(word, -1) for word in one.books.words], np.int32)[one.rows["label"]]
        one.rows["writer"] = np.array([*[number[name] for name in one.books.writers], -1], np.int32)[one.rows["writer"]]
    return np.concatenate([one.rows for one in found]), files, firsts


def _divided(rows: Rows, config: ConvertConfig, classes: list[str], writers: list[str], books: Books) -> Rows:
    """Each image once, in the order of splits and hashes; what is left out goes into the books."""
    free = rows["split"] < 0
    num_divided = np.bincount(rows["writer"][free] + 1, minlength=len(writers) + 1)[1:]
    split_of = divide_writers(config, writers, num_divided.tolist())
    rows["split"][free] = split_of[rows["writer"][free]]
    ranked_K = np.zeros(len(classes), np.int64)
    rows["rank"] = running_ranks(rows["label"], np.where(rows["split"] == -1, -1, 0), ranked_K)
    hashes = hash_keys(rows["key_id"], config.seed)
    order = np.lexsort((rows["writer"], rows["split"], hashes))
    rows, hashes = rows[order], hashes[order]
    again = np.append(False, hashes[1:] == hashes[:-1])
    _leave_out(rows["label"][again], "duplicate", classes, books)
    rows = rows[~again]
    counts_3K = count_classes(rows, len(classes))
    rows["split"] = divide(rows, Rules.make(config, counts_3K, ranked_K), np.zeros_like(counts_3K))
    _leave_out(rows["label"][rows["split"] == SURPLUS], "surplus", classes, books)
    rows = rows[rows["split"] != SURPLUS]
    _keep_together(rows, classes, books)
    return rows[np.argsort(rows["split"], kind="stable")]


def _leave_out(labels: NDArray[np.int32], reason: str, classes: list[str], books: Books) -> None:
    for label, count in Counter(labels.tolist()).items():
        books.classes[classes[label]].left_out[reason] += count


def _keep_together(rows: Rows, classes: list[str], books: Books) -> None:
    """What looks the same under several words goes to the first split of those."""
    order = np.lexsort((rows["split"], rows["content"]))
    content = rows["content"][order]
    begins = np.append(True, content[1:] != content[:-1])
    group = np.cumsum(begins) - 1
    rows["split"][order] = rows["split"][order][begins][group]
    twins = order[np.bincount(group)[group] > 1]
    if len(twins):
        words = " and ".join(f"'{classes[label]}'" for label in rows["label"][twins[:2]])
        books.notes.append(
            f"{len(twins):,} images stand under two words or more, as one does under {words}; such are in one split"
        )


def _place(
    packed: Path,
    files: list[Path],
    firsts: NDArray[np.int64],
    places: NDArray[np.int64],
    at: int,
    size: int,
    tick: Tick,
) -> None:
    """The images of these places into the dataset, from image `at` on."""
    images = np.empty((len(places), size, size), np.uint8)
    of = np.searchsorted(firsts, places, side="right") - 1
    with ExitStack() as stack:
        pixels = [stack.enter_context(path.open("rb", buffering=0)) for path in files]
        for image, number, place in zip(images, of.tolist(), (places - firsts[of]).tolist(), strict=True):
            pixels[number].seek(place * size**2)
            pixels[number].readinto(image.data)
    write_items(packed, "images", at * size**2, images)
    tick(len(places))


def _sources(units: list[Unit], found: list[Read]) -> list[dict[str, Any]]:
    """A row a folder, zip, array or table: its name, bytes and images."""
    sources: dict[str, dict[str, Any]] = {}
    for unit, one in zip(units, found, strict=True):
        if isinstance(unit, Files):
            parts = [(str(task.path if task.member else task.path.parent), task.end, 1) for task in unit.tasks]
        else:
            parts = [(unit.source, unit.num_bytes, one.books.lines)]
        for name, num_bytes, num_images in parts:
            row = sources.setdefault(name, {"file": UNPRINTABLE.sub("?", name), "bytes": 0, "lines": 0})
            row["bytes"] += num_bytes
            row["lines"] += num_images
    return list(sources.values())
