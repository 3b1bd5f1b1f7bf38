"""Commands killed at random instants, as a machine that goes down would."""

import os
import random
import signal
import subprocess
from pathlib import Path


def kill_at_random(command: list[str], folder: Path, rng: random.Random, longest: float) -> int | None:
    """Run a command in a folder and kill it, with all it has started, after so many seconds at most.

    Returns its exit code if it ended before that. What it says goes where ours does.
    """
    process = subprocess.Popen(command, cwd=folder, start_new_session=True)
    try:
        return process.wait(rng.uniform(0, longest))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
