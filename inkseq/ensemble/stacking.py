"""Stacking: a second model learns on val which of the likeliest words to believe, by what each member says of them."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.ensemble.weights import Said
from inkseq.errors import UserError

CANDIDATES = 10  # words of each drawing, the likeliest of all together


def stack(val: Said, said: Said, weight_M: Tensor) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """What each kind of second model, taught on val, says of the others: its name and label_N."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed; pip install 'inkseq[ensemble]' brings it") from None
    learnt_NJF, learnt_NJ = candidates(val, weight_M)
    asked_NJF, asked_NJ = candidates(said, weight_M)
    truth_R = (learnt_NJ == val.label_N[:, None]).flatten().numpy()
    boosted = HistGradientBoostingClassifier(max_leaf_nodes=8, learning_rate=0.05, random_state=0)
    kinds = {
        "stacked: logistic regression": LogisticRegression(max_iter=1000),
        "stacked: gradient boosting": boosted,
    }
    for name, kind in kinds.items():
        kind.fit(learnt_NJF.flatten(0, 1).numpy(), truth_R)
        sure_NJ = kind.predict_proba(asked_NJF.flatten(0, 1).numpy())[:, 1].reshape(asked_NJ.shape)
        yield name, asked_NJ.numpy()[np.arange(len(asked_NJ)), sure_NJ.argmax(1)]


def candidates(said: Said, weight_M: Tensor) -> tuple[Tensor, Tensor]:
    """facts_NJF of each drawing's likeliest words, and label_NJ: which words those are.

    Facts are the log-probability of the word by all and by each member, and how far that is behind the likeliest's.
    """
    by_all_NK = said.by(weight_M).log_softmax(-1)
    label_NJ = by_all_NK.topk(min(CANDIDATES, by_all_NK.shape[1]), dim=1).indices
    each = [by_all_NK, *said.logits_MNK.log_softmax(-1)]
    log_NJF = torch.stack([one_NK.gather(1, label_NJ) for one_NK in each], dim=-1)
    behind_NJF = log_NJF - torch.stack([one_NK.amax(1, keepdim=True).expand_as(label_NJ) for one_NK in each], dim=-1)
    return torch.cat([log_NJF, behind_NJF], dim=-1), label_NJ
