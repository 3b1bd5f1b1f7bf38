"""Random drawings for a model, and what it says of rows that were made in numpy."""

from dataclasses import replace
from unittest.mock import patch

import torch
from torch import Tensor, nn

from inkseq.drawings.padded import Strokes
from inkseq.families import CnnConfig, HybridConfig, MobileNetConfig, ModelConfig, PictureConfig
from inkseq.models import mobilenet
from inkseq.models.contract import Model
from inkseq.models.hybrid import Hybrid
from inkseq.models.pictured import Pictured
from inkseq.models.zoo import make_model

PICTURE = PictureConfig(size=32, channels=["ink", "direction", "country"])
SMALL_CNN = CnnConfig(picture=PICTURE, channels=[4, 6, 8])
SMALL_MOBILENET = MobileNetConfig(picture=PICTURE, width=0.1, hidden=12)
SMALL = HybridConfig(channels=[8, 8], kernels=[5, 3], hidden=6, layers=2)


def scribbles(lengths: list[int]) -> list[Tensor]:
    """Random drawings as (dx, dy, pen) rows, each as large as its box."""
    generator = torch.Generator().manual_seed(1)
    drawings = [torch.randn(length, 3, generator=generator) / 4 for length in lengths]
    for rows in drawings:
        rows[0, :2] = 0
        side = max(float(at.max() - at.min()) for at in rows[:, :2].cumsum(0).mT)
        rows[:, :2] /= side if side > 0 else 1
        rows[:, 2] = (rows[:, 2] > 0.1).float()
        rows[-1, 2] = 1
    return drawings


def pad(drawings: list[Tensor], more: int = 0) -> Strokes:
    """Padded arrays of rows, with `more` points of padding than they need."""
    length_B = torch.tensor([len(rows) for rows in drawings])
    num_points = int(length_B.max()) + more
    xy_BT2, pen_BT = torch.zeros(len(drawings), num_points, 2), torch.zeros(len(drawings), num_points).bool()
    for xy_T2, pen_T, rows in zip(xy_BT2, pen_BT, drawings, strict=True):
        place_T2 = 255 * rows[:, :2].cumsum(0)
        xy_T2[: len(rows)], xy_T2[len(rows) :] = place_T2, place_T2[-1]
        pen_T[: len(rows)] = rows[:, 2] > 0
    return Strokes(xy_BT2, pen_BT, length_B, torch.zeros_like(length_B))


def small(**changes: object) -> Hybrid:
    """A small model in evaluation with weights that tell drawings apart, and statistics of some drawings."""
    torch.manual_seed(0)
    model = Hybrid(replace(SMALL, **changes), num_classes=4)  # type: ignore[arg-type]
    with torch.no_grad():
        for weight in (p for p in model.parameters() if p.ndim > 1):
            weight.mul_(2)
        model(pad(scribbles([9, 4])))
    return model.eval()


def looking(config: ModelConfig) -> Pictured:
    """The same of a model that looks; of a mobilenet two blocks, since with random weights more of them are chaos."""
    torch.manual_seed(0)
    with patch.object(mobilenet, "BLOCKS", mobilenet.BLOCKS[:2]):
        model = make_model(config, num_classes=4)
    assert isinstance(model, Pictured)
    with torch.no_grad():
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                norm.momentum = 1  # as if all that it ever saw were these
        model(pad(scribbles([9, 4, 30, 12, 2, 7])))
    return model.eval()


def say_of_rows(model: Model, rows_T3: Tensor) -> Tensor:
    """logits_K of a drawing's rows."""
    assert isinstance(model, Hybrid)
    x_BTC, length_B = rows_T3[None], torch.tensor([len(rows_T3)])
    with torch.inference_mode():
        logits_BK: Tensor = model.head(model.read_rows(x_BTC, length_B, *model.show_rows(x_BTC, length_B)))
    return logits_BK[0]
