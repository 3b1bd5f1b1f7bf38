"""Metrics against loops over drawings in plain Python."""

import math
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inkseq.evaluate.metrics import Metrics
from tests.evaluate.made import made_up
from tests.gpu import needs_gpu, nothing_waits


def places(logits_BK: Tensor) -> list[list[int]]:
    """The classes of each drawing from the likeliest to the least likely."""
    return [sorted(range(len(row)), key=lambda k: (-row[k], k)) for row in logits_BK.tolist()]


def obvious(logits_BK: Tensor, label_B: Tensor) -> dict[str, float]:
    """What `compute` says, a drawing at a time, in float64."""
    ordered, labels = places(logits_BK), label_B.tolist()
    rows = [np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in logits_BK.double().numpy()]
    place = [order.index(label) for order, label in zip(ordered, labels, strict=True)]
    recall = [np.mean([place[i] == 0 for i in range(len(labels)) if labels[i] == k]) for k in set(labels)]
    gap = 0.0
    for edge in range(15):
        inside = [i for i, row in enumerate(rows) if edge / 15 < row.max() <= (edge + 1) / 15]
        gap += abs(sum(place[i] == 0 for i in inside) - sum(rows[i].max() for i in inside))
    return {
        "loss": float(np.mean([-math.log(row[label]) for row, label in zip(rows, labels, strict=True)])),
        "top1": float(np.mean([i < 1 for i in place])),
        "top3": float(np.mean([i < 3 for i in place])),
        "top5": float(np.mean([i < 5 for i in place])),
        "map3": float(np.mean([{0: 1, 1: 1 / 2, 2: 1 / 3}.get(i, 0) for i in place])),
        "balanced_accuracy": float(np.mean(recall)),
        "ece": gap / len(labels),
        "count": len(labels),
    }


def obvious_class(k: int, said: list[int], labels: list[int]) -> dict[str, Any]:
    right = sum(a == b == k for a, b in zip(said, labels, strict=True))
    count, guessed = labels.count(k), said.count(k)
    if count == 0:
        return {"count": 0, "top1": None, "precision": None, "f1": None}
    recall, precision = right / count, right / guessed if guessed else None
    f1 = 2 * recall * precision / (recall + precision) if precision else 0.0
    return {"count": count, "top1": recall, "precision": precision, "f1": f1}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=3), st.integers(1, 12), st.integers(0, 10**6), st.booleans())
def test_metrics_are_what_plain_loops_say(batches: list[int], num_classes: int, seed: int, rounded: bool) -> None:
    logits_BK, label_B = made_up(sum(batches), num_classes, seed, rounded)
    metrics = Metrics(num_classes, "cpu")
    for logits, label in zip(logits_BK.split_with_sizes(batches), label_B.split_with_sizes(batches), strict=True):
        metrics.update(logits, label)

    computed, expected = metrics.compute(), obvious(logits_BK, label_B)
    if rounded:  # equal logits lie on an edge between two bins, where float32 and float64 disagree
        del computed["ece"], expected["ece"]
    assert computed == pytest.approx(expected, rel=1e-5, abs=1e-6)

    said, labels = [order[0] for order in places(logits_BK)], label_B.tolist()
    assert metrics.confusion_KK.dtype == torch.int64
    assert metrics.confusion_KK.tolist() == [
        [sum(pair == (i, j) for pair in zip(labels, said, strict=True)) for j in range(num_classes)]
        for i in range(num_classes)
    ]
    for k, of_class in enumerate(metrics.per_class()):
        assert asdict(of_class) == pytest.approx(obvious_class(k, said, labels))


def test_half_precision_logits_are_summed_in_full() -> None:
    logits_BK, label_B = made_up(4000, 5, seed=1)
    half, full = Metrics(5, "cpu"), Metrics(5, "cpu")
    half.update(logits_BK.bfloat16(), label_B.short())
    full.update(logits_BK.bfloat16().float(), label_B)
    assert half.compute() == full.compute()


def test_logits_made_in_inference_mode_are_taken() -> None:
    metrics = Metrics(3, "cpu")
    with torch.inference_mode():
        logits_BK = torch.eye(3)
    metrics.update(logits_BK, torch.arange(3))
    assert metrics.compute()["top1"] == 1


def test_a_recogniser_that_says_nothing_is_not_right() -> None:
    """All logits equal count as the first class; NaN as wrong, and the loss says why."""
    metrics = Metrics(4, "cpu")
    metrics.update(torch.zeros(4, 4), torch.arange(4))
    assert metrics.compute()["top1"] == 1 / 4

    metrics = Metrics(4, "cpu")
    metrics.update(torch.full((2, 4), torch.nan), torch.tensor([1, 2]))
    computed = metrics.compute()
    assert computed["top1"] == computed["top5"] == computed["map3"] == 0
    assert math.isnan(computed["loss"])
    assert math.isnan(computed["ece"])


def test_no_drawings_have_no_metrics() -> None:
    with pytest.raises(AssertionError, match="no drawing"):
        Metrics(3, "cpu").compute()


def _score_a_share(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    logits_BK, label_B = made_up(100, 7, seed=2)
    share, metrics = slice(0, 70) if rank == 0 else slice(70, 100), Metrics(7, "cpu")
    metrics.update(logits_BK[share], label_B[share])
    metrics.all_reduce()
    torch.save((metrics.compute(), metrics.confusion_KK), folder / f"{rank}.pt")
    dist.destroy_process_group()


def test_two_ranks_have_the_metrics_of_one_process(tmp_path: Path) -> None:
    with get_context("spawn").Pool(2) as pool:
        pool.starmap(_score_a_share, [(0, tmp_path), (1, tmp_path)], chunksize=1)
    alone = Metrics(7, "cpu")
    alone.update(*made_up(100, 7, seed=2))
    alone.all_reduce()  # nothing to add up
    for rank in (0, 1):
        computed, confusion_KK = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert computed == pytest.approx(alone.compute(), rel=1e-12)
        assert torch.equal(confusion_KK, alone.confusion_KK)


@needs_gpu
def test_a_gpu_is_not_waited_for_and_says_the_same() -> None:
    logits_BK, label_B = made_up(1000, 345, seed=3)
    there, here = Metrics(345, "cuda"), Metrics(345, "cpu")
    on_gpu = logits_BK.cuda(), label_B.cuda()
    with nothing_waits():
        there.update(*on_gpu)
    here.update(logits_BK, label_B)
    assert there.compute() == pytest.approx(here.compute(), rel=1e-5)
    assert torch.equal(there.confusion_KK.cpu(), here.confusion_KK)
