"""The settings of each family of models, as plain dataclasses; `model=NAME` chooses. Networks are in models/."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from inkseq.errors import UserError

MISSING: Any = "???"  # how Hydra writes a value that has to be given

Layout = Enum("Layout", ["inkseq", "tutorial"])
Activation = Enum("Activation", ["none", "relu", "gelu", "silu"])
Norm = Enum("Norm", ["none", "batch", "layer"])
Cell = Enum("Cell", ["lstm", "gru", "attention"])
Pooling = Enum("Pooling", ["sum", "mean", "max", "mean_max", "attention"])
Order = Enum("Order", ["relu_bn", "bn_relu"])
Binarise = Enum("Binarise", ["none", "fixed", "otsu", "adaptive"])


@dataclass
class ModelConfig:
    """What every family of models has; the rest is its own."""

    name: str = MISSING  # of the family, in FAMILIES
    preset: str = MISSING  # what the run is called after


@dataclass
class HybridConfig(ModelConfig):
    """The tutorial's size with our layers; what people train is in conf/model."""

    name: str = "hybrid"  # the family: Conv1D + canvas + BiLSTM
    preset: str = "plain"  # what the run is called after
    layout: Layout = Layout.inkseq  # of its rows, see models/rows.py
    inputs: list[str] = field(default_factory=lambda: ["dx", "dy", "pen", "start", "x", "y"])  # of models.features
    channels: list[int] = field(default_factory=lambda: [48, 64, 96])  # one convolution each
    kernels: list[int] = field(default_factory=lambda: [5, 5, 3])  # points each convolution sees
    activation: Activation = Activation.gelu
    norm: Norm = Norm.layer
    conv_dropout: float = 0.1  # before every convolution but the first, and in the canvas
    canvas: int = 0  # cells a side of the grid on which the drawing is seen, 48 say; 0: it is only read
    canvas_channels: list[int] = field(default_factory=lambda: [32, 64, 96, 128])  # each at half the cells a side
    seen_alone: float = 0.0  # modality dropout: share of drawings, in training, of which the head gets what is seen
    read_alone: float = 0.0  # and share of which it gets only what is read along the strokes
    judge_each: bool = False  # deep supervision: what is seen and what is read have to be right by themselves too
    fold: int = 1  # frame stacking: neighbouring points that the recurrent layers read as one
    cell: Cell = Cell.lstm  # attention: a transformer's layers in place of recurrent ones
    hidden: int = 128  # per direction; attention's width is twice that
    layers: int = 3
    dropout: float = 0.3  # before every recurrent layer but the first; on all that attention adds
    pooling: Pooling = Pooling.mean_max


@dataclass
class PictureConfig:
    """How a drawing becomes a picture, see models/picture.py."""

    size: int = 64  # pixels a side, 32 to 256
    line: float = 2.0  # how broad a line is, in pixels
    margin: float = 2.0  # pixels around the drawing
    channels: list[str] = field(default_factory=lambda: ["ink"])  # of models.picture
    binarise: Binarise = Binarise.none  # ink in black and white, see models/binarise.py


@dataclass
class MobileNetConfig(ModelConfig):
    """MobileNet as it was first published, with a head of two dense layers."""

    name: str = "mobilenet"  # the family
    preset: str = "mobilenet"  # what the run is called after
    picture: PictureConfig = field(default_factory=PictureConfig)
    width: float = 1.0  # times as many channels everywhere
    hidden: int = 512  # numbers between the two dense layers
    dropout: float = 0.5  # before the last layer; half of it before the one before


@dataclass
class ImageConfig(ModelConfig):
    """Any network of the library timm, by its name there."""

    name: str = "image"  # the family
    preset: str = "image"  # what the run is called after
    picture: PictureConfig = field(default_factory=PictureConfig)
    backbone: str = "mobilenetv2_100"  # one that timm.list_models() names
    pretrained: bool = False  # with weights from the internet, which learnt from photographs (transfer learning)
    options: dict[str, Any] = field(default_factory=dict)  # what else timm is told, in a file of conf/model
    dropout: float = 0.2  # before the head


@dataclass
class CnnConfig(ModelConfig):
    """A small network of residual blocks, of about the default's cost."""

    name: str = "cnn"  # the family
    preset: str = "cnn"  # what the run is called after
    picture: PictureConfig = field(default_factory=PictureConfig)
    channels: list[int] = field(default_factory=lambda: [32, 64, 96, 128])  # each at half the pixels a side
    dropout: float = 0.2


@dataclass
class CharCnnConfig(ModelConfig):
    """Blocks of two convolutions, as those take who read characters from images of them."""

    name: str = "charcnn"  # the family
    preset: str = "charcnn"  # what the run is called after
    picture: PictureConfig = field(default_factory=PictureConfig)
    width: int = 32  # channels of the first block; of each other twice as many
    most: int = 512  # channels of the last block
    order: Order = Order.relu_bn  # behind a convolution: ReLU before batch norm, or behind it
    hidden: int = 512  # numbers between the two dense layers
    dropout: float = 0.5  # before the last layer; half of it before the one before


@dataclass
class FusionConfig(ModelConfig):
    """Several models that answer together."""

    name: str = "fusion"  # the family
    preset: str = "fusion"  # what the run is called after
    members: dict[str, Any] = field(default_factory=dict)  # by a name of your choice, settings as model= has them

    def __post_init__(self) -> None:
        """Every setting of every member, so that a run knows them whatever the defaults will be."""
        from omegaconf import OmegaConf  # here, since batches and models run without it

        self.members = {
            name: OmegaConf.to_container(OmegaConf.structured(typed(settings)), enum_to_str=True)
            for name, settings in self.members.items()
        }


FAMILIES: dict[str, type[ModelConfig]] = {  # their networks are in models/zoo.py
    "hybrid": HybridConfig,
    "mobilenet": MobileNetConfig,
    "image": ImageConfig,
    "cnn": CnnConfig,
    "charcnn": CharCnnConfig,
    "fusion": FusionConfig,
}


def family_called(name: str) -> type[ModelConfig]:
    """The class of a family's settings."""
    if name not in FAMILIES:
        raise UserError(f"model.name={name}: there are {', '.join(FAMILIES)}")
    return FAMILIES[name]


def typed(settings: dict[str, Any]) -> ModelConfig:
    """A model's settings in the class of their family."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    name = settings.get("name", HybridConfig.name)
    family = family_called(name)
    try:
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(family()), settings))
    except OmegaConfBaseException as error:
        raise UserError(f"model {name}: {str(error).splitlines()[0]}") from None
    assert isinstance(config, ModelConfig)
    return config
