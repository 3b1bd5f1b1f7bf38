"""A `cnn` as the static page computes it by itself (cnn.js): its settings, and its weights as one file."""

import hashlib
from typing import Any

import torch
from torch import Tensor

from inkseq.config import plain
from inkseq.families import Binarise, CnnConfig
from inkseq.inference.runs import Run
from inkseq.models.picture import COLOURS

DIGEST = 16  # letters, which the file begins with
COUNTRY = "picture.country.weight"  # of which a page needs the one number that stands for no country


def is_computed(run: Run) -> bool:
    """Whether the page needs no engine for it."""
    config = run.config.model
    return isinstance(config, CnnConfig) and config.picture.binarise is Binarise.none


def as_network(run: Run) -> tuple[dict[str, Any], bytes]:
    """What recogniser.json says of it, and recogniser.bin."""
    config, state = run.config.model, run.model.state_dict()
    assert isinstance(config, CnnConfig)
    country = state.pop(COUNTRY)[0].item() if COUNTRY in state else 0.0
    arrays: dict[str, Tensor] = {}
    for name, weight in state.items():
        arrays |= small(name, rows(weight)) if weight.ndim > 1 else {name: weight}
    told, content = in_one_file(arrays)
    picture = plain(config.picture) | {"colours": COLOURS, "country": country}
    return {"channels": config.channels, "picture": picture, "file": told}, content


def rows(weight: Tensor) -> Tensor:
    """weight_RO: of each input, kernels row by row, its numbers for all outputs."""
    return weight.permute(*range(2, weight.ndim), 1, 0).reshape(-1, len(weight))


def small(name: str, weight_RO: Tensor) -> dict[str, Tensor]:
    """In whole numbers with a scale for each output, where that is what they were kept in; else as they are."""
    scale_O = (weight_RO.abs().amax(0) / 127).clamp(min=torch.finfo(torch.float32).tiny)
    whole_RO = (weight_RO / scale_O).round()
    if torch.allclose(whole_RO * scale_O, weight_RO, rtol=1e-6, atol=0):
        return {name: whole_RO.to(torch.int8), f"{name}.scale": scale_O}
    return {name: weight_RO}


def in_one_file(arrays: dict[str, Tensor]) -> tuple[dict[str, Any], bytes]:
    """Where each begins and how many numbers it has; those of four bytes first, so that all begin where they may."""
    told, parts, start = dict[str, Any](), list[bytes](), DIGEST
    for name, array in sorted(arrays.items(), key=lambda item: -item[1].itemsize):
        kind = "int8" if array.dtype is torch.int8 else "float32"
        told[name] = {"kind": kind, "start": start, "length": array.numel()}
        parts.append(array.contiguous().numpy().tobytes())
        start += len(parts[-1])
    content = b"".join(parts)
    digest = hashlib.sha256(content).hexdigest()[:DIGEST]
    return {"size": start, "digest": digest, "arrays": told}, digest.encode() + content
