"""Installed from its wheel, away from the checkout, inkseq has its commands, their settings and its page."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import inkseq
from inkseq.__main__ import list_commands, main

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    pip(["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(CHECKOUT)])
    (made,) = out.glob("*.whl")
    return made


def pip(words: list[str]) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        *words,
        "--no-index",
    ]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The console script of an installation, run in an empty folder; what it says."""
    home = tmp_path_factory.mktemp("home with spaces")
    pip(["install", "--no-deps", "--target", str(home / "site"), str(wheel)])

    def run(*words: str) -> str:
        command = [sys.executable, str(home / "site" / "bin" / "inkseq"), *words]
        environment = os.environ | {"PYTHONPATH": str(home / "site"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
        return f"{done.stdout}{done.stderr}exit code {done.returncode}"

    return run


@pytest.mark.slow
def test_the_wheel_has_all_that_is_no_python_too(wheel: Path) -> None:
    there = {name.removeprefix("inkseq/") for name in zipfile.ZipFile(wheel).namelist()}
    package = Path(inkseq.__file__).parent
    wanted = {
        path.relative_to(package) for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {path.relative_to(CHECKOUT) for path in (CHECKOUT / "conf").rglob("*.yaml")}
    assert not {path.as_posix() for path in wanted} - there
    assert {"py.typed", "conf/train.yaml"} <= there


@pytest.mark.slow
def test_a_recogniser_is_trained_from_the_wheel(packed: Path, installed: Callable[..., str]) -> None:
    tiny = ["model=bilstm_small", "model.canvas=0", "model.hidden=8", "duration=3 steps", "batch_size=16"]
    said = installed("train", f"data={packed}", "name=first", *tiny)
    assert "runs/first: best at step 3" in said
    assert said.endswith("exit code 0")
    assert installed("train", "data=nowhere").endswith("exit code 1")
    assert "Convert raw drawings into a packed dataset" in installed("convert", "--help")


@pytest.mark.slow
def test_a_drawing_is_named_from_the_wheel_without_a_run(installed: Callable[..., str]) -> None:
    said = installed("predict", f"input={CHECKOUT / 'docs' / 'television.svg'}", "top=1")
    assert "television" in said.splitlines()[1]
    assert "inkseq: asking the recogniser that comes with inkseq; run= takes another" in said
    assert said.endswith("exit code 0")


def test_alone_it_lists_the_commands_with_a_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["inkseq"])
    main()
    said = capsys.readouterr().out
    commands = list_commands()
    assert commands.keys() > {"train", "convert", "find_lr", "sweep", "compare"}
    assert not commands.keys() & {"cli", "config", "__main__", "drawings", "models"}
    assert all(about.endswith(".") and f"{name} " in said and about in said for name, about in commands.items())


def test_a_command_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["inkseq", "trian"])
    with pytest.raises(SystemExit, match=r"^inkseq: there is no command 'trian'; did you mean train\?$"):
        main()


def test_a_command_gets_its_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["inkseq", "doodles", "per_class=0", "out=x"])
    with pytest.raises(SystemExit, match="per_class=0: at least 1 is needed"):
        main()
