"""The classes of a dataset and those of a run, matched by name."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.errors import UserError
from inkseq.tables import a_few

SEED = 0


@dataclass(frozen=True)
class Matching:
    """What the run calls each class of the data."""

    label_K: NDArray[np.int64]  # -1 for what the run was never taught
    unknown: list[str]  # classes of the data that the run does not know
    missing: list[str]  # classes of the run that the data do not have

    def translate(self, label_N: NDArray[Any]) -> NDArray[np.int64]:
        """The run's labels for those of the data; -1, no word, stays -1."""
        translated_N: NDArray[np.int64] = np.append(self.label_K, -1)[label_N]
        return translated_N

    def known(self, label_N: NDArray[Any]) -> NDArray[np.int64]:
        """Positions of the drawings with a word that the run knows; there has to be one."""
        position_N = np.flatnonzero(self.translate(label_N) >= 0)
        if not len(position_N):
            raise UserError("no drawing of the split has a word that the run knows")
        return position_N


def match(data_classes: list[str], run_classes: list[str]) -> Matching:
    """Match the classes of a dataset with those of a run, which have to share one at least."""
    place = {word: k for k, word in enumerate(run_classes)}
    unknown = [word for word in data_classes if word not in place]
    if len(unknown) == len(data_classes):
        raise UserError(f"the data have no class the run knows: {a_few(data_classes)}, not {a_few(run_classes)}")
    missing = [word for word in run_classes if word not in set(data_classes)]
    return Matching(np.array([place.get(word, -1) for word in data_classes]), unknown, missing)


def sample(drawings: Drawings, matching: Matching, most: int) -> tuple[Indices, Indices]:
    """Positions in the split of drawings with a word that the run knows, the same every time and rising; its labels."""
    known = matching.known(drawings.label_N)
    position_N = np.sort(np.random.default_rng(SEED).permutation(known)[:most])
    return position_N, matching.translate(drawings.label_N[position_N])
