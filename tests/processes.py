"""Commands that run beside the tests.

A fresh interpreter imports for three seconds before a training begins. So what matters to a test is forked from a
process that has imported everything, the one that trials are forked from; one test of every command starts it fresh.
"""

import multiprocessing.util
import os
import resource
import runpy
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Protocol

from inkseq.sweep.worker import PROCESSES
from inkseq.train import job

PROCESSES.set_forkserver_preload(["tests.warm"])


class Process(Protocol):
    """What `subprocess.Popen` and `Command` have in common."""

    def poll(self) -> int | None: ...


class Command:
    """`python -m inkseq.NAME words`, in a folder, as `subprocess.Popen` has it; but forked."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        env: Mapping[str, str] | None = None,
        said: list[Path] | None = None,
        limits: Mapping[int, int] | None = None,
        fault: Callable[[], None] | None = None,
    ) -> None:
        beside = folder.with_name(f"{folder.name}-{time.monotonic_ns()}")  # what is in it is looked at
        self._said = said or [beside.with_suffix(suffix) for suffix in (".out", ".err")]
        environment = {**os.environ, **(env or {})}
        given = folder, words, environment, self._said, limits or {}, fault
        self._process = PROCESSES.Process(target=_work, args=given)
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()

    def wait(self) -> None:
        self._process.join()

    def communicate(self) -> tuple[str, str]:
        """Standard output and standard error, once it has ended."""
        self._process.join()
        return self.said()

    def said(self) -> tuple[str, str]:
        """Standard output and standard error, so far."""
        out, err = (path.read_text("utf-8") if path.exists() else "" for path in self._said)
        return out, err


class Job(Command):
    """`python -m inkseq.train words`, as a sweep starts it with `subprocess.Popen`; its output goes where that says."""

    def __init__(self, words: list[str], stdout: IO[str] | None, stderr: IO[str] | None, **_: object) -> None:
        super().__init__(Path.cwd(), *words[2:], said=[_path(stdout or sys.stdout), _path(stderr or sys.stderr)])


def _path(file: IO[str]) -> Path:
    return Path(f"/proc/self/fd/{file.fileno()}").resolve()


def _work(
    folder: Path,
    words: tuple[str, ...],
    environment: dict[str, str],
    said: list[Path],
    limits: Mapping[int, int],
    fault: Callable[[], None] | None,
) -> None:
    os.setsid()  # as with `start_new_session`: what is signalled is this command, and what it starts
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    setattr(job, "subprocess", SimpleNamespace(Popen=Job))  # noqa: B010  mypy
    multiprocessing.util.spawnv_passfds = _fork_server  # type: ignore[assignment]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in zip(said, (sys.stdout, sys.stderr), strict=True):
        with path.open("ab") as file:
            os.dup2(file.fileno(), stream.fileno())
    for kind, most in limits.items():  # `resource.RLIMIT_FSIZE`, as if the disk were full from there on, and others
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
    if fault:
        fault()
    sys.argv = list(words)
    warnings.filterwarnings("ignore", ".* found in sys.modules")  # as it is there for whoever forks
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _fork_server(path: bytes, words: list[str], handles: list[int]) -> int:
    """The server that a search forks its trials from, forked too: a fresh one would import everything anew."""
    if server := os.fork():
        return server
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # as its import does
    kept = [0, 1, 2, *sorted(handles)]
    for handle, following in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(handle + 1, following)
    try:
        exec(words[-1], {})
    finally:
        os._exit(0)


def start(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """`python -m inkseq.NAME words` in a folder, by a fresh interpreter."""
    command = [sys.executable, "-m", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, text=True, stdout=pipe, stderr=pipe, start_new_session=True)


def wait_for(path: Path, process: Process) -> None:
    """Wait until a process has made a file, or has ended; without taking the processor from it."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.001)
