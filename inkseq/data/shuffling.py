"""Many orders drawn by lot, in a nanosecond a number."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def shuffle_rows(rows: NDArray[np.int32], state: np.uint64) -> None:
    """Fisher and Yates, by lots of splitmix64."""
    for row in rows:
        for i in range(len(row) - 1, 0, -1):
            state += np.uint64(0x9E3779B97F4A7C15)
            mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            lot = np.int64(((mixed >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
            row[i], row[lot] = row[lot], row[i]
