"""A model's metrics on all drawings of a split."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from inkseq.config import Layout
from inkseq.data.batches import Batch, evaluation_batches
from inkseq.data.resident import Drawings
from inkseq.devices import Ranks
from inkseq.evaluate.metrics import Metrics


@torch.inference_mode()
def predict(
    model: nn.Module, drawings: Drawings, layout: Layout, dtype: torch.dtype, ranks: Ranks
) -> Iterator[tuple[Batch, Tensor]]:
    """(batch, logits_BK) of all of this rank's drawings, in float32, the model being in evaluation mode meanwhile."""
    was_training = model.training
    model.eval()
    device = drawings.device
    for batch in evaluation_batches(drawings, layout, rank=ranks.rank, world=ranks.world):
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            logits_BK = model(batch.x_BTC, batch.length_B)
        yield batch, logits_BK.float()
    model.train(was_training)


def score(
    model: nn.Module, drawings: Drawings, num_classes: int, layout: Layout, dtype: torch.dtype, ranks: Ranks
) -> Metrics:
    """Metrics over the drawings of all ranks, each counted once."""
    metrics = Metrics(num_classes, drawings.device)
    for batch, logits_BK in predict(model, drawings, layout, dtype, ranks):
        metrics.update(logits_BK, batch.label_B)
    metrics.all_reduce()
    return metrics
