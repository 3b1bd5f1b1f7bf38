"""For tests of commands that run beside them."""

import subprocess
from contextlib import suppress
from pathlib import Path


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until a process has made a file, or has ended; without taking the processor from it."""
    while not path.exists() and process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
