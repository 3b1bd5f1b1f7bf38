"""Words taught by a few drawings each, beside those that a head was trained on (prototypes, few-shot)."""

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from inkseq.models.contract import Model

# How much likelier a taught word is than all trained ones together is the exponential of SHARPNESS times how like its
# drawings a drawing is, from -1 to 1, and OFFSET; of J taught words each is likelier by the root of J less. Fitted to
# two `cnn`, of 315 and 345 words, and to words and symbols new to them, as though a third of all drawings were such.
SHARPNESS, OFFSET = 12.5, -6.3


class Beside(nn.Module):
    """features_BC -> logits of a head's K words and of those that are taught.

    A taught word is the mean of its drawings' features, as seen from the features of a drawing of nothing: what all
    drawings have in common says nothing. How like it a drawing is is the cosine of the angle between them.
    """

    centre_C: Tensor
    mean_JC: Tensor
    place_J: Tensor

    def __init__(self, head: nn.Module, lessons: Sequence[Tensor], places: Sequence[int], centre_C: Tensor) -> None:
        """`lessons` are features_NC of each word's drawings, `places` where its logit is: one of the K, or behind."""
        super().__init__()
        self.head = head
        means_JC = torch.stack([features_NC.mean(0) for features_NC in lessons])
        self.register_buffer("centre_C", centre_C)
        self.register_buffer("mean_JC", normalize(means_JC - centre_C, dim=1))
        self.register_buffer("place_J", torch.tensor(places, device=centre_C.device))

    def forward(self, features_BC: Tensor) -> Tensor:
        trained_BK = self.head(features_BC)
        like_BJ = normalize(features_BC - self.centre_C, dim=1) @ self.mean_JC.T
        bias = OFFSET - math.log(len(self.mean_JC)) / 2
        taught_BJ = trained_BK.logsumexp(1, keepdim=True) + SHARPNESS * like_BJ + bias
        num_words = max(trained_BK.shape[1], int(self.place_J.max()) + 1)
        nothing_BK = trained_BK.new_full((len(trained_BK), num_words), -torch.inf)
        # A word that is both has both probabilities.
        return torch.logaddexp(
            torch.cat([trained_BK, nothing_BK[:, trained_BK.shape[1] :]], dim=1),
            nothing_BK.index_copy(1, self.place_J, taught_BJ),
        )


def with_head(model: Model, head: nn.Module) -> Model:
    """The same network, its weights too, but for the last layer."""
    other = copy.copy(model)
    other._modules = {**model._modules}  # else the head would be both networks'
    other.head = head
    return other
