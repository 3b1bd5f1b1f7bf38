"""What every command that takes training steps begins with."""

from inkseq.config import TrainConfig
from inkseq.data.batches import Batches
from inkseq.data.packed import Packed
from inkseq.data.resident import Drawings
from inkseq.data.sampling import make_sampler
from inkseq.devices import Ranks, choose_device, choose_precision
from inkseq.memory import keep_freed_memory
from inkseq.train.learner import Learner


def set_up(config: TrainConfig, data: Packed, ranks: Ranks, fresh: bool = True) -> tuple[Batches, Learner, str]:
    """The batches, the learner, and why it computes in the precision it does."""
    keep_freed_memory()
    device = choose_device(config.device)
    dtype, reason = choose_precision(config.precision, device)
    drawings = Drawings(data, "train", device)
    sampler = make_sampler(config, data)
    batches = Batches(
        drawings, config.batch_size, config.seed, config.layout, config.augment, config.micro_batch, *ranks, sampler
    )
    return batches, Learner(config, data.classes, device, dtype, ranks, fresh), reason
