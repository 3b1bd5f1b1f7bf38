"""Benchmarks of the data room: convert, of strokes and of images, simplify, doodles."""

import json
import math
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from inkseq.bench.benchmark import Gauge, best_seconds
from inkseq.config import ConvertConfig
from inkseq.convert.conversion import convert
from inkseq.data.packed import open_strokes
from inkseq.doodles.write import write_doodles
from inkseq.drawings.simplify import simplify_many
from inkseq.drawings.strokes import flatten, unflatten

MIB = 2**20
IMAGES, SIDE = 20_000, 64  # PNG files, of so many pixels a side


def bench_convert(real: Path, scratch: Path) -> list[Gauge]:
    """A million drawings through all stages against the plain way, and two workers against one."""
    raw = grown(real, scratch, 1_000_000)
    plain = _plain_rate(raw, scratch, 20_000)
    out = scratch / "packed"
    seconds = {1: math.inf, 2: math.inf}
    for workers in (1, 2) * 3:  # by turns, so that what else the machine does meets both
        shutil.rmtree(out, ignore_errors=True)
        start = time.perf_counter()
        kept = convert(ConvertConfig(raw=[str(raw)], out=str(out), workers=workers)).kept
        seconds[workers] = min(seconds[workers], time.perf_counter() - start)
    rates = {workers: kept / best for workers, best in seconds.items()}
    data = open_strokes(scratch / "packed")
    size = sum(file.stat().st_size for file in data.path.glob("*.npy"))
    return [
        Gauge("convert, one worker", rates[1], "drawings/s", plain, floor=8),
        Gauge("convert, two workers against one", rates[2], "drawings/s", rates[1], floor=1.3),
        Gauge("bytes a point", size / data.meta["num_points"], "bytes", ceiling=2.7),
    ]


def bench_images(real: Path, scratch: Path) -> list[Gauge]:
    """A folder of PNG files through all stages, against a loop that opens, scales and collects them."""
    raw, out = scratch / "png", scratch / "packed-images"
    files = _draw_pngs(raw)

    def load_plainly() -> None:
        opened = (Image.open(file).convert("L").resize((SIDE, SIDE)) for file in files)
        np.save(scratch / "plain.npy", np.stack([np.asarray(image) for image in opened]))

    def pack(workers: int) -> None:
        convert(ConvertConfig(raw=[str(raw)], out=str(out), size=SIDE, workers=workers, overwrite=True))

    plain, one, two = (IMAGES / best_seconds(work) for work in (load_plainly, partial(pack, 1), partial(pack, 2)))
    return [
        Gauge("images packed, one worker", one, "images/s", plain, floor=0.3),
        Gauge("images packed, two workers", two, "images/s", plain, floor=0.3),
    ]


def _draw_pngs(folder: Path) -> list[Path]:
    """Scribbles of black ink on white paper, in a hundred folders."""
    rng = np.random.default_rng(0)
    files = [folder / f"{number % 100:02}" / f"{number}.png" for number in range(IMAGES)]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("L", (SIDE, SIDE), 255)
        ImageDraw.Draw(image).line(rng.integers(4, SIDE - 4, 12).tolist(), fill=0, width=3)
        image.save(file)
    return files


def bench_memory(real: Path, scratch: Path) -> list[Gauge]:
    """The most memory of a conversion with all its workers, for few and for many drawings."""
    rows = []
    for count in (200_000, 2_000_000):
        raw = grown(real, scratch, count)
        peak = run_measured(["inkseq.convert", f"raw={raw}", f"out={scratch / 'packed'}", "overwrite=true"])[1]
        rows.append(Gauge(f"convert, peak memory, {count / 1e6:g} M drawings", peak / MIB, "MiB", ceiling=1024))
    return rows


def bench_simplify(real: Path, scratch: Path) -> list[Gauge]:
    """Raw to canonical, and how much of it is what Google made of the same drawings."""
    folder = real / "quickdraw_raw"
    if not folder.exists():
        return []
    raw, theirs = (
        [json.loads(text)["drawing"] for text in (folder / name).read_bytes().splitlines()]
        for name in ("raw.ndjson", "simplified.ndjson")
    )
    flat = [flatten(drawing) for drawing in raw]
    points, pen = np.concatenate([p for p, _ in flat]), np.concatenate([p for _, p in flat])
    offsets = np.cumsum([0, *[len(p) for _, p in flat]])
    small, small_pen, ends, _ = simplify_many(points, pen, offsets)
    ours = [unflatten(small[a:b], small_pen[a:b]) for a, b in pairwise(ends)]
    same = np.mean([a == b for a, b in zip(ours, theirs, strict=True)])
    rate = len(raw) / best_seconds(lambda: simplify_many(points, pen, offsets))
    mean = len(points) / len(raw)
    return [
        Gauge(f"raw -> canonical, {mean:.0f} points a drawing", rate, "drawings/s"),
        Gauge("raw -> canonical, identical to Google's", 100 * float(same), "%", floor=93),
    ]


def bench_doodles(real: Path, scratch: Path) -> list[Gauge]:
    """Drawing and writing doodles."""
    write_doodles(scratch / "warm", 100, 0)
    start = time.perf_counter()
    count = write_doodles(scratch / "doodles", 2000, 0)
    return [Gauge("doodles drawn and written", count / (time.perf_counter() - start), "drawings/s")]


def grown(real: Path, scratch: Path, count: int) -> Path:
    """A folder of `count` ndjson drawings: the real few again and again, each with a key_id of its own."""
    folder = scratch / f"raw-{count}"
    if folder.exists():
        return folder
    source = real / "quickdraw345"
    if not source.exists():
        source = scratch / "source"
        write_doodles(source, 200, 0)
    files = sorted(source.glob("*.ndjson"))
    folder.mkdir(parents=True)
    key_id = 10**15
    for number, file in enumerate(files):
        around = [re.split(rb'"key_id":"\d+"', text) for text in file.read_bytes().splitlines(keepends=True)]
        of_file = count * (number + 1) // len(files) - count * number // len(files)
        with (folder / file.name).open("wb") as out:
            for i in range(of_file):
                before, after = around[i % len(around)]
                key_id += 7
                out.write(b'%s"key_id":"%d"%s' % (before, key_id, after))
    return folder


def packed_grown(real: Path, scratch: Path, count: int) -> Path:
    """The same, packed."""
    return _pack(grown(real, scratch, count), scratch / f"packed-{count}")


def packed(real: Path, scratch: Path, name: str, per_class: int = 20, classes: list[str] | None = None) -> Path:
    """A real dataset, or doodles in its place, packed."""
    raw = real / name
    if not raw.exists():
        raw = scratch / f"doodles-{per_class}"
        write_doodles(raw, per_class, 0, classes)
    return _pack(raw, scratch / f"packed-{name}")


def _pack(raw: Path, out: Path) -> Path:
    if not out.exists():
        convert(ConvertConfig(raw=[str(raw)], out=str(out)))
    return out


def train(scratch: Path, data: Path, name: str, *words: str) -> Path:
    """A run folder: the default recogniser unless told, after a step, as fast as one that knows something."""
    run_measured(["inkseq.train", f"data={data}", f"runs={scratch}", f"name={name}", "duration=1 steps", *words])
    return scratch / name


def _plain_rate(raw: Path, scratch: Path, count: int) -> float:
    """Drawings a second the plain way: json.loads a line, numpy a drawing, float32 rows to disk."""
    lines: list[bytes] = []
    for file in sorted(raw.glob("*.ndjson")):
        lines += file.read_bytes().splitlines()[: count // 300]
    lines = lines[:count]

    def convert_plainly() -> None:
        with (scratch / "plain").open("wb") as out:
            for text in lines:
                xs, ys, pen = [], [], []
                for x, y in json.loads(text)["drawing"]:
                    xs += x
                    ys += y
                    pen += [0] * (len(x) - 1) + [1]
                rows = np.array([xs, ys, pen], np.float32).T
                rows[:, :2] -= rows[:, :2].min(axis=0)
                rows[:, :2] /= max(rows[:, :2].max(), 1)
                rows[1:, :2] -= rows[:-1, :2].copy()
                out.write(rows.tobytes())

    return len(lines) / best_seconds(convert_plainly)


def run_measured(words: list[str]) -> tuple[float, int]:
    """Run a command: its seconds, and the most bytes it and its children held at once."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.01)
    if process.returncode:
        raise RuntimeError(f"{words} failed")
    return time.perf_counter() - start, peak


def resident(pid: int) -> int:
    """Bytes of memory a process and its children hold; what they share counts for each."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * 4096 + sum(resident(int(child)) for child in children)
