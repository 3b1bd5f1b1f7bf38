"""How much an answer counts in the loss beside others, by which its cross entropy is multiplied; and what is added to
its logits while it learns.
"""

from collections.abc import Callable

import torch
from torch import Tensor

BETA = 0.999  # class_balanced: how little new another drawing of a class shows; past a thousand, hardly anything
GAMMA = 2  # focal: the power to which doubt counts

Weigh = Callable[[Tensor, Tensor], Tensor]  # of logits_MK and label_M, weight_M


def class_balanced(counts_K: Tensor, device: torch.device) -> Weigh:
    """Class-balanced loss (arXiv 1901.05555): by one over the effective number of its class's drawings.

    On average over all drawings 1, so that the loss is as large as it was.
    """
    counts_K = counts_K.double()
    weight_K = 1 / (1 - BETA ** counts_K.clamp(min=1))  # a class without drawings is never asked for
    weight_K = (weight_K * counts_K.sum() / (weight_K @ counts_K)).float().to(device)
    return lambda logits_MK, label_M: weight_K[label_M]


def focal(logits_MK: Tensor, label_M: Tensor) -> Tensor:
    """Focal loss (arXiv 1708.02002): by the square of how far it is from sure of what it should be."""
    certainty_M: Tensor = logits_MK.softmax(1).gather(1, label_M[:, None])[:, 0]
    return (1 - certainty_M) ** GAMMA


def logit_adjusted(draws_K: Tensor, device: torch.device) -> Tensor:
    """Logit adjustment, balanced softmax (arXiv 2007.07314, 2007.10740): log_K of how often each class is drawn.

    Added to its logits while a model learns; without it the model answers as though all classes were equally frequent.
    """
    draws_K = draws_K.double().clamp(min=0.5)  # of a class that is never drawn, too
    log_K: Tensor = (draws_K / draws_K.mean()).log().float().to(device)
    return log_K
