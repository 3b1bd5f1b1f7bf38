"""The figures, each measured against a plain reference in the same run."""

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from inkseq.bench.benchmark import HEADER, Gauge
from inkseq.bench.converting import bench_convert, bench_doodles, bench_images, bench_memory, bench_simplify
from inkseq.bench.drawing import bench_pictures
from inkseq.bench.exporting import bench_export
from inkseq.bench.gpu import bench_drawing, bench_lstm, bench_rates, bench_steps, draw_rates
from inkseq.bench.predicting import bench_predict
from inkseq.bench.reporting import bench_report
from inkseq.bench.searching import bench_search
from inkseq.bench.serving import bench_serve
from inkseq.bench.training import bench_batches, bench_train
from inkseq.cli import main
from inkseq.config import BenchConfig
from inkseq.convert.conversion import num_cores
from inkseq.devices import choose_device, cpu_name
from inkseq.errors import UserError
from inkseq.tables import table
from inkseq.train.result import git_commit

ROWS: dict[str, Callable[[Path, Path], list[Gauge]]] = {
    "convert": bench_convert,
    "images": bench_images,
    "memory": bench_memory,
    "simplify": bench_simplify,
    "doodles": bench_doodles,
    "batches": bench_batches,
    "train": bench_train,
    "pictures": bench_pictures,
    "search": bench_search,
    "report": bench_report,
    "predict": bench_predict,
    "serve": bench_serve,
    "export": bench_export,
}


def rows_of(device: torch.device) -> dict[str, Callable[[Path, Path], list[Gauge]]]:
    """What can be measured on a device."""
    if device.type == "cpu":
        return ROWS
    return {
        "rates": lambda _real, _scratch: bench_rates(device),
        "lstm": lambda _real, _scratch: bench_lstm(device),
        "pictures": partial(bench_drawing, device),
        "steps": partial(bench_steps, device),
    }


def run(config: BenchConfig) -> int:
    """Measure: a table of each group of rows, all of them as JSON; exit code 1 where a bound is missed.

    Bounds are ratios within the run, so that they hold on any machine; those of training are lower without bfloat16.
    """
    device = choose_device(config.device)
    known = rows_of(device)
    unknown = set(config.only) - set(known)
    if unknown:
        raise UserError(f"only={','.join(sorted(unknown))}: there are {', '.join(known)}")
    names = list(config.only or known)
    rows: list[Gauge] = []
    with tempfile.TemporaryDirectory(prefix="inkseq-bench-") as scratch:
        for number, name in enumerate(names, 1):
            if len(names) == 1:
                new = known[name](Path(config.data), Path(scratch))
            else:
                print(f"{number} of {len(names)}: {name} ...", file=sys.stderr, flush=True)
                new = apart(name, config, scratch)
            if new:
                print(table(HEADER, [row.to_cells() for row in new]), end="\n\n", flush=True)
            rows += new
    about = machine(device)
    report = {"machine": about, "rows": [row.to_json() for row in rows]}
    Path(config.out).write_text(json.dumps(report, indent=1))
    if "gpu" in about:
        draw_rates(rows, about["gpu"], Path(config.out).with_suffix(".png"))
    missed = [row.name for row in rows if not row.passed]
    print(f"missed: {'; '.join(missed)}" if missed else "all within their bounds", f"({config.out})")
    return 1 if missed else 0


def apart(name: str, config: BenchConfig, scratch: str) -> list[Gauge]:
    """Rows measured by a process of their own: what others leave in memory slows down the next."""
    out = Path(scratch) / f"{name}.json"
    words = [f"only={name}", f"data={config.data}", f"device={config.device}", f"out={out}"]
    subprocess.run([sys.executable, "-m", "inkseq.bench", *words], stdout=subprocess.DEVNULL, check=False)
    if not out.exists():
        raise UserError(f"the rows of only={name} could not be measured")
    return [Gauge.from_json(row) for row in json.loads(out.read_text())["rows"]]


def machine(device: torch.device) -> dict[str, Any]:
    """What the figures were measured on."""
    versions = {name: version(name) for name in ("numpy", "numba", "ujson", "torch")}
    about = {"cpu": cpu_name(), "cores": num_cores(), "python": platform.python_version()}
    if device.type == "cuda":
        about |= {"gpu": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
        about |= {"cudnn": torch.backends.cudnn.version()}  # type: ignore[no-untyped-call]
    return {**about, **versions, "commit": git_commit(), "date": f"{date.today()}"}


if __name__ == "__main__":
    main(run, BenchConfig)
