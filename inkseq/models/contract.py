"""What a model is: it takes drawings and gives logits. How it looks at them is its own affair.

docs/extending.md says how to add a family.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from numpy.typing import NDArray
from torch import Tensor, nn

from inkseq.errors import UserError

BY_ITSELF = 2**0.5  # times a view where the other is missing: with 2, both together would be too unsure


class Answers(NamedTuple):
    """What a model says in training, where it may say more than one thing of a drawing."""

    logits_MK: Tensor
    drawing_M: Tensor | None = None  # which drawing of the batch each is of; one of each unless told
    weight_M: Tensor | None = None  # of each in the loss; on average those of a drawing are 1 together


class Model(nn.Module):
    """A network of any family. A drawing's logits must not depend on what else is in its batch.

    `drawings` are Strokes, or Images too where it says so.
    """

    head: nn.Module  # the last layer; a run that starts from another one's weights has a new one for new classes
    sees_images = False  # where all that it is shown is ink
    parts: Sequence["Model"] = ()  # models that it is made of
    room = 1  # points behind the longest drawing: torch.export takes a size that can be 1 for one that always is

    def features(self, drawings: Any) -> Tensor:
        """features_BC, all that the head gets to know."""
        raise NotImplementedError

    def forward(self, drawings: Any) -> Tensor:
        """logits_BK"""
        logits_BK: Tensor = self.head(self.features(drawings))
        return logits_BK

    def answers(self, drawings: Any) -> Answers:
        """What training judges: several answers where parts have to be right by themselves too (deep supervision)."""
        return Answers(self(drawings))

    def num_steps(self, length_N: NDArray[Any]) -> NDArray[Any]:
        """How long it takes over drawings of so many points: what takes equally long is batched together."""
        return length_N

    def begin(self) -> str:
        """As a run begins, and never after: weights that come from elsewhere. Says whose they are."""
        return ""


class Sight(NamedTuple):
    """A layer that sees drawings as a grid of cells."""

    layer: nn.Module  # its output is BCYX
    low: float  # where the grid begins and ends, down as to the right: 0 is a drawing's middle, 1 its larger side
    high: float


@runtime_checkable
class Explainable(Protocol):
    """What a model has beside all that if it can say which points mattered (attribution)."""

    head: nn.Module

    def show(self, drawings: Any) -> tuple[Tensor, ...]:
        """The numbers that the network is shown: what it says follows from them, and they can be faded in."""

    def read(self, drawings: Any, shown: tuple[Tensor, ...]) -> Tensor:
        """features_BC of what is shown."""

    def share_out(self, drawings: Any, worth: tuple[Tensor, ...]) -> Tensor:
        """credit_BT: what the numbers shown are worth, divided among the points they are of."""

    def sight(self) -> Sight | None:
        """Where to look for what it saw, if it sees at all (Grad-CAM)."""


def check_probability(name: str, value: float) -> None:
    """Refuse a dropout, or another share, that is none."""
    if not 0 <= value < 1:
        raise UserError(f"model.{name}={value}: expected a probability, from 0 to less than 1")


def explainable(model: Model) -> Explainable | None:
    """The model, if it can be explained."""
    return model if isinstance(model, Explainable) and all(map(explainable, model.parts)) else None
