"""Checkpoints: everything a run needs to go on, in a file that is there whole or not at all.

A file is what `torch.save` writes, a zip, and its comment a digest (checksum) of all before it: `torch.load` does not
see that a byte of a weight has changed.
"""

import hashlib
import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inkseq.errors import UserError
from inkseq.files import whole_file
from inkseq.inference.small import widen

FORMAT = 1
SMALL = 2  # the format of a checkpoint whose weights are kept as `small` has them
TAG = b"blake2b "
DIGEST = 32  # letters of it
KINDS = {"model": dict, "config": dict, "classes": list, "data": dict, "step": int}  # what every reader goes by


def save(path: Path, state: Mapping[str, Any]) -> None:
    """A full disk, a bad one or a kill leaves the last good one in place."""
    memory = io.BytesIO()
    torch.save({"format": SMALL if "scale" in state else FORMAT, **state}, memory)
    content = _sealed(memory.getvalue())
    try:
        path.parent.mkdir(exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(content)
            if partial.read_bytes() != content:
                raise OSError(0, "what was read back is not what was written")
    except OSError as error:
        kept = f"the last good {path.name} stays" if path.exists() else "there is none from before"
        raise UserError(f"cannot save {path}: {error.strerror}; {kept}") from None


def load(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """A checkpoint, or a line about why it is none."""
    content = path.read_bytes()
    if not _intact(content):
        raise UserError(f"{path} is damaged: its bytes are not those that were written")
    try:
        state = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    except Exception as error:  # what a damaged file of before there were digests makes PyTorch raise, nobody can list
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise UserError(f"{path} is damaged or no checkpoint ({why[:80]})") from None
    if not isinstance(state, dict) or "model" not in state:
        raise UserError(f"{path} is no checkpoint of inkseq")
    if state.get("format") not in (FORMAT, SMALL):
        raise UserError(f"{path} has format {state.get('format')}, this inkseq reads {FORMAT} and {SMALL}")
    for name, kind in KINDS.items():
        if not isinstance(state.get(name), kind):
            raise UserError(f"{path} is damaged: its {name} is missing or of another kind")
    if state["format"] == SMALL:
        state["model"] = widen(state["model"], state["scale"])
    for name, weight in (state["model"] | (state.get("average") or {})).items():
        if not (isinstance(weight, torch.Tensor) and bool(weight.isfinite().all())):
            raise UserError(f"{path} is damaged: not every number of {name} is finite")
    return state


def _sealed(content: bytes) -> bytes:
    """With the digest as the zip's comment, whose length is what a zip ends with."""
    before = content[:-2] + struct.pack("<H", len(TAG) + DIGEST)
    return before + TAG + _digest(before)


def _intact(content: bytes) -> bool:
    """Whether all is as it was written; of a checkpoint from before there were digests nobody knows."""
    before, comment = content[: -len(TAG) - DIGEST], content[-len(TAG) - DIGEST :]
    return TAG not in comment or comment == TAG + _digest(before)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST // 2).hexdigest().encode()
