"""Picture models that a step of takes a few milliseconds, as settings and as words."""

import pytest

from inkseq.drawings.raster import paint_together
from inkseq.families import CharCnnConfig, CnnConfig, MobileNetConfig, ModelConfig, PictureConfig

ALL = ["ink", "order", "time", "direction", "ends", "stroke_colours", "country", "country_code"]
SMALL = PictureConfig(size=32, channels=["ink", "direction", "country"])
PICTURED: dict[str, ModelConfig] = {
    "cnn": CnnConfig(picture=SMALL, channels=[8, 16, 32]),
    "mobilenet": MobileNetConfig(picture=SMALL, width=0.1, hidden=16),
    "charcnn": CharCnnConfig(picture=SMALL, width=8, most=16, hidden=16),
}
WORDS = {
    "cnn": ["model=cnn", "model.picture.size=32", "model.channels=[8,16,32]"],
    "mobilenet": ["model=mobilenet", "model.picture.size=32", "model.width=0.1", "model.hidden=16"],
    "charcnn": ["model=charcnn", "model.width=8", "model.most=16", "model.hidden=16"],
}
each_family = pytest.mark.parametrize("family", [*PICTURED])


def draw_as_a_gpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """In tensors, all lines at once."""
    monkeypatch.setattr("inkseq.models.picture.paint", paint_together)
