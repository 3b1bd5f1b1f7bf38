"""Metrics as sums over drawings, kept where the logits are: no number reaches the host before it is asked for."""

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.functional import cross_entropy

BINS = 15  # of confidence, for the calibration error
METRICS = ("loss", "top1", "top3", "top5", "map3", "balanced_accuracy", "ece")
PLACES = 5  # of the truth among the guesses that are told apart


@dataclass(frozen=True)
class ClassMetrics:
    """Of one class: None where there is nothing to divide by, be it drawings or guesses."""

    count: int  # drawings
    top1: float | None  # recall
    precision: float | None
    f1: float | None


class Metrics:
    """Loss, top-k, MAP@3, balanced accuracy, calibration and confusions of all drawings given to `update`."""

    def __init__(self, num_classes: int, device: torch.device | str) -> None:
        self.num_classes = num_classes
        # One flat tensor, so that ranks add up and the host reads in one go. float64 counts exactly to 2^53;
        # Apple's devices have none, and float32 still does to 16 million drawings a cell.
        real = torch.float32 if torch.device(device).type == "mps" else torch.float64
        parts = {"loss": 1, "place": PLACES, "count": BINS, "right": BINS, "confidence": BINS, "cells": num_classes**2}
        self._sizes = list(parts.values())
        self._sums = torch.zeros(sum(self._sizes), dtype=real, device=device)
        self._parts = dict(zip(parts, self._sums.split_with_sizes(self._sizes), strict=True))

    @torch.no_grad()
    def update(self, logits_BK: Tensor, label_B: Tensor) -> None:
        """Take in a batch, whatever its precision."""
        logits_BK, label_B = logits_BK.float(), label_B.long()
        guess_B = logits_BK.argmax(dim=1)
        place_B = place_of_truth(logits_BK, label_B)
        confidence_B = logits_BK.softmax(dim=1).amax(dim=1)
        bin_B = ((confidence_B * BINS).ceil().long() - 1).clamp(0, BINS - 1)

        self._parts["loss"] += cross_entropy(logits_BK, label_B, reduction="none").to(self._sums.dtype).sum()
        self._parts["place"] += (place_B[:, None] == torch.arange(PLACES, device=place_B.device)).sum(dim=0)
        self._add("count", bin_B, torch.ones_like(confidence_B))
        self._add("right", bin_B, place_B == 0)
        self._add("confidence", bin_B, confidence_B)
        self._add("cells", label_B * self.num_classes + guess_B, torch.ones_like(confidence_B))

    def _add(self, part: str, index_B: Tensor, value_B: Tensor) -> None:
        self._parts[part].index_add_(0, index_B, value_B.to(self._sums.dtype))  # bincount would wait for the device

    def all_reduce(self) -> None:
        """Add up the ranks, each of which has seen drawings of its own; once, before the numbers are read."""
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(self._sums)

    @property
    def confusion_KK(self) -> Tensor:
        """Drawings by class (row) and first guess (column), int64."""
        cells: Tensor = self._parts["cells"].long()
        return cells.view(self.num_classes, self.num_classes)

    def compute(self) -> dict[str, float]:
        """Every metric by name. Waits for the device, once."""
        loss, place, count, right, confidence, cells = self._sums.cpu().double().split_with_sizes(self._sizes)
        confusion_KK = cells.view(self.num_classes, self.num_classes)
        total = int(count.sum())
        assert total, "no drawing to compute metrics of"
        drawings_K = confusion_KK.sum(dim=1)
        recall_K = confusion_KK.diagonal() / drawings_K
        by_rank = 1 / torch.arange(1, 4, dtype=torch.float64)
        return {
            "loss": float(loss) / total,
            "top1": float(place[0]) / total,
            "top3": float(place[:3].sum()) / total,
            "top5": float(place.sum()) / total,
            "map3": float(place[:3] @ by_rank) / total,
            "balanced_accuracy": float(recall_K[drawings_K > 0].mean()),
            "ece": float((right - confidence).abs().sum()) / total,
            "count": total,
        }

    def per_class(self) -> list[ClassMetrics]:
        """One a class, in the order of the classes."""
        cells_KK = self._parts["cells"].view(self.num_classes, self.num_classes)
        counts = cells_KK.sum(dim=1), cells_KK.sum(dim=0), cells_KK.diagonal()
        return list(map(class_metrics, *(count_K.long().tolist() for count_K in counts)))


def class_metrics(drawings: int, guesses: int, right: int) -> ClassMetrics:
    if not drawings:  # its precision would be 0 whatever the recogniser is worth
        return ClassMetrics(0, None, None, None)
    precision = right / guesses if guesses else None
    return ClassMetrics(drawings, right / drawings, precision, 2 * right / (drawings + guesses))


def place_of_truth(logits_BK: Tensor, label_B: Tensor) -> Tensor:
    """How many classes come before the true one, of equals the first as for `argmax`; NaN is never in time."""
    truth_B1 = logits_BK.gather(1, label_B[:, None])
    class_K = torch.arange(logits_BK.shape[1], device=logits_BK.device)
    ahead_BK = ~(logits_BK <= truth_B1) | ((logits_BK == truth_B1) & (class_K < label_B[:, None]))
    return ahead_BK.sum(dim=1) + PLACES * truth_B1[:, 0].isnan()
