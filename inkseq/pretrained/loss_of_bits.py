"""What a recogniser loses by having its weights kept small: the run and what is kept of it, on the same drawings."""

from typing import NamedTuple

import torch

from inkseq.data.kinds import load_once
from inkseq.data.packed import open_packed
from inkseq.data.sampling import Indices
from inkseq.evaluate.breakdown import count_train
from inkseq.evaluate.metrics import ClassMetrics, Metrics
from inkseq.inference.ask import answer_split
from inkseq.inference.runs import Run

CPU = torch.device("cpu")


class Compared(NamedTuple):
    """Scores of a run and of what is kept of it, on drawings held out, and what it learnt from."""

    split: str
    run: dict[str, float]
    kept: dict[str, float]
    kept_per_class: list[ClassMetrics]
    in_train_K: Indices
    difference: float  # of a probability, at most
    same_top1: int

    def sentence(self) -> str:
        count = int(self.kept["count"])
        return (
            f"{count:,} drawings of {self.split}: {self.run['top1']:.2%} right at first guess as trained, "
            f"{self.kept['top1']:.2%} as kept; the same guess on {self.same_top1:,}, probabilities differ by at most "
            f"{self.difference:.3f}"
        )


@torch.inference_mode()
def compare(run: Run, kept: Run) -> Compared | None:
    """Both on the test split of the run's own data, or on val; None where those are gone, or are other ones now."""
    if (in_train_K := count_train(run)) is None:
        return None
    data = open_packed(run.config.data)
    split = next((name for name in ("test", "val") if data.split(name)), None)
    if split is None:
        return None
    drawings = load_once(data, split, CPU)
    of_run, of_kept = (Metrics(len(run.classes), CPU) for _ in range(2))
    difference, same_top1 = 0.0, 0
    of_both = (answer_split(model, drawings, torch.float32, doing="") for model in (run.model, kept.model))
    for (batch, run_BK), (_, kept_BK) in zip(*of_both, strict=True):  # the same batches, as programs have them answered
        of_run.update(run_BK, batch.label_B)
        of_kept.update(kept_BK, batch.label_B)
        difference = max(difference, float((run_BK.softmax(1) - kept_BK.softmax(1)).abs().max()))
        same_top1 += int((run_BK.argmax(1) == kept_BK.argmax(1)).sum())
    scores = of_run.compute(), of_kept.compute()
    return Compared(split, *scores, of_kept.per_class(), in_train_K, difference, same_top1)
