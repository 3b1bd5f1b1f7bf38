"""Every family by the name in its configuration."""

from collections.abc import Callable
from typing import Any

from inkseq.errors import UserError
from inkseq.families import FAMILIES, HybridConfig, ModelConfig
from inkseq.models.charcnn import CharCnn
from inkseq.models.cnn import Cnn
from inkseq.models.contract import Model
from inkseq.models.fusion import make_fusion
from inkseq.models.hybrid import Hybrid
from inkseq.models.image import Image
from inkseq.models.mobilenet import MobileNet

MODELS: dict[str, Callable[[Any, int], Model]] = {
    "hybrid": Hybrid,
    "mobilenet": MobileNet,
    "image": Image,
    "cnn": Cnn,
    "charcnn": CharCnn,
    "fusion": lambda config, num_classes: make_fusion(config, num_classes, make_model),
}


def make_model(config: ModelConfig, num_classes: int) -> Model:
    if type(config) is not FAMILIES.get(config.name):
        raise UserError(f"model.name={config.name}: there are {', '.join(MODELS)}; model=NAME chooses one of them")
    return MODELS[config.name](config, num_classes)


def translate(config: dict[str, Any]) -> dict[str, Any]:
    """The config of a run from before in today's words: there were no families, rows were a setting of all, and every
    drawing was drawn once.
    """
    config = {"sampling": "natural"} | config
    if config["model"].get("name") != "bilstm":
        return config
    model = config["model"] | {"name": HybridConfig.name, "layout": config["layout"]}
    return {key: value for key, value in config.items() if key != "layout"} | {"model": model}
