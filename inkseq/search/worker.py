"""A trial in a process of its own: whatever becomes of it, the study goes on."""

import fcntl
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

import torch

from inkseq import train
from inkseq.cli import run_command
from inkseq.config import TrainConfig
from inkseq.runs import LOG, last_line

# Trials are forked from a process that has imported everything and done nothing yet: no thread, no GPU.
# An optimiser imports torch._dynamo as it is made, which takes a second.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["inkseq.search.loop", "inkseq.search.outcome", "torch._dynamo"])


class Worker:
    """A training under way."""

    def __init__(self, config: TrainConfig, words: list[str], folder: Path, threads: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.process = PROCESSES.Process(target=_train, args=(config, words, folder / LOG, threads))
        self.process.start()

    def stop(self) -> None:
        """Ask it to save and end."""
        self.process.terminate()

    @property
    def failure(self) -> str:
        """Why it ended, if not well."""
        self.process.join()
        code = self.process.exitcode
        if code == 0:
            return ""
        if self.killed:
            return f"its process was killed by {signal.Signals(-(code or 0)).name}"
        return last_line(self.folder / LOG) or f"exit code {code}"

    @property
    def killed(self) -> bool:
        """Whether somebody else ended it: kill -9, or the kernel where memory is short."""
        return (self.process.exitcode or 0) < 0


def _train(config: TrainConfig, words: list[str], log: Path, threads: int) -> None:
    """`python -m inkseq.train WORDS`, its output in a file."""
    os.setsid()  # Ctrl-C at the terminal is for the search, which lets its trials save themselves
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with log.open("a", buffering=1, encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    _wait_for(log.parent)
    sys.argv = ["inkseq.train", *words]
    torch.set_num_threads(threads)
    run_command(lambda: train.run(config))


def _wait_for(folder: Path) -> None:
    """Let whoever had this trial before, and lost its search, save it and leave."""
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.close(held)


def _end_with_parent() -> None:
    """Save and end when the search is gone, or two processes might work on a trial."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
