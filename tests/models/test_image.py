"""timm's networks by their names: which there are, which can look, and what is said of those that can't."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inkseq.cli import compose_config
from inkseq.config import TrainConfig
from inkseq.errors import UserError
from inkseq.families import ImageConfig, PictureConfig
from inkseq.inference.runs import run_folder
from inkseq.models.image import Image
from inkseq.models.zoo import make_model

SMALL = ImageConfig(backbone="test_resnet", picture=PictureConfig(size=32))


@pytest.mark.parametrize(
    ("preset", "parameters", "cells"),
    [("mobilenet_v2", 707_888, 2), ("resnet18", 1_589_152, 2), ("convnext", 757_156, 2), ("image", 2_243_792, 2)],
)
def test_presets_are_as_large_as_they_say(preset: str, parameters: int, cells: int) -> None:
    config = compose_config(TrainConfig, [f"model={preset}"]).model
    assert isinstance(config, ImageConfig)
    assert config.preset == (config.backbone if preset == "image" else preset)
    with torch.device("meta"):
        model = make_model(config, 16)
        assert isinstance(model, Image)
        assert sum(parameter.numel() for parameter in model.parameters()) == parameters
        size = config.picture.size
        grid: Any = model.body.forward_features(torch.zeros(1, 1, size, size))  # type: ignore[operator]
        assert grid.shape[2:] == (cells, cells)


@pytest.mark.parametrize("planes", [["ink"], ["ink", "direction"], ["ink", "stroke_colours", "country", "ends"]])
@pytest.mark.parametrize(
    ("backbone", "size"),
    [
        ("resnet18", 64),
        ("resnet18.a1_in1k", 40),
        ("mobilenetv3_small_050", 33),  # its features are more than its last channels
        ("vit_tiny_patch16_224", 64),  # is told the size
        ("swin_tiny_patch4_window7_224", 96),
        ("deit_tiny_distilled_patch16_224", 32),  # two heads of its own
        ("levit_128s", 64),
    ],
)
def test_any_of_timms_networks_looks_at_any_planes(backbone: str, size: int, planes: list[str]) -> None:
    config = ImageConfig(backbone=backbone, picture=PictureConfig(size=size, channels=planes))
    with torch.device("meta"):  # as a training is checked before it begins
        model = Image(config, 7)
        picture = torch.zeros(2, model.picture.planes, size, size)
        assert model.head(model.see(picture)).shape == (2, 7)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"backbone": "resnet81"},
            r"=resnet81: timm has no such network; did you mean resnet18, [^,]+, [^,]+\?$",
        ),
        ({"backbone": "resnet18.gone"}, r"backbone=resnet18.gone: timm has no such network; did you mean resnet18, "),
        ({"backbone": "hf-hub:me/mine"}, r"timm has no such network; timm.list_models\(\) has them all$"),
        (
            {"backbone": "inception_v4"},
            r"backbone=inception_v4 cannot look at 1 x 32 x 32 pixels, as model.picture says \(.*[Kk]ernel size.*\); "
            r"it was made for 299 pixels a side$",
        ),
        (
            {"backbone": "efficientformer_l1"},
            r"cannot look at 1 x 32 x 32 pixels.*; it was made for 224 pixels a side$",
        ),
        ({"backbone": "qwen3_vit_88m_enc"}, r"\(it makes \[1, \d+, 1024\] of them and no vector\)"),
        ({"options": {"chanels": [8]}}, r"backbone=test_resnet cannot look .*unexpected keyword argument 'chanels'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_look_is_said_in_a_line(settings: dict[str, Any], said: str) -> None:
    with torch.device("meta"), pytest.raises(UserError, match=said) as raised:
        Image(replace(SMALL, **settings), 4)
    assert "\n" not in str(raised.value)


def test_without_timm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r"^timm is not installed; pip install 'inkseq\[images\]' brings it$"):
        Image(SMALL, 4)


def test_a_torchvision_of_another_torch_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "timm.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    with pytest.raises(UserError, match=r"timm cannot be imported \(operator torchvision::nms does not exist\): torch"):
        Image(SMALL, 4)


def test_a_run_is_called_after_its_backbone() -> None:
    config = compose_config(TrainConfig, ["data=packed/birds", "model=image", "model.backbone=resnet18"])
    assert run_folder(config) == Path("runs/resnet18-birds")
