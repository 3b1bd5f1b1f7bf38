"""What is done about classes of different size where nobody says what: how they are drawn, and what is said of it."""

import os
from dataclasses import replace
from pathlib import Path

from inkseq.config import Loss, Sampling, TrainConfig
from inkseq.data.packed import Packed
from inkseq.data.rare import name_rare
from inkseq.data.sampling import count_labels
from inkseq.inference import checkpoint


def choose_sampling(config: TrainConfig, data: Packed, folder: Path) -> TrainConfig:
    """The config with a sampling: of `auto` balanced where a class is rare and the loss is not balanced already.

    A run that goes on keeps the one it began with.
    """
    label_N = data.labels[slice(*data.meta["splits"]["train"])]
    rare = name_rare(data.classes, count_labels(label_N, len(data.classes))) if len(label_N) else ""
    if config.sampling is Sampling.auto:
        last = folder / "checkpoints" / "last.pt"
        uneven = rare and config.loss is not Loss.class_balanced
        now = Sampling.balanced if uneven else Sampling.natural
        config = replace(config, sampling=sampling_before(last) if last.exists() else now)
    if rare and os.environ.get("RANK", "0") == "0":
        print(f"{rare}\nsampling={config.sampling.name}, loss={config.loss.name}")
    return config


def sampling_before(last: Path) -> Sampling:
    return Sampling[checkpoint.load(last)["config"].get("sampling", Sampling.natural.name)]
