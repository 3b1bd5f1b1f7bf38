"""Pen drawings, recognised from their strokes."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkseq.inference.recogniser import Recogniser


def load(run: str | Path, device: str = "cpu") -> "Recogniser":
    """The recogniser of a run folder: `inkseq.load("runs/NAME").predict(strokes)`."""
    from inkseq.inference.recogniser import Recogniser  # here: PyTorch takes a second, commands need not wait for it

    return Recogniser(run, device)
