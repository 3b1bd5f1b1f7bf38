"""What the harness does to commands at random, once each where it hurts."""

import resource
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from inkseq.train.signals import SAME_WISH
from tests.faults import inject
from tests.faults.commands import SUBJECTS, expected, run
from tests.processes import Command, wait_for


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture
def folder(scratch: Path, tmp_path: Path) -> Path:
    folder = scratch / tmp_path.name
    folder.mkdir()
    return folder


def begin(name: str, folder: Path, **given: Any) -> Command:
    SUBJECTS[name].prepare(folder)
    return Command(folder, *SUBJECTS[name].words, **given)


@pytest.mark.parametrize("name", ["train", "evaluate", "predict"])
def test_no_memory_is_said_in_a_line(name: str, folder: Path) -> None:
    process = begin(name, folder, fault=partial(inject.no_memory, 2 if name == "train" else 1))
    _, said = process.communicate()
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("inkseq: out of memory")


@pytest.mark.slow
def test_a_second_signal_within_a_step_is_obeyed(folder: Path, scratch: Path) -> None:
    process = begin("train", folder, fault=partial(inject.slow_model, 60))
    wait_for(folder / "runs" / "a" / ".hydra" / "overrides.yaml", process)
    for _ in range(2):
        time.sleep(SAME_WISH + 0.5)
        process.terminate()
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert said.splitlines()[-1].startswith("inkseq: stopped."), said
    run(folder, *SUBJECTS["train"].words)
    assert SUBJECTS["train"].outcome(folder) == expected("train", scratch)


def test_an_evaluation_is_there_whole_or_not_at_all(folder: Path) -> None:
    begin("evaluate", folder).wait()
    before = SUBJECTS["evaluate"].outcome(folder)
    process = Command(folder, *SUBJECTS["evaluate"].words, limits={resource.RLIMIT_FSIZE: 100})
    _, said = process.communicate()
    assert (process.returncode, said) == (1, "inkseq: out: File too large\n")
    assert SUBJECTS["evaluate"].outcome(folder) == before


@pytest.mark.parametrize("number", [1, 4, 16])
def test_a_bad_disk_stops_a_conversion_in_a_line(number: int, folder: Path) -> None:
    process = begin("convert", folder, fault=partial(inject.bad_disk, number))
    _, said = process.communicate()
    assert process.returncode == 1, said
    assert said.splitlines()[-1].endswith("Input/output error")
    assert [path.name for path in folder.iterdir()] == ["raw.ndjson"]
