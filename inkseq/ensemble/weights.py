"""What every member of an ensemble says of a split, and what each is worth by the loss on val."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from inkseq.config import AugmentConfig
from inkseq.data.kinds import augment
from inkseq.data.resident import Drawings
from inkseq.evaluate.matching import Matching, sample
from inkseq.inference.ask import answer_parts
from inkseq.inference.runs import Run
from inkseq.models.fusion import Fusion

MOST = 20_000  # drawings of a split that are asked about
ROUNDS = 100  # of fitting; some ten are enough
VIEW = AugmentConfig(rotate=5, shear=0.05, stretch=0.05, warp=0.01)  # as others might have drawn it, a little
NEARLY_NONE = 1e-3  # a weight that is no member's any more


class Said(NamedTuple):
    """Of drawings by lot: what each member says, and what they are."""

    logits_MNK: Tensor
    label_N: Tensor

    def by(self, weight_M: Tensor) -> Tensor:
        """logits_NK of all together."""
        return (self.logits_MNK * weight_M[:, None, None]).sum(0)


def ask_each(run: Run, drawings: Drawings, matching: Matching, view: int = 0) -> Said:
    """What every member says of them as they are, or of another view of each."""
    assert isinstance(run.model, Fusion)
    position_N, label_N = sample(drawings, matching, MOST)
    length_N = drawings.length_N[position_N].astype(np.int64)
    generator = torch.Generator(drawings.device).manual_seed(view)
    other_view = partial(augment, config=VIEW, generator=generator) if view else None
    features_NC = answer_parts(run, drawings, position_N, length_N, "asking the members", True, other_view)
    with torch.no_grad():
        logits_MNK = run.model.head.each(features_NC.to(drawings.device)).cpu()
    return Said(logits_MNK, torch.from_numpy(label_N))


def fit_weights(said: Said) -> Tensor:
    """weight_M, none below 0, with which the loss is least: convex, so what is found is the best."""
    root_M = torch.full([len(said.logits_MNK)], len(said.logits_MNK) ** -0.5, requires_grad=True)
    optimiser = torch.optim.LBFGS([root_M], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = cross_entropy(said.by(root_M.square()), said.label_N)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    weight_M = root_M.detach().square()
    return torch.where(weight_M < NEARLY_NONE, 0, weight_M)
