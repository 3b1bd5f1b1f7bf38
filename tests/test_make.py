"""`make setup` leaves a whole environment or says why not; the Python and pip here are stand-ins of a few lines."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = f"""#!/bin/sh
case "$1" in
    -c) exec {sys.executable} "$@" ;;
esac
echo "$2" >> calls
[ "$2" = "$(cat fails 2>/dev/null)" ] && {{ echo "No space left on device"; exit 1; }}
[ "$2" = venv ] && mkdir -p .venv/bin && touch .venv/pyvenv.cfg && cp python .venv/bin/python
exit 0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(Path(__file__).parents[1] / name, folder)
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    return folder


def setup(folder: Path, python: str = "./python") -> str:
    """What it says, last of all the exit code, and the stand-ins that were called for."""
    (folder / "calls").write_text("")
    words = ["make", "setup", f"PYTHON={python}"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}{done.returncode} {' '.join((folder / 'calls').read_text().split())}"


def later(path: Path) -> None:
    """As if it had been changed since."""
    os.utime(path, (time.time() + 1, time.time() + 1))


def test_a_whole_environment_is_left_alone(folder: Path) -> None:
    assert setup(folder).endswith("0 venv pip")
    assert setup(folder).endswith("0 ")
    later(folder / "pyproject.toml")
    assert setup(folder).endswith("0 venv pip")


@pytest.mark.parametrize("part", ["venv", "pip"])
def test_half_an_environment_is_made_anew(folder: Path, part: str) -> None:
    (folder / "fails").write_text(part)
    said = setup(folder)
    assert "No space left on device\n\nNot installed, for the reason above." in said
    half = folder / ".venv" / "half a package"
    half.mkdir(parents=True)
    (half.parent / "pyvenv.cfg").touch()
    (folder / "fails").unlink()
    assert setup(folder).endswith("0 venv pip")
    assert not half.exists()


def test_an_update_that_fails_is_tried_again_and_loses_nothing(folder: Path) -> None:
    setup(folder)
    package = folder / ".venv" / "package"
    package.mkdir()
    later(folder / "constraints.txt")
    (folder / "fails").write_text("pip")
    for _ in range(2):
        assert setup(folder).splitlines()[-1].startswith("2 ")
    (folder / "fails").unlink()
    assert setup(folder).endswith("0 venv pip")
    assert package.exists()


def test_a_folder_that_is_no_environment_is_not_deleted(folder: Path) -> None:
    (folder / ".venv").mkdir()
    (folder / ".venv" / "thesis.txt").write_text("mine")
    setup(folder)
    assert (folder / ".venv" / "thesis.txt").read_text() == "mine"


def test_an_environment_that_was_moved_is_made_anew(folder: Path) -> None:
    setup(folder)
    moved = folder.rename(folder.parent / "elsewhere")
    assert setup(moved).endswith("0 venv pip")
    assert setup(moved).endswith("0 ")


def test_a_python_that_will_not_do_is_named(folder: Path) -> None:
    assert "There is no nopython here: make PYTHON=python3.12" in setup(folder, "nopython")
    (folder / "python").write_text('#!/bin/sh\necho "inkseq needs Python 3.11 or newer"; exit 1\n')
    said = setup(folder)
    assert "inkseq needs Python 3.11 or newer" in said
    assert not (folder / ".venv").exists()
