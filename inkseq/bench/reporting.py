"""Benchmarks of the report: how long it takes, and what a large test split takes of memory and of the page."""

import json
from pathlib import Path

import numpy as np

from inkseq.bench.benchmark import Gauge
from inkseq.bench.converting import MIB, packed, run_measured, train
from inkseq.data.packed import ARRAYS, FORMAT, IMAGE_ARRAYS, open_strokes

MANY = 345 * 500  # drawings to test on
IMAGES, CLASSES, SIZE = 300_000, 4_213, 32  # the same of images, as many classes as Kuzushiji has
SMALL = ["model=plain", "model.channels=[16]", "model.kernels=[5]", "model.hidden=16", "model.layers=1"]
LOOKING = ["model=cnn", f"model.picture.size={SIZE}", "model.channels=[8,16]"]


def bench_report(real: Path, scratch: Path) -> list[Gauge]:
    """The default recogniser after an epoch on a small test split; a small one, that learnt nothing, on a large."""
    few, many = packed(real, scratch, "quickdraw16"), packed(real, scratch, "quickdraw345")
    seconds, _, _ = _report(train(scratch, few, "default", "duration=1 epochs"), few)
    _, peak, page = _report(train(scratch, many, "small", *SMALL), _repeated(many, scratch / "large"))
    taught = _images(scratch / "taught", {"train": CLASSES, "val": CLASSES, "test": 0})
    asked = _images(scratch / "asked", {"train": 0, "val": CLASSES, "test": IMAGES})
    _, peak_images, page_images = _report(train(scratch, taught, "looking", *LOOKING), asked)
    return [
        Gauge("report, default recogniser, quickdraw16", seconds, "s"),
        Gauge(f"report, {MANY:,} drawings of 345 classes: memory", peak, "MiB", ceiling=1024),
        Gauge("the same: its page", page, "MB", ceiling=15),
        Gauge(f"report, {IMAGES:,} images of {CLASSES:,} classes: memory", peak_images, "MiB", ceiling=1024),
        Gauge("the same: its page", page_images, "MB", ceiling=15),
    ]


def _report(run: Path, data: Path) -> tuple[float, float, float]:
    """Seconds, MiB at most and MB of the page."""
    seconds, peak = run_measured(["inkseq.report", f"run={run}", f"data={data}"])
    return seconds, peak / MIB, (run / "report" / "index.html").stat().st_size / 1e6


def _repeated(packed: Path, out: Path) -> Path:
    """A dataset whose test split is all drawings of another, again and again."""
    data = open_strokes(packed)
    times = 1 + -(-MANY // len(data))  # once for val
    pen = np.unpackbits(data.pen)[: data.meta["num_points"]]
    arrays = {name: np.tile(getattr(data, name), times) for name in ARRAYS if name not in ("points", "pen", "offsets")}
    arrays["points"] = np.tile(data.points, (times, 1))
    arrays["pen"] = np.packbits(np.tile(pen, times))
    arrays["offsets"] = np.concatenate([[0], np.cumsum(np.tile(np.diff(data.offsets), times))])
    out.mkdir()
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array.astype(ARRAYS[name]))
    splits = {"train": [0, 0], "val": [0, len(data)], "test": [len(data), len(data) + MANY]}
    sizes = {"num_drawings": len(arrays["labels"]), "num_points": len(arrays["points"]), "splits": splits}
    (out / "meta.json").write_text(json.dumps(data.meta | sizes | {"digests": {}}))  # the arrays are others now
    return out


def _images(out: Path, splits: dict[str, int]) -> Path:
    """Made-up images, grey all over, of each class as many as of any other."""
    ends = np.cumsum([0, *splits.values()])
    rng, count = np.random.default_rng(0), int(ends[-1])
    label_N, key_N = rng.permutation(np.arange(count) % CLASSES), np.arange(count)
    arrays = {"images": rng.integers(0, 256, (count, SIZE, SIZE), np.uint8), "labels": label_N, "key_id": key_N}
    out.mkdir()
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array.astype(IMAGE_ARRAYS[name]))
    meta = {
        "format": FORMAT,
        "kind": "images",
        "size": SIZE,
        "classes": [chr(ord("\u4e00") + k) for k in range(CLASSES)],
        "splits": dict(zip(splits, np.stack([ends[:-1], ends[1:]], axis=1).tolist(), strict=True)),
        "num_drawings": count,
        "digests": {},
        "options": {},
    }
    (out / "meta.json").write_text(json.dumps(meta))
    return out
