"""Pen drawings, recognised from their strokes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkseq.inference.recogniser import Recogniser

os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # what Apple's GPU cannot do the CPU does; torch names it


def load(run: str | Path = "box", device: str = "cpu") -> "Recogniser":
    """The recogniser that comes with inkseq, or that of a run folder: `inkseq.load("runs/NAME").predict(strokes)`."""
    from inkseq.inference.recogniser import Recogniser  # here: PyTorch takes a second, commands need not wait for it

    return Recogniser(run, device)
