"""No command needs a POSIX system to be imported: what only such a system has is asked for where it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

import inkseq
from inkseq.__main__ import list_commands

ELSEWHERE = """
import builtins, os, signal

del os.fork, os.setsid, signal.pthread_sigmask, signal.SIGUSR2
real = builtins.__import__

def elsewhere(name, globals=None, locals=None, fromlist=(), level=0):
    ours = str((globals or {}).get("__name__")).partition(".")[0] == "inkseq"
    if ours and name in {"fcntl", "grp", "pwd", "resource", "termios"}:
        raise ModuleNotFoundError(f"{globals['__name__']} imports {name}")
    return real(name, globals, locals, fromlist, level)

builtins.__import__ = elsewhere
"""


def everywhere(*lines: str) -> str:
    """What becomes of lines of Python in a process of its own, on such a system."""
    code = "\n".join([ELSEWHERE, *lines])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr


@pytest.mark.slow
def test_every_module_is_imported_on_any_system() -> None:
    package = Path(inkseq.__file__).parent
    paths = [path.relative_to(package.parent).with_suffix("") for path in sorted(package.rglob("*.py"))]
    assert len(paths) > 100
    assert everywhere(*(f"import {'.'.join(path.parts).removesuffix('.__init__')}" for path in paths)) == ""


@pytest.mark.slow
def test_every_command_starts_on_any_system() -> None:
    lines = f"""
import contextlib, os, sys, inkseq.__main__

sys.stdout = open(os.devnull, "w")
for name in {list(list_commands())}:
    sys.argv = ["inkseq", name, "--help"]
    with contextlib.suppress(SystemExit):
        inkseq.__main__.main()
"""
    assert everywhere("import warnings; warnings.simplefilter('ignore')", lines) == ""  # runpy's, of what is imported


@pytest.mark.slow
def test_what_one_family_needs_is_imported_where_it_is_made() -> None:
    assert not everywhere(
        "import sys, inkseq, inkseq.models.zoo", "assert not {'timm', 'torchvision'} & set(sys.modules)"
    )


def test_the_system_they_are_imported_on_is_another_one() -> None:
    assert "tests imports fcntl" not in everywhere("__name__ = 'tests'", "import fcntl")
    assert "inkseq.x imports fcntl" in everywhere("__name__ = 'inkseq.x'", "import fcntl")


def test_the_package_says_that_it_has_types() -> None:
    assert (Path(inkseq.__file__).parent / "py.typed").exists()
