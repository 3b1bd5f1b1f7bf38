"""Pen drawings, recognised from their strokes."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkseq.inference.recogniser import Recogniser


def load(run: str | Path, device: str = "cpu") -> "Recogniser":
    """The recogniser of a run folder: `inkseq.load("runs/NAME").predict(strokes)`."""
    from inkseq.inference.recogniser import (
        Recogniser,  # PyTorch takes a second to import, which other commands need not wait for
    )

    return Recogniser(run, device)
