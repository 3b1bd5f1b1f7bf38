"""A CUDA graph on a CPU: what PyTorch computes is recorded, operator by operator, and can be done again.

As of a graph, nothing of Python is recorded: a number that the host had when it was recorded stays as it was, and
whatever is read again is read from the same memory. What is drawn by lot is drawn again.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

Work = Callable[[], None]


class Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The operators that ran within, in their order."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, out))
        return out

    def replay(self) -> None:
        """Do all of it again. What an operator made, and no other memory, is made anew."""
        made: dict[int, Tensor] = {}

        def now(x: Any) -> Any:
            return made.get(id(x), x) if isinstance(x, Tensor) else x

        with torch.no_grad():
            for func, args, kwargs, then in self.calls:
                given = [id(x) for x in tree_leaves((args, kwargs))]
                again = func(*tree_map(now, args), **tree_map(now, kwargs))
                for old, new in zip(tree_leaves(then), tree_leaves(again), strict=True):
                    if isinstance(old, Tensor) and id(old) not in given:
                        made[id(old)] = new


class TapeGraphs:
    """In the place of `CudaGraphs`. To capture computes nothing there, so what it changed here is put back."""

    def __init__(self, tensors: Callable[[], list[Tensor]], generators: list[torch.Generator]) -> None:
        self.tensors, self.generators, self.tapes = tensors, generators, list[Tape]()

    def run(self, work: Work) -> None:
        work()

    def capture(self, work: Work) -> Work:
        before = [tensor.clone() for tensor in self.tensors()]
        lots = [generator.get_state() for generator in self.generators]
        with Tape() as tape:
            work()
        with torch.no_grad():
            for tensor, value in zip(self.tensors(), before, strict=True):
                tensor.copy_(value)
        for generator, lot in zip(self.generators, lots, strict=True):
            generator.set_state(lot)
        self.tapes.append(tape)
        replay: Work = tape.replay
        return replay
