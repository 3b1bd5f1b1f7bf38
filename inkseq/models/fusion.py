"""Several models of any families that answer together: late fusion, an ensemble that is trained, kept and asked as one.

What they say is added up, logit by logit, each as often as its weight says: so their probabilities are multiplied
(geometric mean, product of experts).

Each learns by its own loss and by no other. What is judged together leans on each other, and knows less than strangers.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkseq.errors import UserError
from inkseq.families import FusionConfig, ModelConfig, typed
from inkseq.models.contract import Answers, Explainable, Model, Sight, explainable


class Fusion(Model):
    """The members, and what all of them together say."""

    head: "Heads"

    def __init__(self, parts: Sequence[Model]) -> None:
        super().__init__()
        self.members, self.parts = nn.ModuleList(parts), tuple(parts)
        self.head = Heads(self.parts)
        self.room = max(part.room for part in self.parts)
        self.sees_images = all(part.sees_images for part in self.parts)

    def features(self, drawings: Any) -> Tensor:
        return torch.cat([part.features(drawings) for part in self.parts], dim=1)

    def answers(self, drawings: Any) -> Answers:
        return together([part.answers(drawings) for part in self.parts], len(drawings[0]))

    def num_steps(self, length_N: NDArray[Any]) -> NDArray[Any]:
        steps_N: NDArray[Any] = np.sum([part.num_steps(length_N) for part in self.parts], axis=0)
        return steps_N

    def begin(self) -> str:
        return "; ".join(filter(None, (part.begin() for part in self.parts)))

    def show(self, drawings: Any) -> tuple[Tensor, ...]:
        shown = [part.show(drawings) for part in self._telling]
        self._counts = [len(numbers) for numbers in shown]  # the same for any drawings
        return tuple(chain.from_iterable(shown))

    def read(self, drawings: Any, shown: tuple[Tensor, ...]) -> Tensor:
        return torch.cat([part.read(drawings, own) for part, own in self._each(shown)], dim=1)

    def share_out(self, drawings: Any, worth: tuple[Tensor, ...]) -> Tensor:
        return torch.stack([part.share_out(drawings, own) for part, own in self._each(worth)]).sum(0)

    def sight(self) -> Sight | None:
        """That of the first who sees."""
        return next(filter(None, (part.sight() for part in self._telling)), None)

    @property
    def _telling(self) -> list[Explainable]:
        return [part for part in map(explainable, self.parts) if part]

    def _each(self, numbers: tuple[Tensor, ...]) -> Iterator[tuple[Explainable, tuple[Tensor, ...]]]:
        """The members, each with its own of the numbers shown."""
        rest = iter(numbers)
        return ((part, tuple(islice(rest, count))) for part, count in zip(self._telling, self._counts, strict=True))


class Heads(nn.Module):
    """The members' heads, beside each other: features_BC of all -> the sum of their logits, by weight."""

    weight_M: Tensor

    def __init__(self, parts: Sequence[Model]) -> None:
        super().__init__()
        self.parts = tuple(parts)  # in a tuple, since their weights are kept with the members
        self.register_buffer("weight_M", torch.full([len(parts)], 1 / len(parts)))

    def forward(self, features_BC: Tensor) -> Tensor:
        return (self.each(features_BC) * self.weight_M[:, None, None]).sum(0)

    def each(self, features_BC: Tensor) -> Tensor:
        """logits_MBK: what each member says by itself."""
        own = torch.split(features_BC, [width_of(part.head) for part in self.parts], dim=1)
        return torch.stack([part.head(own_BC) for part, own_BC in zip(self.parts, own, strict=True)])


def make_fusion(config: FusionConfig, num_classes: int, make: Callable[[ModelConfig, int], Model]) -> Fusion:
    """With members of the settings that the config has, which `make` makes."""
    if len(config.members) < 2:
        raise UserError(f"model.members: a fusion is of two or more, not {len(config.members)}")
    return Fusion([make(typed(settings), num_classes) for settings in config.members.values()])


def width_of(head: nn.Module) -> int:
    """How many features a head gets to know."""
    assert isinstance(head, nn.Linear)
    return head.in_features


def together(each: Sequence[Answers], num_drawings: int) -> Answers:
    """What all say, of which each member's is worth the same."""
    logits_MK = torch.cat([one.logits_MK for one in each])
    drawing_B = torch.arange(num_drawings, device=logits_MK.device)
    drawing_M = torch.cat([drawing_B if one.drawing_M is None else one.drawing_M for one in each])
    weights = [torch.ones_like(one.logits_MK[:, 0]) if one.weight_M is None else one.weight_M for one in each]
    return Answers(logits_MK, drawing_M, torch.cat(weights) / len(each))
