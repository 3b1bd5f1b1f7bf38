"""What can go wrong in training, as a line that says what to do."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from inkseq.config import TrainConfig
from inkseq.data.batches import Batches, batch_of
from inkseq.data.packed import Packed
from inkseq.errors import UserError, is_of_memory
from inkseq.tables import a_few


def explain_loss(losses: list[float], first_step: int, batches: Batches, data: Packed, config: TrainConfig) -> str:
    """Names the step whose loss is no number, and its drawings."""
    step = first_step + next(i for i, loss in enumerate(losses) if not math.isfinite(loss))
    keys = [str(data.key_id[i]) for batch, _ in batches.step(step) for i in batch.index_B.tolist()]
    return (
        f"the loss of step {step} is not finite (drawings with key_id {a_few(keys, 8)}). "
        f"last.pt has the weights from before it; try a lower optim.lr (now {config.optim.lr:g})"
    )


@contextmanager
def memory_explained(config: TrainConfig) -> Iterator[None]:
    """Around a step: memory that runs out in it is a line that says what to do."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_of_memory(error):
            raise
        now = config.micro_batch or batch_of(config)
        hint = f"try micro_batch={max(now // 2, 1)}, fewer drawings at a time (now {now})"
        if config.micro_batch is None and isinstance(error, torch.OutOfMemoryError):  # of a GPU
            hint += f"; or batch_size={max(now // 2, 1)} optim.lr={config.optim.lr / math.sqrt(2):.2g}, which is faster"
        raise UserError(f"out of memory: {hint}") from None
