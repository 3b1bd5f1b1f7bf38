"""How many operators a GPU would launch: counted on a CPU, where each costs next to nothing."""

from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

# fmt: off
VIEWS = {
    "view", "_unsafe_view", "expand", "unsqueeze", "squeeze", "slice", "select", "t", "transpose", "permute", "alias",
    "detach", "unbind", "split", "split_with_sizes", "as_strided", "unfold", "view_as_real", "view_as_complex", "empty",
    "empty_like", "empty_strided", "new_empty",
}
# fmt: on


class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func.overloadpacket.__name__ not in VIEWS
        return func(*args, **(kwargs or {}))


def count_launched(work: Callable[[], object]) -> int:
    """Operators that work on numbers, and do not only look at them in another way."""
    with Counter() as counter:  # type: ignore[no-untyped-call]
        work()
    count: int = counter.count
    return count
