"""What the page tells people to train with."""

import shlex
from pathlib import Path

from inkseq.inference.runs import IN_THE_PACKAGE


def command(file: Path, run: Path) -> str:
    """What trains on such a file, as a shell takes it; the experiment begins with what comes with inkseq."""
    words = ["experiment=own_symbols", f"raw={file}"]
    words += [] if run == IN_THE_PACKAGE else [f"init_from={run}"]
    return shlex.join(["python", "-m", "inkseq.train", *words])
