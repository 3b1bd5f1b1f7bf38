"""Every family by the name in its configuration."""

from collections.abc import Callable
from typing import Any

from inkseq.config import FAMILIES, ModelConfig
from inkseq.errors import UserError
from inkseq.models.contract import Model
from inkseq.models.hybrid import Hybrid

MODELS: dict[str, Callable[[Any, int], Model]] = {"hybrid": Hybrid}


def make_model(config: ModelConfig, num_classes: int) -> Model:
    if type(config) is not FAMILIES.get(config.name):
        raise UserError(f"model.name={config.name}: there are {', '.join(MODELS)}; model=NAME chooses one of them")
    return MODELS[config.name](config, num_classes)
