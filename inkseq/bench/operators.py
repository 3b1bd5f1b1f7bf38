"""What a step asks a GPU for: every operator that computes is at least one launch, of a few microseconds."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from inkseq.data.batches import Batches
from inkseq.train.learner import Learner

NO_LAUNCH = ("empty", "new_empty", "detach", "lift_fresh", "_unsafe_view", "_record_function")  # beside views


class Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs within by name, but for what only looks at numbers in another way."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if not func.is_view and not name.startswith(NO_LAUNCH):
            self.counts[name] += 1
        return func(*args, **(kwargs or {}))


def launched(work: Callable[[], object]) -> Counter[str]:
    """The operators of some work, by name."""
    with Operators() as operators:
        work()
    counts: Counter[str] = operators.counts
    return counts


def count_operators(learner: Learner, batches: Batches) -> Counter[str]:
    """Those of a step, by name; not of the first, which also makes the optimiser's memory."""
    learner.learn(0, batches.step(0), 1e-3)
    return launched(lambda: learner.learn(1, batches.step(1), 1e-3))
