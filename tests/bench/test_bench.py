"""Every group of rows, as `make bench` has it but of next to nothing: what they set up is still what commands take."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inkseq.bench import converting, drawing, predicting, reporting, searching, serving, training, usual
from inkseq.bench.__main__ import ROWS
from inkseq.doodles.write import write_doodles
from tests.processes import Command
from tests.samples import SHARED

FEW = 400  # drawings
SIZES: dict[Any, dict[str, Any]] = {
    converting: {"IMAGES": 20},
    drawing: {"DRAWN": 20, "COMPARED": 4, "BATCH": 16, "STEPS": 1, "COUNT": FEW},
    predicting: {"COUNT": FEW, "WINDOW": FEW // 4},
    reporting: {"MANY": 300, "IMAGES": 300, "CLASSES": 130},
    searching: {"TRIALS": 1, "KILLED_TRIALS": 1, "KILLS": 0, "STEPS": 5},
    serving: {"CLIENTS": 4, "DRAWINGS": 8, "SHORT": 0.2, "STEADY": 0.2, "COUNT": FEW},
    training: {"BATCH": 16, "STEPS": 1, "COUNT": FEW},
    usual: {"BATCH": 16, "TIMED": 1},
}


class Forked(Command):
    """`subprocess.Popen` of a command of ours; what it says is its `stdout`."""

    def __init__(self, words: list[str], **_: Any) -> None:
        super().__init__(Path.cwd(), *words[2:])
        self.stdout = self

    def readline(self) -> str:
        while "\n" not in (said := self.said()[0]):
            assert self.poll() is None, self.said()
            time.sleep(0.01)
        return said.partition("\n")[0]


def finished(words: list[str], **_: Any) -> Any:
    process = Forked(words)
    said = process.communicate()
    assert process.returncode == 0, said
    return SimpleNamespace(stdout=said[0])


def at_most(make: Callable[..., Any], place: int, most: int) -> Callable[..., Any]:
    """The same, but of so many drawings."""

    def few(*given: Any) -> Any:
        return make(*given[:place], min(given[place], most), *given[place + 1 :])

    return few


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, sizes in SIZES.items():
        for name, value in sizes.items():
            monkeypatch.setattr(module, name, value)
    for module in (converting, searching, serving, training):
        monkeypatch.setattr(module, "subprocess", SimpleNamespace(Popen=Forked, run=finished, DEVNULL=-3, PIPE=-1))
    measure = usual.measure
    monkeypatch.setattr(training, "_usual_rate", lambda data, order: measure(str(data.path), order))
    monkeypatch.setattr(
        converting,
        "write_doodles",
        lambda out, _, seed, words=None: write_doodles(out, 45 if words else 5, seed, words),
    )
    for module in (converting, predicting):
        monkeypatch.setattr(module, "grown", at_most(converting.grown, 2, FEW))


SLOW = ("export", "report", "search", "predict", "memory")  # import, train or translate for seconds


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in ROWS])
def test_rows_come_out(name: str, tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    real = SHARED if name == "simplify" else tmp_path / "no data"  # doodles stand in
    if name == "simplify" and not real.exists():
        pytest.skip("there are no raw drawings to simplify")
    rows = ROWS[name](real, tmp_path)
    assert rows
    assert all(row.value >= 0 and len(row.to_cells()) == 7 for row in rows)
