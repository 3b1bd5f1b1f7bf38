"""A small recogniser, and the command as a function of files, standard input and settings."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import inkseq
from inkseq.config import AnswerFormat, PredictConfig
from inkseq.drawings.entries import Entry
from inkseq.drawings.reader import find, read_entries
from inkseq.inference.recogniser import Recogniser
from inkseq.predict.__main__ import run as predict
from tests.train.tiny import run, tiny

Predict = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def run_folder(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    config = tiny(packed, tmp_path_factory.mktemp("predicting"))
    run(config)
    return f"{config.runs}/run"


@pytest.fixture(scope="session")
def recogniser(run_folder: str) -> Recogniser:
    return inkseq.load(run_folder)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def give(text: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(text))))

    return give


@pytest.fixture
def name_them(run_folder: str, capsys: pytest.CaptureFixture[str]) -> Predict:
    """Exit code, standard output and standard error of the command."""

    def call(source: Path | str, format: str = "jsonl", **settings: Any) -> tuple[int, str, str]:  # noqa: A002
        words: dict[str, Any] = {
            "run": run_folder,
            "input": str(source),
            "format": AnswerFormat[format],
            "device": "cpu",
        }
        code = predict(PredictConfig(**words | settings))
        return code, *capsys.readouterr()

    return call


def entries_of(source: Path | str) -> list[Entry]:
    return [entry for task in find(str(source)) for entry in read_entries(task, lambda _: None)]
