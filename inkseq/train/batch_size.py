"""How many drawings a step has where nobody says so: a usual number, or on a GPU as many as the data are good for."""

import math
import os
from dataclasses import replace
from pathlib import Path

from inkseq.config import TrainConfig
from inkseq.data.batches import USUAL_BATCH
from inkseq.devices import choose_device
from inkseq.inference import checkpoint
from inkseq.train.durations import to_steps

MOST = 4096
STEPS_OF_A_RUN = 2000  # at least: with fewer it learns less, however large they are
BATCHES_OF_AN_EPOCH = 64  # at least: of fewer each has drawings of all lengths, most of it padding


def choose_batch_size(config: TrainConfig, num_drawings: int, folder: Path) -> TrainConfig:
    """The config with a batch size, and the learning rate that goes with it: by the square root of the size.

    A run that goes on keeps the one it began with, whatever it goes on on and for how long.
    """
    if config.batch_size is not None:
        return config
    last = folder / "checkpoints" / "last.pt"
    if last.exists():
        size = size_before(last)
    elif choose_device(config.device).type == "cuda":
        size = size_by_data(config.duration, num_drawings)
    else:
        size = USUAL_BATCH
    if size == USUAL_BATCH:
        return replace(config, batch_size=size)
    factor = math.sqrt(size / USUAL_BATCH)
    rate = factor * config.optim.lr
    if os.environ.get("RANK", "0") == "0":
        print(f"batch_size={size} by the data, and optim.lr={rate:.3g}, {factor:.3g} times that of {USUAL_BATCH}")
    return replace(config, batch_size=size, optim=replace(config.optim, lr=rate))


def size_before(last: Path) -> int:
    size: int = checkpoint.load(last)["config"]["batch_size"]
    return size


def size_by_data(duration: str, num_drawings: int) -> int:
    """A power of two."""
    most = min(MOST, num_drawings / BATCHES_OF_AN_EPOCH)
    if "epoch" in duration or "drawing" in duration:  # of minutes nobody knows yet how many drawings they are
        most = min(most, to_steps(duration, num_drawings, num_drawings) / STEPS_OF_A_RUN)
    return 1 << math.floor(math.log2(max(most, USUAL_BATCH)))
