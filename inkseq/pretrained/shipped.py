"""A run folder that is passed on: its weights made small, and nothing said of the machine that it was trained on."""

import json
import re
from pathlib import Path
from typing import Any

from inkseq.config import plain
from inkseq.export.about import find_result
from inkseq.inference import checkpoint
from inkseq.inference.runs import Run, write_result
from inkseq.inference.small import shrink
from inkseq.pretrained.loss_of_bits import Compared

PLACES = re.compile(r"(?<![\w.~])/[^\s,\"'\]]*/")  # absolute paths in JSON, up to their last part


def keep_weights(run: Run, folder: Path) -> None:
    """checkpoints/best.pt."""
    small, scale = shrink(run.model.state_dict())
    state = {"model": small, "scale": scale, "average": None, "config": without_places(plain(run.config))}
    about = {"classes": run.classes, "data": run.identity, "step": run.step}
    checkpoint.save(folder / "checkpoints" / "best.pt", state | about)


def keep_result(run: Run, compared: Compared | None, folder: Path) -> None:
    """result.json, with the scores of what is kept."""
    result = without_places(find_result(run))
    if compared:
        result |= {f"{compared.split}/{name}": value for name, value in compared.kept.items()}
        result["precision"] = "float32"
    write_result(folder, result)


def without_places(value: Any) -> Any:
    """The same with the last part of every absolute path."""
    return json.loads(PLACES.sub("", json.dumps(value)))
