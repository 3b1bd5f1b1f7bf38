"""Pictures for TensorBoard at the end of a run: drawings with their guesses, confusions, precision and recall."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.batches import Batch
from inkseq.data.packed import Packed
from inkseq.data.pictures import save
from inkseq.evaluation.figures import confusion, predictions_page
from inkseq.evaluation.metrics import Metrics
from inkseq.training.tracker import Tracker

ON_PAGE = 48
MOST_CURVES = 8  # one for each of the classes that are told apart worst
MOST_FOR_CURVES = 20_000  # drawings; curves look the same from there on


def show(
    tracker: Tracker,
    step: int,
    folder: Path,
    data: Packed,
    split: str,
    metrics: Metrics,
    predicted: Iterable[tuple[Batch, Tensor]],
) -> None:
    """Pictures of how the drawings of a split were taken, for TensorBoard and as PNGs in `folder`."""
    split_start, count = data.split(split).start, len(data.split(split))
    some = np.random.default_rng(0).permutation(count)[:MOST_FOR_CURVES]
    index_N, label_N, probability_NK = gather(predicted, np.isin(np.arange(count), some), split_start)

    order = np.random.default_rng(1).permutation(len(index_N))
    page = order[:ON_PAGE]
    likeliest = probability_NK[page].topk(min(3, len(data.classes)), dim=1)
    guesses = [
        [(data.classes[k], p) for k, p in zip(classes, chances, strict=True)]
        for classes, chances in zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
    ]
    truth = [data.classes[k] for k in label_N[page].tolist()]
    figures = {
        "drawings": predictions_page([data.drawing(i) for i in index_N[page]], truth, guesses),
        "confusion": confusion(metrics.confusion_KK.cpu().numpy(), data.classes),
    }
    for name, figure in figures.items():
        save(figure, folder / f"{split}-{name}.png")
        tracker.picture(step, f"{split}/{name}", figure)

    f1 = [one.f1 if one.f1 is not None else np.inf for one in metrics.per_class()]
    tracker.pr_curves(step, probability_NK, label_N, data.classes, np.argsort(f1)[:MOST_CURVES].tolist())


def gather(
    predicted: Iterable[tuple[Batch, Tensor]], wanted_N: NDArray[np.bool_], start: int
) -> tuple[NDArray[np.int64], Tensor, Tensor]:
    """Index, label and probabilities of the wanted drawings; of all, a large split would not fit into memory."""
    parts = []
    for batch, logits_BK in predicted:
        index_B = batch.index_B.cpu()
        keep_B = torch.from_numpy(wanted_N[index_B.numpy() - start])
        parts.append((index_B[keep_B], batch.label_B.cpu()[keep_B], logits_BK.softmax(1).cpu()[keep_B]))
    index_N, label_N, probability_NK = (torch.cat(columns) for columns in zip(*parts, strict=True))
    return index_N.numpy(), label_N, probability_NK
