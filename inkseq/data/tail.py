"""Which classes are rare, beside the others (long tail) or by themselves, and how they are named."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkseq.data.packed import Packed
from inkseq.tables import a_few

RARER = 10  # times as many drawings has the largest class as one that is called rare
NAMED = 8  # classes, where a line names some
FEW = 10  # drawings of a class


def rare_in_train(data: Packed) -> str:
    """The rarest classes of what there is to learn from; nothing where no class is rare."""
    return name_rare(data.classes, count_in_train(data))


def count_in_train(data: Packed) -> NDArray[np.int64]:
    """count_K: how many drawings of each class there are to learn from."""
    train = slice(*data.meta["splits"]["train"])
    return np.bincount(data.labels[train], minlength=len(data.classes))


def name_rare(classes: Sequence[str], counts_K: NDArray[np.int64]) -> str:
    """The same of classes with so many drawings. One without any is none."""
    rare = np.flatnonzero((counts_K > 0) & (RARER * counts_K <= counts_K.max()))
    if not len(rare):
        return ""
    rarest = rare[counts_K[rare].argsort(kind="stable")]
    names = a_few([f"{classes[k]} {counts_K[k]:,}" for k in rarest], NAMED)
    return f"rare beside the largest class, which has {counts_K.max():,} to learn from: {names}"


def few_to_learn_from(data: Packed) -> str:
    """A line on the classes with fewer than FEW drawings in train; '' where there are none."""
    count_K = count_in_train(data)
    num_few = int((count_K < FEW).sum())
    if not count_K.any() or not num_few:
        return ""
    line = f"{num_few:,} of {len(data.classes):,} classes have fewer than {FEW} drawings to train on"
    for count, what in enumerate(("none", "1 drawing")):
        words = [data.classes[k] for k in np.flatnonzero(count_K == count)]
        if words:
            line += f"; {what}: {a_few(words)}"
    return line
