"""Benchmarks of prediction: the command against its model alone, and its memory for few and for many drawings."""

import time
from itertools import islice
from pathlib import Path

import torch

from inkseq.bench.benchmark import Gauge
from inkseq.bench.converting import MIB, grown, packed_grown, run_measured, train
from inkseq.bench.reporting import SMALL
from inkseq.drawings.entries import Entry
from inkseq.drawings.reader import find, read_entries
from inkseq.inference.ask import in_batches
from inkseq.inference.recogniser import Recogniser
from inkseq.memory import keep_freed_memory
from inkseq.predict.outputs import write_jsonl
from inkseq.predict.stream import WINDOW, Tally, answer_windows

COUNT = 6_000


def bench_predict(real: Path, scratch: Path) -> list[Gauge]:
    """Canonical drawings named by the default recogniser; by a small one, where only memory is looked at."""
    data = packed_grown(real, scratch, COUNT)
    rate, alone = _rates(train(scratch, data, "default"), grown(real, scratch, COUNT), scratch / "answers")
    small = train(scratch, data, "small", *SMALL)
    command = ["inkseq.predict", f"run={small}", "format=jsonl"]
    raws = [grown(real, scratch, count) for count in (20_000, 200_000)]
    peaks = [run_measured([*command, f"input={raw}"])[1] / MIB for raw in raws]
    return [
        Gauge("predict, default recogniser, against its model alone", rate, "drawings/s", alone, floor=0.8),
        Gauge("predict, peak memory, 0.2 M drawings against 0.02 M", peaks[1], "MiB", peaks[0], ceiling=1.3),
    ]


def _rates(run: Path, raw: Path, out: Path) -> tuple[float, float]:
    """Drawings a second from file to file, and by the model alone on batches that are ready; both in float32.

    Window by window in turn, so that what else the machine does meets both; and each window once before, since
    PyTorch takes longer over shapes it has not met.
    """
    keep_freed_memory()
    recogniser = Recogniser(run, "auto")
    entries = (entry for task in find(str(raw)) for entry in read_entries(task, lambda _: None))
    seconds = seconds_alone = 0.0
    with out.open("w") as file:
        for _ in range(COUNT // WINDOW):
            start = time.perf_counter()
            window = list(islice(entries, WINDOW))
            seconds += time.perf_counter() - start
            _seconds_alone(recogniser, window)
            start = time.perf_counter()
            write_jsonl(answer_windows(iter(window), recogniser, 5, 0.0, Tally()), file)
            seconds += time.perf_counter() - start
            seconds_alone += _seconds_alone(recogniser, window)
    return COUNT / seconds, COUNT / seconds_alone


@torch.inference_mode()
def _seconds_alone(recogniser: Recogniser, window: list[Entry]) -> float:
    drawings = [entry.drawing for entry in window if entry.drawing is not None]
    ready = [strokes for _, strokes in in_batches(drawings)]
    start = time.perf_counter()
    for strokes in ready:
        recogniser.run.model(strokes)
    return time.perf_counter() - start
