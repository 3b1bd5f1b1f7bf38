"""Benchmarks of the search: workers, what a trial costs beyond its training, and kills."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from inkseq.bench.benchmark import Gauge
from inkseq.bench.converting import packed, run_measured

TRIALS, KILLED_TRIALS, KILLS, STEPS = 12, 16, 6, 150
CLASSES = ["cat", "ladder", "star", "circle"]  # of the doodles that stand in for real drawings
SMALL = ["model=plain", "model.channels=[16]", "model.kernels=[5]", "model.hidden=32", "model.layers=1", "threads=1"]


@dataclass(frozen=True)
class Study:
    """How a search went."""

    seconds: float
    trials: list[dict[str, str]]

    @property
    def trained(self) -> float:
        """Seconds of training in all complete trials."""
        return sum(float(trial["seconds"] or 0) for trial in self.trials)


def bench_search(real: Path, scratch: Path) -> list[Gauge]:
    """Two workers against one, a thread each, with a small model and nothing pruned; and random workers killed."""
    words = [
        _packed(real, scratch),
        *SMALL,
        f"trials={TRIALS}",
        f"duration={STEPS} steps",
        "pruner=none",
        "sampler=random",
    ]
    one, two = (_search(scratch, f"workers-{n}", [*words, f"workers={n}"]) for n in (1, 2))
    rates = [60 * len(study.trials) / study.seconds for study in (two, one)]
    beyond = (one.seconds - one.trained) / len(one.trials)
    anew = run_measured(["inkseq.train", "--help"])[0]  # to start Python and import what a training needs
    ended = _kill(real, scratch)
    return [
        Gauge("search, two workers against one", rates[0], "trials/min", rates[1], floor=1.2),
        Gauge("search, a trial beyond its training", beyond, "s", anew, ceiling=1),
        Gauge(f"trials accounted for after {KILLS} kills", ended, f"of {KILLED_TRIALS}", floor=KILLED_TRIALS),
    ]


def _packed(real: Path, scratch: Path) -> str:
    return f"data={packed(real, scratch, 'quickdraw16', 400, CLASSES)}"


def _command(scratch: Path, name: str, words: list[str]) -> list[str]:
    places = [f"runs={scratch}", f"name={name}", f"out={scratch / name}.yaml"]
    return [sys.executable, "-m", "inkseq.sweep", "sweep=bilstm", *places, *words]


def _search(scratch: Path, name: str, words: list[str]) -> Study:
    start = time.perf_counter()
    subprocess.run(_command(scratch, name, words), check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return Study(seconds, _trials(scratch / name))


def _trials(study: Path) -> list[dict[str, str]]:
    with (study / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def _kill(real: Path, scratch: Path) -> int:
    """Two searches share a study while they and their trials are killed, and started again; trials with an end."""
    words = [
        _packed(real, scratch),
        *SMALL,
        f"trials={KILLED_TRIALS}",
        f"duration={STEPS} steps",
        f"evaluate={STEPS // 5} steps",
    ]
    command = _command(scratch, "kills", words)

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    chance = random.Random(0)
    searches, kills = [start(), start()], 0
    while any(search.poll() is None for search in searches):
        time.sleep(chance.uniform(0.5, 3))
        victims = [search.pid for search in searches] if chance.random() < 0.4 else _trial_processes(searches)
        if kills < KILLS and victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            kills += 1
            time.sleep(0.2)
            searches = [start() if search.poll() == -signal.SIGKILL else search for search in searches]
    return sum(trial["state"] in ("complete", "pruned", "failed") for trial in _trials(scratch / "kills"))


def _trial_processes(searches: "list[subprocess.Popen[bytes]]") -> list[int]:
    """The grandchildren of the searches: their children are what trials are forked from."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    ours = {search.pid for search in searches}
    return [process for process, parent in parents.items() if parents.get(parent) in ours]
