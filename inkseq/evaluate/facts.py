"""What is kept of every drawing of a split that a recogniser named: 54 bytes, never its logits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.evaluate.matching import Matching
from inkseq.evaluate.metrics import place_of_truth
from inkseq.inference.ask import answer_split, precision
from inkseq.inference.runs import Run

GUESSES = 5  # G, the likeliest classes that are kept; fewer where there are fewer classes

Answers = tuple[Indices, Tensor, Tensor]  # index_B in the dataset, label_B (the run's), logits_BK


@dataclass(frozen=True)
class Facts:
    """Of N drawings in the order of the dataset. `calm` is what the temperature makes of the probabilities."""

    index_N: NDArray[np.int32]  # in the dataset
    label_N: NDArray[np.int16]  # the run's
    place_N: NDArray[np.int16]  # how many classes come before the truth: 0 is right
    loss_N: NDArray[np.float32]
    truth_N: NDArray[np.float32]  # the probability of the truth
    guess_NG: NDArray[np.int16]  # the likeliest classes, the first of them first
    chance_NG: NDArray[np.float32]  # their probabilities, as the model says them
    calm_N: NDArray[np.float32]  # the highest probability
    calm_loss_N: NDArray[np.float32]
    left_out: int  # drawings of the split without a word, or of a class that the run does not know

    def __len__(self) -> int:
        return len(self.index_N)

    @property
    def right_N(self) -> NDArray[np.bool_]:
        right_N: NDArray[np.bool_] = self.place_N == 0
        return right_N


def gather_facts(run: Run, drawings: Drawings, matching: Matching, temperature: float) -> Facts:
    """The facts of all drawings of a split with a word that the run knows, in one pass."""
    known, label_N = matching.known(drawings.label_N), matching.translate(drawings.label_N)
    facts = collect(_answers(run, drawings, label_N), drawings.first + known, temperature)
    return replace(facts, left_out=len(drawings) - len(known))


def _answers(run: Run, drawings: Drawings, label_N: Indices) -> Iterator[Answers]:
    """Of the drawings that have a label, while a bar shows how far it is."""
    with tqdm(total=len(drawings), desc="naming drawings", unit="drawing", unit_scale=True, disable=None) as bar:
        for batch, logits_BK in answer_split(run.model, drawings, precision(run, drawings.device), doing=""):
            index_B = batch.index_B.cpu().numpy()
            label_B = torch.from_numpy(label_N[index_B - drawings.first])
            known_B = label_B >= 0
            there = known_B.to(drawings.device)
            yield index_B[known_B.numpy()], label_B[known_B].to(drawings.device), logits_BK[there]
            bar.update(len(index_B))


def collect(answers: Iterable[Answers], index_N: Indices, temperature: float) -> Facts:
    """Facts of the drawings `index_N`, in rising order, from answers that name each of them once."""
    found: dict[str, NDArray[Any]] = {}
    for index_B, label_B, logits_BK in answers:
        at_B = np.searchsorted(index_N, index_B)
        for name, fact in _facts_of(logits_BK, label_B, temperature).items():
            if name not in found:
                kind = np.float32 if fact.is_floating_point() else np.int16
                found[name] = np.empty((len(index_N), *fact.shape[1:]), kind)
            found[name][at_B] = fact.cpu().numpy()
    return Facts(index_N.astype(np.int32), **found, left_out=0)


def _facts_of(logits_BK: Tensor, label_B: Tensor, temperature: float) -> dict[str, Tensor]:
    """Of a batch, by the names of the facts."""
    guess_BG = likeliest(logits_BK, min(GUESSES, logits_BK.shape[1]))
    probability_BK, calm_BK = logits_BK.softmax(dim=1), logits_BK / temperature
    return {
        "label_N": label_B,
        "place_N": place_of_truth(logits_BK, label_B),
        "loss_N": cross_entropy(logits_BK, label_B, reduction="none"),
        "truth_N": probability_BK.gather(1, label_B[:, None])[:, 0],
        "guess_NG": guess_BG,
        "chance_NG": probability_BK.gather(1, guess_BG),
        "calm_N": calm_BK.softmax(dim=1).amax(dim=1),
        "calm_loss_N": cross_entropy(calm_BK, label_B, reduction="none"),
    }


def likeliest(logits_BK: Tensor, count: int) -> Tensor:
    """The first guesses, of equals the first class, which `topk` does not promise."""
    logits_BK, guesses = logits_BK.clone(), []
    for _ in range(count):
        guesses.append(logits_BK.argmax(dim=1))
        logits_BK.scatter_(1, guesses[-1][:, None], -torch.inf)
    return torch.stack(guesses, dim=1)
