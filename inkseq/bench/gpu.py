"""The figures of a GPU: what it does at most, what launches and recurrent layers take, and how near a run comes to it.

python -m inkseq.bench device=cuda
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import torch
from matplotlib.ticker import StrMethodFormatter

from inkseq.bench.benchmark import Gauge, best_seconds
from inkseq.bench.converting import packed_grown
from inkseq.cli import compose_config
from inkseq.config import TrainConfig
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.data.resident import Drawings
from inkseq.devices import ALONE, choose_precision
from inkseq.families import Cell, PictureConfig
from inkseq.models.layers import BiRNN, read_in
from inkseq.models.picture import Picture
from inkseq.plots import BLUE, GREY, ORANGE, chart, save
from inkseq.train.graphs import CapturedSteps, EagerSteps, Steps, choose_steps
from inkseq.train.learner import Learner

COUNT, STEPS, BATCHES = 200_000, 24, (64, 512, 1024, 4096)
COPIED, SIDE, LAUNCHES = 1 << 28, 8192, 1000  # numbers copied, of a matrix's side, operators launched
SIZES = (64, 128)  # pixels of a picture's side
HIDDEN, POINTS, DTYPES = (96, 128, 256), 24, (torch.float32, torch.float16, torch.bfloat16)


def bench_rates(device: torch.device) -> list[Gauge]:
    """What the machine does at most, and what it takes to ask for it."""
    here, there = (torch.zeros(COPIED, device=device) for _ in range(2))
    outside = torch.zeros(COPIED, pin_memory=device.type == "cuda")
    seconds = seconds_of(lambda: there.copy_(here), device), seconds_of(lambda: here.copy_(outside), device)
    rows = [
        Gauge("copied on the device, read and written", 2 * here.nbytes / seconds[0] / 1e9, "GB/s"),
        Gauge("copied to the device", here.nbytes / seconds[1] / 1e9, "GB/s"),
    ]
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.randn(SIDE, SIDE, device=device, dtype=dtype)
        rate = 2 * SIDE**3 / seconds_of(lambda a=a: a @ a, device) / 1e12  # type: ignore[misc]
        rows.append(Gauge(f"matrices of {_name(dtype)}", rate, "TFLOP/s"))
    number = torch.zeros(1, device=device)

    def launch() -> None:
        for _ in range(LAUNCHES):
            number.add_(1)

    rows.append(Gauge("a launch", seconds_of(launch, device) / LAUNCHES * 1e6, "us"))
    if device.type == "cuda":
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            launch()
        rows.append(Gauge("the same, captured", seconds_of(graph.replay, device) / LAUNCHES * 1e6, "us"))
    return rows


def bench_lstm(device: torch.device) -> list[Gauge]:
    """Two readers there and back, one after the other and on two streams."""
    rows = []
    for hidden, batch, dtype in product(HIDDEN, (BATCHES[0], BATCHES[-2]), DTYPES):
        layer = BiRNN(Cell.lstm, 2 * hidden, hidden, 0.0).to(device)
        x_BTC = torch.randn(batch, POINTS, 2 * hidden, device=device)
        for streams in (1, 2) if device.type == "cuda" else (1,):
            aside = torch.cuda.Stream(device) if streams == 2 else None  # type: ignore[no-untyped-call]

            def there_and_back(layer=layer, x_BTC=x_BTC, dtype=dtype, aside=aside) -> None:  # type: ignore[no-untyped-def]
                ahead_BTH = read_in(dtype, layer.ahead, x_BTC)
                if aside is not None:
                    aside.wait_stream(torch.cuda.current_stream())
                with torch.cuda.stream(aside):
                    back_BTH = read_in(dtype, layer.back, x_BTC)
                if aside is not None:
                    torch.cuda.current_stream().wait_stream(aside)
                (ahead_BTH.float().sum() + back_BTH.float().sum()).backward()  # type: ignore[no-untyped-call]

            rate = batch / seconds_of(there_and_back, device)
            where = f"{streams} stream{'s' * (streams > 1)}"
            rows.append(Gauge(f"LSTM of {hidden}, batches of {batch}, {_name(dtype)}, {where}", rate, "drawings/s"))
    return rows


def bench_drawing(device: torch.device, real: Path, scratch: Path) -> list[Gauge]:
    """Pictures drawn of a batch, and nothing else."""
    drawings = load_split(open_strokes(packed_grown(real, scratch, COUNT)), "train", device)
    batch = Batches(drawings, BATCHES[-1], 0, few_shapes=True).step(0)[0][0]
    rows = []
    for size in SIZES:
        picture = Picture(PictureConfig(size=size)).to(device)
        rate = BATCHES[-1] / seconds_of(lambda picture=picture: picture(batch.drawings), device)  # type: ignore[misc]
        floor = 200_000 if size == 128 else None
        rows.append(
            Gauge(f"pictures of {size} pixels drawn, batches of {BATCHES[-1]}", rate, "drawings/s", floor=floor)
        )
    return rows


def bench_steps(device: torch.device, real: Path, scratch: Path) -> list[Gauge]:
    """Whole steps of the default and of the tutorial's network, launched and captured, against the usual way."""
    data = open_strokes(packed_grown(real, scratch, COUNT))
    drawings = load_split(data, "train", device)
    usual = usual_rate(data, device)
    rows = [Gauge("usual: tutorial, batches of 256, packed, loaded by workers", usual, "drawings/s")]
    for model, batch in product(("bilstm", "tutorial"), BATCHES):
        for name, choose in (("launched", EagerSteps), ("captured", choose_steps)):
            steps, batches = set_up(model, batch, data, drawings, choose)
            if name == "captured" and not isinstance(steps, CapturedSteps):
                continue
            floor = 10 if (model, batch, name) == ("bilstm", 1024, "captured") else None
            rate = step_rate(steps, batches, device)
            rows.append(Gauge(f"{model}, batches of {batch}, {name}", rate, "drawings/s", usual, floor))
            if device.type == "cuda":
                rows.append(Gauge("the same: memory", torch.cuda.max_memory_allocated(device) / 1e9, "GB"))
        draws = [batches.draws(step)[0] for step in range(STEPS)]
        points = sum(int(drawings.length_N[draw.index_B].sum()) for draw in draws)
        rows.append(Gauge("the same: points that are real", points / sum(batch * d.num_points for d in draws), ""))
    return rows


def set_up(
    model: str, batch: int, data: PackedStrokes, drawings: Drawings, choose: Callable[[Batches, Learner], Steps]
) -> tuple[Steps, Batches]:
    config = compose_config(TrainConfig, [f"data={data.path}", f"model={model}", f"batch_size={batch}"])
    dtype, _ = choose_precision(config.precision, drawings.device)
    learner = Learner(config, data.classes, drawings.device, dtype, ALONE)
    num_steps = learner.model.num_steps
    batches = Batches(drawings, batch, 0, config.augment, num_steps=num_steps, few_shapes=True)
    return choose(batches, learner), batches


def step_rate(steps: Steps, batches: Batches, device: torch.device) -> float:
    """Drawings a second of some steps, the third time they are taken: met, captured, replayed."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    for _ in range(3):
        start = time.perf_counter()
        for step in range(STEPS):
            steps.learn(step, steps.fetch(step), 1e-4)
        synchronize(device)
        seconds = time.perf_counter() - start
    return STEPS * batches.batch_size / seconds


def usual_rate(data: PackedStrokes, device: torch.device) -> float:
    words = [sys.executable, "-m", "inkseq.bench.usual", str(data.path), "loaded", str(device)]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """The shortest of three times, behind one to warm up."""

    def whole() -> None:
        work()
        synchronize(device)

    whole()
    return best_seconds(whole)


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def draw_rates(rows: list[Gauge], about: str, path: Path) -> None:
    """A PNG of drawings a second over the size of a batch, and the usual way's."""
    figure, axes = chart(8, 4.5)
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        if said := re.fullmatch(r"(bilstm|tutorial), batches of (\d+), (launched|captured)", row.name):
            curves.setdefault(f"{said[1]}, {said[3]}", []).append((int(said[2]), row.value))
        elif row.name.startswith("usual"):
            axes.axhline(row.value, color=GREY, linestyle="--", label="the usual way")
    for name, points in curves.items():
        model, how = name.split(", ")
        line = "o-" if how == "captured" else "o:"
        axes.plot(*zip(*points, strict=True), line, color=BLUE if model == "bilstm" else ORANGE, label=name)
    axes.set(xscale="log", yscale="log", xlabel="drawings a step", ylabel="drawings/s")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(about, x=0.01, ha="left")
    save(figure, path)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
