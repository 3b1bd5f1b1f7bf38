"""Commands that are stopped, or meet a fault, at any moment: typed again, they end as if nothing had happened."""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from inkseq.inference import checkpoint
from inkseq.train.signals import SAME_WISH
from tests.faults import inject
from tests.processes import Command
from tests.samples import packed_doodles, random_lines

TINY = ["model=plain", "model.channels=[8]", "model.kernels=[3]", "model.hidden=8", "model.layers=1", "device=cpu"]
TINY += ["precision=float32", "batch_size=40", "threads=1"]
OF_STUDY = ["name=study", "runs=.", "out=best.yaml", "sweep=bilstm", "trials=2", "duration=8 steps"]
LARGEST = 200_000  # bytes that a file may have where the disk is full


class Subject(NamedTuple):
    """A command, what it needs in its folder, and what tells whether it ended as it should."""

    words: list[str]
    prepare: Callable[[Path], object]  # fills the folder
    outcome: Callable[[Path], object]  # the same after every run that ended well
    lasts: float  # seconds, about
    meets: Sequence[str] = ("disk",)  # what faults end it; a search's trials would fail, and it go on with others


def _raw(folder: Path) -> None:
    (folder / "raw.ndjson").write_bytes(b"".join(random_lines(3000)))


def _packed(folder: Path) -> None:
    shutil.copytree(_doodles(folder.parent) / "packed", folder / "packed")


def _trained(folder: Path) -> None:
    shutil.copytree(two_runs(folder.parent), folder, dirs_exist_ok=True)


def _to_name(folder: Path) -> None:
    _trained(folder)
    _raw(folder)


@cache
def _doodles(scratch: Path) -> Path:
    packed_doodles(scratch / "doodles", 50, ["cat", "ladder", "star"])
    return scratch / "doodles"


@cache
def two_runs(scratch: Path) -> Path:
    folder = scratch / "two"
    folder.mkdir()
    _packed(folder)
    for seed in (0, 1):
        words = [*TINY, "data=packed", f"name=a,seed={seed}", f"seed={seed}", "duration=4 steps"]
        run(folder, "inkseq.train", *words)
    return folder


def _arrays(folder: Path) -> dict[str, str]:
    files = sorted((folder / "packed").glob("*.npy"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _weights(folder: Path) -> tuple[int, str]:
    state = checkpoint.load(folder / "runs" / "a" / "checkpoints" / "last.pt")
    assert json.loads((folder / "runs" / "a" / "result.json").read_text())["steps"] == state["step"]
    return state["step"], hashlib.sha256(b"".join(w.numpy().tobytes() for w in state["model"].values())).hexdigest()


def _trials(folder: Path) -> list[str]:
    rows = (folder / "study" / "trials.csv").read_text().splitlines()
    return [",".join(row.split(",")[:2]) for row in rows[1:]]


def _out(folder: Path) -> str:
    return (folder / "out").read_text()


def _record(folder: Path) -> str:
    return (folder / "experiments" / "b" / "results.csv").read_text()


SUBJECTS = {
    "convert": Subject(
        ["inkseq.convert", "raw=raw.ndjson", "out=packed", "workers=2", "overwrite=true"], _raw, _arrays, 0.6
    ),
    "train": Subject(
        ["inkseq.train", *TINY, "data=packed", "name=a", "duration=60 steps", "evaluate=6 steps", "augment=strong"],
        _packed,
        _weights,
        1.5,
        ("disk", "model", "signals"),
    ),
    "sweep": Subject(["inkseq.sweep", *TINY, *OF_STUDY, "data=packed"], _packed, _trials, 3, ()),
    "collect": Subject(["inkseq.collect", "runs/a,seed=0", "runs/a,seed=1", "out=experiments/b"], _trained, _record, 1),
    "evaluate": Subject(
        ["inkseq.evaluate", "run=runs/a,seed=0", "data=packed", "out=out", "overwrite=true", "device=cpu"],
        _trained,
        _out,
        0.5,
        ("disk", "model"),
    ),
    "predict": Subject(
        ["inkseq.predict", "run=runs/a,seed=0", "input=raw.ndjson", "format=csv", "out=out", "overwrite=true"],
        _to_name,
        _out,
        1,
        ("disk", "model"),
    ),
}


def run(folder: Path, *words: str) -> None:
    """Undisturbed, to a good end."""
    process = Command(folder, *words)
    _, said = process.communicate()
    assert process.returncode == 0, said


@cache
def expected(name: str, scratch: Path) -> object:
    """What a command makes that nothing disturbs."""
    folder = scratch / f"{name}-whole"
    folder.mkdir()
    SUBJECTS[name].prepare(folder)
    run(folder, *SUBJECTS[name].words)
    return SUBJECTS[name].outcome(folder)


def disturb(name: str, scratch: Path, rng: random.Random) -> int:
    """Up to three times killed, or out of disk, at random; then typed again. Returns how often."""
    subject, whole = SUBJECTS[name], expected(name, scratch)
    folder = scratch / f"{name}-{time.monotonic_ns()}"
    folder.mkdir()
    subject.prepare(folder)
    ways = [_kill, *(way for fault in subject.meets for way in WAYS[fault])]
    done = [rng.choice(ways)(subject, folder, rng) for _ in range(rng.randint(1, 3))]
    run(folder, *subject.words)
    found = subject.outcome(folder)
    assert found == whole, f"after {done}: {found} instead of {whole}"
    shutil.rmtree(folder)
    return len(done)


def _kill(subject: Subject, folder: Path, rng: random.Random) -> str:
    """With all that it started, or alone."""
    process, after, alone = Command(folder, *subject.words), rng.uniform(0, subject.lasts), rng.random() < 0.5
    end = time.monotonic() + after
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.01)
    if not alone:
        with suppress(ProcessLookupError):  # it has ended, or not begun
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    return f"killed {'alone' if alone else 'with its children'} after {after:.2f} s"


def _fill_disk(subject: Subject, folder: Path, rng: random.Random) -> str:
    most = int(LARGEST ** rng.uniform(0.4, 1))
    return _meet(subject, folder, f"no file above {most} bytes", limits={resource.RLIMIT_FSIZE: most})


def _spoil_disk(subject: Subject, folder: Path, rng: random.Random) -> str:
    number = int(500 ** rng.random())
    return _meet(subject, folder, f"write {number} fails", fault=partial(inject.bad_disk, number))


def _slow_disk(subject: Subject, folder: Path, rng: random.Random) -> str:
    number = rng.randint(1, 20)
    return _meet(subject, folder, f"every write of {number} is slow", fault=partial(inject.slow_disk, number))


def _take_memory(subject: Subject, folder: Path, rng: random.Random) -> str:
    number = int(100 ** rng.random())
    return _meet(subject, folder, f"no memory at call {number} of the model", fault=partial(inject.no_memory, number))


def _meet(subject: Subject, folder: Path, what: str, **given: Any) -> str:
    """It ends well, or says in a line why not."""
    process = Command(folder, *subject.words, **given)
    _, said = process.communicate()
    assert process.returncode in (0, 1), f"exit code {process.returncode}, {what}: {said}"
    assert "Traceback" not in said, f"{what}: {said}"
    return what


def _signal_twice(subject: Subject, folder: Path, rng: random.Random) -> str:
    """The second while what the first asked for is done; beyond SAME_WISH it is a wish of its own, within a step."""
    step, between = rng.choice([(0.0, rng.uniform(0, 0.2)), (SAME_WISH + 1, SAME_WISH + 0.5)])
    process = Command(folder, *subject.words, fault=partial(inject.slow_model, step))
    after = rng.uniform(0, subject.lasts)
    for seconds in (after, between):
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            process.terminate()
    _, said = process.communicate()
    what = f"signalled after {after:.2f} s and {between:.2f} s later"
    assert process.returncode in (0, 130, -signal.SIGTERM), f"exit code {process.returncode}, {what}: {said}"
    assert "Traceback" not in said, f"{what}: {said}"
    return what


WAYS = {"disk": [_fill_disk, _spoil_disk, _slow_disk], "model": [_take_memory], "signals": [_signal_twice]}
