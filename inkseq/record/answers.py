"""Which drawings of a split a run names right."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.data.kinds import load_once
from inkseq.data.packed import Packed, check_content, fingerprint
from inkseq.data.resident import Drawings
from inkseq.errors import UserError
from inkseq.inference.ask import answer_split, precision
from inkseq.inference.runs import Run, check_sight, data_differences, in_a_line, open_run
from inkseq.record.finished import Finished


def right_answers(runs: list[Finished], data: Packed, split: str, device: torch.device) -> list[NDArray[np.bool_]]:
    """For each run, drawing by drawing in the order of the dataset, whether its first guess is right."""
    drawings = load_once(data, split, device)
    if (drawings.label_N < 0).any():
        raise UserError(f"the drawings of {split} have no words to compare guesses with")
    return [_right(open_run(run.folder, device=device), data, drawings) for run in runs]


def _right(run: Run, data: Packed, drawings: Drawings) -> NDArray[np.bool_]:
    check_sight(run, data)
    classes = data.classes
    if set(run.classes) != set(classes):
        differ = sorted(set(run.classes) ^ set(classes))
        raise UserError(f"{run.folder} was trained on other classes; not in both: {', '.join(differ[:5])}")
    label_K = torch.tensor([classes.index(word) for word in run.classes], device=drawings.device)
    right_N = np.zeros(len(drawings), bool)
    for batch, logits_BK in answer_split(run.model, drawings, precision(run, drawings.device)):
        right_B = label_K[logits_BK.argmax(dim=1)] == batch.label_B
        right_N[batch.index_B.cpu().numpy() - drawings.first] = right_B.cpu().numpy()
    return right_N


def check_same_data(runs: list[Finished]) -> None:
    """A run that was trained on other drawings may have seen those that are held out from the first."""
    first, *others = runs
    for run in others:
        if differ := data_differences(_unordered(first.data), _unordered(run.data)):
            raise UserError(f"{first.folder} and {run.folder} were trained on different data: {_listed(differ)}")


def check_unchanged(run: Finished, data: Packed) -> None:
    """The dataset may have been converted anew since, or its files changed."""
    if differ := data_differences(run.data, fingerprint(data)):
        raise UserError(f"{data.path} is no longer what {run.folder} was trained on: {_listed(differ)}; say data=")
    check_content(data)


def _unordered(identity: dict[str, Any]) -> dict[str, Any]:
    """The order of the classes does not matter: they are matched by name."""
    return identity | {"classes": sorted(identity["classes"])}


def _listed(differ: dict[str, tuple[Any, Any]]) -> str:
    return "; ".join(f"{key} {in_a_line(a)} and {in_a_line(b)}" for key, (a, b) in list(differ.items())[:3])
