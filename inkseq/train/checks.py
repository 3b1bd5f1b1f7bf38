"""What is refused before anything is started: a mistake must not leave an empty run behind, nor fail trial by trial."""

import math
from collections.abc import Callable
from operator import attrgetter

import torch

from inkseq.config import Optimizer, TrainConfig
from inkseq.data.augment import check_augment
from inkseq.data.batches import batch_of
from inkseq.data.packed import Packed, PackedImages
from inkseq.data.sampling import make_sampler
from inkseq.errors import UserError
from inkseq.evaluate.metrics import METRICS
from inkseq.models.zoo import make_model
from inkseq.train.durations import plan_steps
from inkseq.train.teacher import open_teacher

Rule = tuple[Callable[[float], bool], str]

COUNT: Rule = lambda x: x >= 1, "1 or more"
SHARE: Rule = lambda x: 0 <= x < 1, "from 0 to less than 1"
RULES: dict[str, Rule] = {  # each is false of nan
    "seed": (lambda x: 0 <= x < 2**32, "from 0 to 4,294,967,295"),
    "batch_size": COUNT,
    "micro_batch": COUNT,
    "patience": COUNT,
    "threads": COUNT,
    "max_minutes": (lambda x: x >= 0, "0 or more"),
    "label_smoothing": SHARE,
    "ema": SHARE,
    "optim.lr": (lambda x: 0 < x < math.inf, "above 0"),
    "optim.weight_decay": (lambda x: 0 <= x < math.inf, "0 or more"),
    "optim.beta1": SHARE,
    "optim.beta2": SHARE,
    "optim.clip": (lambda x: x >= 0, "0 or more"),
}
MOST_ADAM_DECAY = 0.01


def check_training(config: TrainConfig, data: Packed) -> None:
    """Everything that can be known to be wrong with a training."""
    check_settings(config)
    check_augment(config.augment)
    check_data(data)
    count = len(make_sampler(config, data))
    if count < batch_of(config):
        raise UserError(
            f"batch_size={batch_of(config)}, but an epoch of {data.path} has {count} drawings; try batch_size={count}"
        )
    with torch.device("meta"):  # without its weights, which may not fit here
        model = make_model(config.model, len(data.classes))
    if isinstance(data, PackedImages) and not model.sees_images:
        raise UserError(
            f"model={config.model.preset} reads strokes, and {data.path} has images; "
            "model=charcnn, cnn, mobilenet or image look"
        )
    if config.distil_from:
        open_teacher(config.distil_from, data.classes)
    plan_steps(config, count, step_seconds=1.0)


def check_settings(config: TrainConfig) -> None:
    """Refuse numbers that no training can use, and settings that do not go together."""
    for key, (holds, expected) in RULES.items():
        value = attrgetter(key)(config)
        if value is not None and not holds(value):
            raise UserError(f"{key}={value}: expected a number {expected}")
    if config.best_by not in (*METRICS, "auto"):
        raise UserError(f"best_by={config.best_by}: there are {', '.join(METRICS)}, auto")
    if config.freeze and not config.init_from:
        raise UserError("freeze=true needs init_from=, a run whose weights are worth keeping")
    decay = config.optim.weight_decay
    if config.optim.name is Optimizer.adam and decay > MOST_ADAM_DECAY:
        raise UserError(
            f"optim.weight_decay={decay:g}: Adam adds it to the gradient, where more than "
            f"{MOST_ADAM_DECAY} drowns everything else; optim.name=adamw takes it"
        )


def check_data(data: Packed) -> None:
    """Refuse drawings that nothing can be learnt from."""
    if len(data.classes) < 2:
        raise UserError(f"{data.path} has {len(data.classes)} class; telling apart takes two")
    if not data.split("train"):
        raise UserError(f"{data.path} has no drawings to train on; convert again with another split=")
    for name in ("train", "val", "test"):
        labels = data.labels[slice(*data.meta["splits"][name])]
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(data.classes):
            raise UserError(f"{data.path}/labels.npy has labels outside 0..{len(data.classes) - 1}; convert again")
