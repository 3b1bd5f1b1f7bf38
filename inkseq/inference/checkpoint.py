"""Checkpoints: everything a run needs to go on, in a file that is there whole or not at all."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inkseq.errors import UserError
from inkseq.files import write_whole

FORMAT = 1


def save(path: Path, state: Mapping[str, Any]) -> None:
    """A full disk or a kill leaves the last good one in place."""
    memory = io.BytesIO()
    torch.save({"format": FORMAT, **state}, memory)
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, memory.getbuffer())
    except OSError as error:
        kept = f"the last good {path.name} stays" if path.exists() else "there is none from before"
        raise UserError(f"cannot save {path}: {error.strerror}; {kept}") from None


def load(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """A checkpoint, or a line about why it is none."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise UserError(f"{path} is damaged or no checkpoint ({str(error).splitlines()[0][:80]})") from None
    if not isinstance(state, dict) or "model" not in state:
        raise UserError(f"{path} is no checkpoint of inkseq")
    if state.get("format") != FORMAT:
        raise UserError(f"{path} has format {state.get('format')}, this inkseq reads {FORMAT}")
    return state
