"""What the page tells people to train with."""

import shlex
from pathlib import Path


def command(file: Path, run: Path) -> str:
    """What trains on such a file, as a shell takes it."""
    words = ["experiment=own_symbols", f"raw={file}", f"init_from={run}"]
    return shlex.join(["python", "-m", "inkseq.train", *words])
