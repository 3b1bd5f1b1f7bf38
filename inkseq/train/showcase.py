"""Pictures for TensorBoard at the end of a run: what it makes of val (the report has the same of test), and, of a model
that looks, what it was shown of train.
"""

from collections.abc import Iterable

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from inkseq.data.batches import Batch, longest_first, make_batch
from inkseq.data.kinds import augment, pick
from inkseq.data.packed import Packed, PackedImages, PackedStrokes
from inkseq.data.resident import Drawings
from inkseq.drawings.contact_sheet import draw_page
from inkseq.drawings.pixels import put_on
from inkseq.drawings.raster import thumbnails
from inkseq.evaluate.calibration import MOST_LOGITS, reliability
from inkseq.evaluate.charts import coverage_chart, early_charts, reliability_chart
from inkseq.evaluate.confusions import of_matrix
from inkseq.evaluate.early import early
from inkseq.evaluate.embedding import embed
from inkseq.evaluate.figures import confusion, verdicts
from inkseq.evaluate.matching import match
from inkseq.evaluate.metrics import Metrics
from inkseq.evaluate.pictures import page, pages, tint
from inkseq.evaluate.trust import coverage_curve
from inkseq.inference.ask import answer_split, precision
from inkseq.inference.runs import Run
from inkseq.models.pictured import Pictured
from inkseq.plots import save
from inkseq.train.tracker import Tracker

ON_PAGE, COLUMNS = 48, 8
MOST_CURVES = 8  # one for each of the classes that are told apart worst
MOST_FOR_CURVES = 20_000  # drawings; curves look the same from there on
MOST_IN_PART = 500  # drawings that are looked at while they are drawn
ON_MAP = 1_000
THUMBNAIL = 32  # pixels a side
AS_SHOWN = 24  # drawings on a page of what a model is shown


def show(tracker: Tracker, step: int, run: Run, data: Packed, drawings: Drawings, metrics: Metrics) -> None:
    """Pictures of how the drawings of val were taken, for TensorBoard and as PNGs in the run's figures."""
    some = np.random.default_rng(0).permutation(len(drawings))
    most = min(MOST_FOR_CURVES, MOST_LOGITS // len(data.classes))
    wanted_N = np.isin(np.arange(len(drawings)), some[:most])
    predicted = answer_split(run.model, drawings, precision(run, drawings.device))
    index_N, label_N, probability_NK = gather(predicted, wanted_N, drawings.first)
    figures = {
        "confusion": confusion(of_matrix(metrics.confusion_KK.cpu().numpy()), data.classes),
        "drawings": _page(data, index_N, label_N, probability_NK),
        **_trust(label_N, probability_NK),
    }
    if isinstance(data, PackedStrokes):
        seen = early(run, drawings, match(data.classes, run.classes), MOST_IN_PART)
        figures |= dict(zip(("early-points", "early-strokes"), early_charts(seen), strict=True))
    for name, figure in figures.items():
        tracker.picture(step, f"val/{name}", save(figure, run.folder / "figures" / f"val-{name}.png"))

    f1 = [one.f1 if one.f1 is not None else np.inf for one in metrics.per_class()]
    tracker.pr_curves(step, probability_NK, label_N, data.classes, np.argsort(f1)[:MOST_CURVES].tolist())
    _map(tracker, step, run, data, drawings, np.sort(some[:ON_MAP]))


def show_training(tracker: Tracker, step: int, run: Run, data: Packed, device: torch.device) -> None:
    """Drawings of train as the network is shown them, augmented: a page a channel, of models that look."""
    if not isinstance(run.model, Pictured):
        return
    train = data.split("train")
    some = np.random.default_rng(2).choice(train, min(AS_SHOWN, len(train)), replace=False)
    drawings = augment(pick(data, some), run.config.augment, torch.Generator().manual_seed(run.config.seed))
    words = [data.classes[k] for k in data.labels[some]]
    for name, figure in pages(run.model.picture, put_on(drawings, device), words):
        tracker.picture(step, f"train/{name}", save(figure, run.folder / "figures" / f"train-{name}.png"))


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


def _page(data: Packed, index_N: NDArray[np.int64], label_N: Tensor, probability_NK: Tensor) -> Figure:
    """Some drawings, whatever was said of them."""
    some = np.random.default_rng(1).permutation(len(index_N))[:ON_PAGE]
    likeliest = probability_NK[some].topk(min(3, len(data.classes)), dim=1)
    guesses = [
        [(data.classes[k], p) for k, p in zip(classes, chances, strict=True)]
        for classes, chances in zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
    ]
    titles, colors, heading = verdicts([data.classes[k] for k in label_N[some].tolist()], guesses)
    if isinstance(data, PackedImages):
        ink_BCYX = torch.from_numpy(data.images[index_N[some]])[:, None] / 255
        return page(heading, tint("ink", ink_BCYX), titles, colors)
    assert isinstance(data, PackedStrokes)
    return draw_page([data.drawing(i) for i in index_N[some]], titles, colors, COLUMNS, heading)


def _trust(label_N: Tensor, probability_NK: Tensor) -> dict[str, Figure]:
    best = probability_NK.max(dim=1)
    confidence_N, right_N = best.values.numpy(), (best.indices == label_N).numpy()
    return {
        "reliability": reliability_chart(reliability(confidence_N, right_N), None),
        "coverage": coverage_chart(coverage_curve(confidence_N, right_N)),
    }


def _map(
    tracker: Tracker, step: int, run: Run, data: Packed, drawings: Drawings, position_N: NDArray[np.int64]
) -> None:
    """For TensorBoard's Projector: what the head gets to see of drawings, with their words and small pictures."""
    ordered_N = longest_first(drawings, position_N)
    batch = make_batch(drawings, ordered_N)
    ink_NYX = thumbnails(batch.drawings, THUMBNAIL)
    words = [data.classes[k] for k in batch.label_B.tolist()]
    tracker.projector(step, torch.from_numpy(embed(run, drawings, ordered_N)), words, 1 - ink_NYX)
