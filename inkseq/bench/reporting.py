"""Benchmarks of the report: how long it takes, and what a large test split takes of memory and of the page."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from inkseq.bench.benchmark import Row
from inkseq.config import ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.data.packed import ARRAYS, open_packed
from inkseq.doodles.write import write_doodles

MANY = 345 * 2500  # drawings to test on
SMALL = ["model=plain", "model.channels=[16]", "model.kernels=[5]", "model.hidden=16", "model.layers=1"]
REPORT = """
import resource, sys
from inkseq.config import ReportConfig
from inkseq.report import run
run(ReportConfig(run=sys.argv[1], data=sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def bench_report(real: Path, scratch: Path) -> list[Row]:
    """The default recogniser after an epoch on a small test split; a small one, that learnt nothing, on a large."""
    few, many = packed(real, scratch, "quickdraw16"), packed(real, scratch, "quickdraw345")
    seconds, _, _ = _report(scratch, few, few, "default", ["duration=1 epochs"])
    large = _repeated(many, scratch / "large")
    _, peak, page = _report(scratch, many, large, "small", [*SMALL, "duration=1 steps"])
    return [
        Row("report, default recogniser, quickdraw16", seconds, "s", ceiling=60),
        Row(f"report, {MANY:,} drawings of 345 classes: memory", peak, "MiB", ceiling=1024),
        Row("the same: its page", page, "MB", ceiling=15),
    ]


def _report(scratch: Path, trained_on: Path, tested_on: Path, name: str, words: list[str]) -> list[float]:
    """Seconds, MiB at most and MB of the page, in a process of its own."""
    train = [f"data={trained_on}", f"runs={scratch}", f"name={name}", *words]
    subprocess.run([sys.executable, "-m", "inkseq.train", *train], check=True, stdout=subprocess.DEVNULL)
    start = time.perf_counter()
    command = [sys.executable, "-c", REPORT, str(scratch / name), str(tested_on)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    page = scratch / name / "report" / "index.html"
    return [seconds, int(done.stdout.split()[-1]) / 1024, page.stat().st_size / 1e6]


def packed(real: Path, scratch: Path, name: str) -> Path:
    out = scratch / f"packed-{name}"
    raw = real / name
    if not raw.exists():
        raw = scratch / "doodles-report"
        write_doodles(raw, 20, 0, [])
    convert(ConvertConfig(raw=[str(raw)], out=str(out)))
    return out


def _repeated(packed: Path, out: Path) -> Path:
    """A dataset whose test split is all drawings of another, again and again."""
    data = open_packed(packed)
    times = -(-MANY // len(data))
    pen = np.unpackbits(data.pen)[: data.meta["num_points"]]
    arrays = {name: np.tile(getattr(data, name), times) for name in ARRAYS if name not in ("points", "pen", "offsets")}
    arrays["points"] = np.tile(data.points, (times, 1))
    arrays["pen"] = np.packbits(np.tile(pen, times))
    arrays["offsets"] = np.concatenate([[0], np.cumsum(np.tile(np.diff(data.offsets), times))])
    out.mkdir()
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array.astype(ARRAYS[name]))
    splits = {"train": [0, 0], "val": [0, len(data)], "test": [0, MANY]}
    sizes = {"num_drawings": len(arrays["labels"]), "num_points": len(arrays["points"]), "splits": splits}
    (out / "meta.json").write_text(json.dumps(data.meta | sizes))
    return out
