"""Which classes are rare beside the others (long tail), and how they are named."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RARER = 10  # times as many drawings has the largest class as one that is called rare
NAMED = 8  # classes, where a line names some


def are_rare(counts_K: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of classes with so many drawings. One without any is none."""
    rare_K: NDArray[np.bool_] = (counts_K > 0) & (RARER * counts_K <= counts_K.max())
    return rare_K


def name_rare(classes: Sequence[str], counts_K: NDArray[np.int64]) -> str:
    """The rarest and how many drawings they have; nothing where no class is rare."""
    rare = np.flatnonzero(are_rare(counts_K))
    if not len(rare):
        return ""
    rarest = rare[counts_K[rare].argsort(kind="stable")]
    names = [f"{classes[k]} {counts_K[k]:,}" for k in rarest[:NAMED]]
    more = f" and {len(rare) - NAMED:,} more" if len(rare) > NAMED else ""
    return f"rare beside the largest class, which has {counts_K.max():,}: {', '.join(names)}{more}"
