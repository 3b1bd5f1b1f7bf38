"""Benchmark of the server: how long one client waits, how many drawings it names, and how it bears a steady load."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from inkseq.bench.benchmark import Gauge, best_seconds
from inkseq.bench.converting import MIB, packed_grown, resident, train
from inkseq.bench.load import Address, Answered, among_dawdlers, ask, at_once, at_random, request
from inkseq.bench.predicting import COUNT
from inkseq.data.packed import PackedStrokes, open_strokes
from inkseq.drawings.strokes import Drawing, unflatten
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.server import THREADS

CLIENTS, SHARE = 64, 0.7  # of its capacity the server is to bear for long
SHORT, STEADY = 5.0, 10.0  # seconds of each measurement
DRAWINGS = 512


def bench_serve(real: Path, scratch: Path) -> list[Gauge]:
    """The default recogniser after a step, drawings as a pen draws them."""
    run = train(scratch, packed_grown(real, scratch, COUNT), "default")
    return measure(run, SHORT, STEADY)


def measure(run: Path, short: float, steady: float) -> list[Gauge]:
    """Any run, each measurement for so many seconds: 5 and 300 tell whether it stands a load for long."""
    torch.set_num_threads(THREADS)  # alone, too, it has as many as in the server
    recogniser = Recogniser(run)
    data = open_strokes(recogniser.run.config.data)
    requests = [request(as_drawn(data, i)) for i in islice(data.split("test"), DRAWINGS)]
    together = [data.drawing(i) for i in islice(data.split("test"), CLIENTS)]
    with served(run) as (address, pid):

        def load(due: Iterator[float], connections: int) -> Answered:
            return asyncio.run(ask(address, requests, due, connections))

        load(at_once(1), CLIENTS)  # PyTorch takes longer over shapes it has not met
        one, many = load(at_once(short), 1), load(at_once(short), CLIENTS)
        alone = CLIENTS / best_seconds(lambda: recogniser.probabilities(together))
        first = 1e3 * best_seconds(lambda: recogniser.probabilities(together[:1]), 9)
        before = resident(pid) / MIB
        calm = load(at_random(SHARE * many.rate, steady), CLIENTS)
        due = at_random(SHARE * many.rate, steady)
        beset = asyncio.run(among_dawdlers(address, lambda: ask(address, requests, due, CLIENTS)))
        after = resident(pid) / MIB
    errors = sum(answered.errors for answered in (one, many, calm, beset))
    in_turn = 1e3 * CLIENTS / many.rate  # so long the last of all clients waits that ask at once
    crowd = f"serve, {CLIENTS} clients at once, against batches of them alone"
    return [
        Gauge("serve, one client, median", one.milliseconds(50), "ms", first, ceiling=4),
        Gauge("serve, one client, 99 of 100", one.milliseconds(99), "ms", one.milliseconds(50), ceiling=8),
        Gauge(crowd, many.rate, "drawings/s", alone, floor=0.4),
        Gauge(
            f"serve, {SHARE:.0%} of that for {steady:.0f} s, 99 of 100", calm.milliseconds(99), "ms", in_turn, ceiling=3
        ),
        Gauge("the same among clients that dawdle", beset.milliseconds(99), "ms", in_turn, ceiling=3),
        Gauge("serve, requests that went wrong", errors, "", ceiling=0),
        Gauge("serve, memory after all that, against before", after, "MiB", before, ceiling=1.1),
    ]


def as_drawn(data: PackedStrokes, i: int) -> Drawing:
    """A drawing as a page sends it: in pixels of its own, a point every few of them."""
    strokes = unflatten(*data.drawing(i))
    fine = [np.linspace(0, len(xs) - 1, 1 + 5 * (len(xs) - 1)) for xs, _ in strokes]
    return [
        [np.round(2.4 * np.interp(at, np.arange(len(side)), side) + 31.7, 1).tolist() for side in stroke]
        for at, stroke in zip(fine, strokes, strict=True)
    ]


@contextmanager
def served(run: Path) -> Iterator[tuple[Address, int]]:
    """Where a server of its own process listens, and which that is."""
    words = [f"run={run}", "port=0", f"own={run / 'own.ndjson'}", "rate=1e9"]
    server = subprocess.Popen([sys.executable, "-m", "inkseq.serve", *words], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        said = server.stdout.readline()
        yield ("127.0.0.1", int(said.rpartition(":")[2])), server.pid
    finally:
        server.kill()
        server.communicate()
