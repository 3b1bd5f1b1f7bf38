"""Which classes are rare beside the others (long tail), and how they are named."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkseq.data.packed import Packed

RARER = 10  # times as many drawings has the largest class as one that is called rare
NAMED = 8  # classes, where a line names some


def rare_in_train(data: Packed) -> str:
    """The rarest classes of what there is to learn from; nothing where no class is rare."""
    train = slice(*data.meta["splits"]["train"])
    return name_rare(data.classes, np.bincount(data.labels[train], minlength=len(data.classes)))


def name_rare(classes: Sequence[str], counts_K: NDArray[np.int64]) -> str:
    """The same of classes with so many drawings. One without any is none."""
    rare = np.flatnonzero((counts_K > 0) & (RARER * counts_K <= counts_K.max()))
    if not len(rare):
        return ""
    rarest = rare[counts_K[rare].argsort(kind="stable")]
    names = [f"{classes[k]} {counts_K[k]:,}" for k in rarest[:NAMED]]
    more = f" and {len(rare) - NAMED:,} more" if len(rare) > NAMED else ""
    return f"rare beside the largest class, which has {counts_K.max():,} to learn from: {', '.join(names)}{more}"
