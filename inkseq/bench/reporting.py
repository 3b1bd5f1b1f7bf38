"""Benchmarks of the report: how long it takes, and what a large test split takes of memory and of the page."""

import json
from pathlib import Path

import numpy as np

from inkseq.bench.benchmark import Gauge
from inkseq.bench.converting import MIB, packed, run_measured, train
from inkseq.data.packed import ARRAYS, open_strokes

MANY = 345 * 500  # drawings to test on
SMALL = ["model=plain", "model.channels=[16]", "model.kernels=[5]", "model.hidden=16", "model.layers=1"]


def bench_report(real: Path, scratch: Path) -> list[Gauge]:
    """The default recogniser after an epoch on a small test split; a small one, that learnt nothing, on a large."""
    few, many = packed(real, scratch, "quickdraw16"), packed(real, scratch, "quickdraw345")
    seconds, _, _ = _report(train(scratch, few, "default", "duration=1 epochs"), few)
    _, peak, page = _report(train(scratch, many, "small", *SMALL), _repeated(many, scratch / "large"))
    return [
        Gauge("report, default recogniser, quickdraw16", seconds, "s"),
        Gauge(f"report, {MANY:,} drawings of 345 classes: memory", peak, "MiB", ceiling=1024),
        Gauge("the same: its page", page, "MB", ceiling=15),
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
