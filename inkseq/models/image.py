"""Any picture network of timm (PyTorch Image Models), by its name there: model=image model.backbone=resnet18.

timm is imported where such a network is made, since no other model needs it.
"""

from contextlib import suppress
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from inkseq.errors import UserError
from inkseq.families import ImageConfig
from inkseq.models.contract import check_probability
from inkseq.models.pictured import Pictured

WEIGHTS = "model.safetensors", "pytorch_model.bin"
PATIENCE = 10  # seconds, for an answer of whoever has the weights


class Image(Pictured):
    """What a backbone makes of the picture, and a head."""

    def __init__(self, config: ImageConfig, num_classes: int) -> None:
        super().__init__(config.picture)
        check(config)
        self.config = config
        self.body, width = make_body(config, self.picture.planes)
        self.depthwise = any(isinstance(part, nn.Conv2d) and part.groups > 1 for part in self.body.modules())
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(width, num_classes)

    def see(self, picture_BCYX: Tensor) -> Tensor:
        features_BC: Tensor = self.dropout(self.body(picture_BCYX).float())
        return features_BC

    def begin(self) -> str:
        """With `pretrained`, the weights that learnt from photographs: fetched once, and kept for later runs."""
        if not self.config.pretrained:
            return ""
        try:
            reach(self.config.backbone)
            trained = create(self.config, self.picture.planes, pretrained=True)
        except Exception as error:  # what a fetch ends in, nobody can list
            raise UserError(
                f"model.pretrained=true: the weights of {self.config.backbone} cannot be had ({first_line(error)}); "
                "model.pretrained=false trains from scratch"
            ) from None
        self.body.load_state_dict(trained.state_dict())
        where: Any = trained.pretrained_cfg
        return f"starts from {where['hf_hub_id'] or where['url']}"


def make_body(config: ImageConfig, planes: int) -> tuple[nn.Module, int]:
    """The backbone, and how many features it gives: one that can't look at our pictures says so now."""
    size, timm = config.picture.size, import_timm()
    try:
        body = create(config, planes).eval()
        with torch.no_grad():
            features_BC = body(torch.zeros(1, planes, size, size))
        if features_BC.ndim != 2:
            raise TypeError(f"it makes {list(features_BC.shape)} of them and no vector")
    except Exception as error:  # what a network raises over a picture, nobody can list
        side = timm.get_pretrained_cfg(config.backbone).input_size[-1]
        raise UserError(
            f"model.backbone={config.backbone} cannot look at {planes} x {size} x {size} pixels, as model.picture "
            f"says ({first_line(error)}); it was made for {side} pixels a side"
        ) from None
    return body.train(), features_BC.shape[1]


def create(config: ImageConfig, planes: int, pretrained: bool = False) -> nn.Module:
    """As timm makes it, less its own head; one that has to know the picture's size is told."""
    timm = import_timm()
    sized = {"img_size": config.picture.size} if timm.get_pretrained_cfg(config.backbone).fixed_input_size else {}
    body: nn.Module = timm.create_model(
        config.backbone, pretrained=pretrained, in_chans=planes, num_classes=0, **sized, **config.options
    )
    return body


def reach(backbone: str) -> None:
    """Fail soon where weights are neither here nor within reach: the hub's own client tries for minutes."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError

    repo = import_timm().get_pretrained_cfg(backbone).hf_hub_id
    if repo and not any(isinstance(try_to_load_from_cache(repo, name), str) for name in WEIGHTS):
        with suppress(EntryNotFoundError):  # then it has them under the other name
            get_hf_file_metadata(hf_hub_url(repo, WEIGHTS[0]), timeout=PATIENCE)


def check(config: ImageConfig) -> None:
    """Refuse what is no network of timm's."""
    check_probability("dropout", config.dropout)
    timm = import_timm()
    known = {*timm.list_models(), *timm.list_models(include_tags=True)}  # resnet18, and resnet18.a1_in1k
    if config.backbone not in known:
        near = get_close_matches(config.backbone, sorted(known), n=3, cutoff=0.5)
        meant = f"did you mean {', '.join(near)}?" if near else "timm.list_models() has them all"
        raise UserError(f"model.backbone={config.backbone}: timm has no such network; {meant}")


def import_timm() -> ModuleType:
    try:
        import timm
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed; pip install 'inkseq[images]' brings it") from None
    except RuntimeError as error:  # of torchvision, whose operators fit one build of torch alone
        raise UserError(f"timm cannot be imported ({first_line(error)}): torchvision is of another torch") from None
    return timm


def first_line(error: Exception) -> str:
    said = next(iter(str(error).splitlines()), "") or type(error).__name__
    return said if len(said) <= 80 else f"{said[:77]}..."
