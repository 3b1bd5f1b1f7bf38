"""What is done about classes of different size where nobody says what: how they are drawn, and what is said of it."""

import os
from dataclasses import replace
from pathlib import Path

from inkseq.config import Loss, Sampling, TrainConfig
from inkseq.data.packed import Packed
from inkseq.data.tail import rare_in_train
from inkseq.inference import checkpoint

# What goes with a loss that balances, where classes differ. Balanced draws would leave nothing to adjust logits by.
FITTING = {Loss.class_balanced: Sampling.natural, Loss.logit_adjusted: Sampling.square_root}


def choose_sampling(config: TrainConfig, data: Packed, folder: Path) -> TrainConfig:
    """The config with a sampling: of `auto` balanced where a class is rare and the loss does not balance already.

    A run that goes on keeps the one it began with.
    """
    rare = rare_in_train(data)
    if config.sampling is Sampling.auto:
        last = folder / "checkpoints" / "last.pt"
        now = FITTING.get(config.loss, Sampling.balanced) if rare else Sampling.natural
        config = replace(config, sampling=sampling_before(last) if last.exists() else now)
    if rare and os.environ.get("RANK", "0") == "0":
        print(f"{rare}\nsampling={config.sampling.name}, loss={config.loss.name}")
    return config


def sampling_before(last: Path) -> Sampling:
    return Sampling[checkpoint.load(last)["config"].get("sampling", Sampling.natural.name)]
