"""Distillation (arXiv 1503.02531): a model learns from the doubts of a trained one, or of several, beside the words."""

from functools import cache

from torch import Tensor
from torch.nn.functional import cross_entropy

from inkseq.errors import UserError
from inkseq.inference.joined import open_runs
from inkseq.models.contract import Model
from inkseq.tables import a_few

SHARE = 0.7  # of the loss that is the teacher's; the words have the rest
TEMPERATURE = 2.0  # by which both are made less sure, so that the less likely words count too

open_once = cache(open_runs)  # a check before the training asks for it too, and a search's at every end of its space


def open_teacher(runs: str, classes: list[str]) -> Model:
    """The model of a run, or of several together, that knows the same words."""
    run = open_once(runs)
    if run.classes != classes:
        other = sorted({*run.classes} ^ {*classes})
        raise UserError(f"distil_from={runs} was taught other words than the data have; not in both: {a_few(other)}")
    for parameter in run.model.parameters():
        parameter.requires_grad = False
    return run.model


def taught(loss_M: Tensor, logits_MK: Tensor, told_MK: Tensor) -> Tensor:
    """loss_M of the words, and of how far a model is from what it is told; gradients of both are of one size."""
    soft_MK = (told_MK.float() / TEMPERATURE).softmax(1)
    away_M = cross_entropy(logits_MK.float() / TEMPERATURE, soft_MK, reduction="none")
    return (1 - SHARE) * loss_M + SHARE * TEMPERATURE**2 * away_M
