"""A trial in a process of its own: whatever becomes of it, the study goes on."""

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from inkseq.config import TrainConfig
from inkseq.errors import run_command
from inkseq.inference.runs import LOG, last_line, lock
from inkseq.train import __main__ as train

LOST = 255  # how a process ends whose forkserver was killed: not at all, but nobody will say how

# Trials are forked from a process that has imported everything and done nothing yet: no thread, no GPU.
if sys.platform == "win32":
    PROCESSES = multiprocessing.get_context("spawn")
else:
    PROCESSES = multiprocessing.get_context("forkserver")
    PROCESSES.set_forkserver_preload(["inkseq.sweep.forkserver"])


class Worker:
    """A training under way."""

    def __init__(self, config: TrainConfig, words: list[str], folder: Path, threads: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.process = PROCESSES.Process(target=_train, args=(config, words, folder, threads))
        self.process.start()

    def stop(self) -> None:
        """Ask it to save and end."""
        assert self.process.pid
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)

    @property
    def failure(self) -> str:
        """Why it ended, if not well."""
        self.process.join()
        code = self.process.exitcode
        if code == 0:
            return ""
        if code == LOST:
            self.stop()
            return "it was cut off from the search"
        if self.killed:
            return f"its process was killed by {signal.Signals(-(code or 0)).name}"
        return last_line(self.folder / LOG) or f"exit code {code}"

    @property
    def killed(self) -> bool:
        """Whether somebody else ended it: kill -9, or the kernel where memory is short."""
        code = self.process.exitcode
        return code is not None and (code < 0 or code == LOST)


def _train(config: TrainConfig, words: list[str], folder: Path, threads: int) -> None:
    """`python -m inkseq.train WORDS`, its output in a file, without the pictures: nobody looks at those of fifty."""
    if sys.platform != "win32":
        os.setsid()  # Ctrl-C at the terminal is for the search, which lets its trials save themselves
    with (folder / LOG).open("a", buffering=1, encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())

    def work() -> None:
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_with_parent, daemon=True).start()
        with lock(folder, wait=True):  # for whoever had this trial, lost its search, and saves it now
            pass
        train.run(replace(config, threads=config.threads or threads), words, pictures=False, checked=True)

    run_command(work)


def _end_with_parent() -> None:
    """Save and end when the search is gone, or two processes might work on a trial."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
