"""The one place where a model that is not in training is run: on which device, in which precision, which drawings
together. Whoever wants answers, features or gradients asks here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from inkseq.data.batches import Batch, Counted, cut_by_length, gather_first, longest_first, make_batch
from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.devices import ALONE, Ranks, choose_precision
from inkseq.drawings.padded import pad_together
from inkseq.drawings.pixels import Input, put_on, stack
from inkseq.drawings.strokes import Drawn
from inkseq.inference.runs import Run
from inkseq.models.contract import Model

# At a time, with padding: a canvas takes memory by drawings, however short; larger batches are no faster on a CPU.
MOST_STEPS, MOST_DRAWINGS = 8_192, 64
OF_SPLIT = 4  # times as much of a whole split
OF_SPLIT_ON_GPU = 32  # of which each operator waits to be launched, and each shape to be planned
LEAST_LENGTH = 8  # that batches of a GPU are padded to; longer ones to four lengths before each doubling


@torch.inference_mode()
def answer(model: Callable[[Any], Tensor], drawings: Input, dtype: torch.dtype = torch.float32) -> Tensor:
    """What a model, or its `features`, makes of drawings, in float32 whatever it computes in."""
    with torch.autocast(drawings[0].device.type, dtype, enabled=dtype is not torch.float32):
        return model(drawings).float()


def answer_split(
    model: Model, drawings: Drawings, dtype: torch.dtype, ranks: Ranks = ALONE, doing: str = "evaluating"
) -> Iterator[tuple[Batch, Tensor]]:
    """(batch, logits_BK) of all of this rank's drawings of a split; ranks can have different numbers of batches."""
    was_training = model.training
    model.eval()
    mine = longest_first(drawings, np.arange(len(drawings)))[ranks.rank :: ranks.world]
    with waiting(len(mine), doing if ranks.is_first else "") as bar:
        for which_B, num_points in batches_of(drawings.length_N[mine], model.num_steps, drawings.device.type == "cuda"):
            batch = make_batch(drawings, mine[which_B], num_points)
            yield batch, answer(model, batch.drawings, dtype)
            bar.update(len(which_B))
    model.train(was_training)


def batches_of(
    length_N: NDArray[np.integer], num_steps: Counted, few_shapes: bool
) -> Iterator[tuple[Indices, int | None]]:
    """The drawings of a split in batches, and what each batch is padded to if not to its longest drawing."""
    if few_shapes:
        yield from in_few_shapes(length_N, OF_SPLIT_ON_GPU * MOST_STEPS, OF_SPLIT_ON_GPU * MOST_DRAWINGS)
    else:
        for which_B in together(length_N, num_steps, OF_SPLIT * MOST_STEPS, OF_SPLIT * MOST_DRAWINGS):
            yield which_B, None


def waiting(num_drawings: int, doing: str) -> "tqdm[Any]":
    """A bar of drawings, for as long as it takes; none without words, without a terminal, or for a second."""
    silent = None if doing else True
    return tqdm(total=num_drawings, desc=doing, unit="drawing", unit_scale=True, disable=silent, leave=False, delay=1)


def answer_parts(
    run: Run,
    drawings: Drawings,
    position_N: Indices,
    length_N: Indices,
    doing: str,
    features: bool = False,
    change: Callable[[Input], Input] | None = None,
) -> Tensor:
    """logits_NK (or features_NC) of drawings by position in the split, broken off behind so many points, on the host.

    A bar says meanwhile what is done.
    """
    dtype, said_NC = precision(run, drawings.device), torch.empty(0)
    with tqdm(total=len(length_N), desc=doing, unit="drawing", unit_scale=True, disable=None) as bar:
        for which_B in together(length_N, run.model.num_steps):
            first = gather_first(drawings, position_N[which_B], length_N[which_B])
            first = change(first) if change else first
            said_BC = answer(run.model.features if features else run.model, first, dtype).cpu()
            said_NC = said_NC if len(said_NC) else said_BC.new_empty(len(length_N), said_BC.shape[1])
            said_NC[torch.from_numpy(which_B)] = said_BC
            bar.update(len(which_B))
    return said_NC


def answer_drawn(run: Run, drawings: Sequence[Drawn], device: torch.device, doing: str = "") -> NDArray[np.float32]:
    """probability_NK of canonical drawings and of images, in float32 whatever the run was trained in."""
    probability_NK = np.empty((len(drawings), len(run.classes)), np.float32)
    for which_B, batch in in_batches(drawings, run.model.num_steps, doing):
        probability_NK[which_B] = answer(run.model, put_on(batch, device)).softmax(dim=1).cpu().numpy()
    return probability_NK


def features_drawn(run: Run, drawings: Sequence[Drawn], device: torch.device) -> Tensor:
    """features_NC of canonical drawings and of images, of which there is one at least."""
    batches = in_batches(drawings, run.model.num_steps)
    said = [(which_B, answer(run.model.features, put_on(batch, device))) for which_B, batch in batches]
    order_N = np.argsort(np.concatenate([which_B for which_B, _ in said]))
    return torch.cat([features_BC for _, features_BC in said])[torch.from_numpy(order_N).to(device)]


@contextmanager
def differentiable(model: Model) -> Iterator[None]:
    """For gradients of a trained model: no cuDNN, whose recurrent layers have no way back in evaluation."""
    was_training = model.training
    model.eval()
    try:
        with torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        model.train(was_training)


def precision(run: Run, device: torch.device) -> torch.dtype:
    """What a run's model computes in on this device."""
    return choose_precision(run.config.precision, device)[0]


def in_batches(
    drawings: Sequence[Drawn], num_steps: Counted = np.asarray, doing: str = ""
) -> Iterator[tuple[Indices, Input]]:
    """All drawings once, as arrays on the host, images apart from strokes, and which they are.

    A bar says what is done with them.
    """
    is_image_N = np.array([isinstance(one, np.ndarray) for one in drawings], np.bool_)
    with waiting(len(drawings), doing) as bar:
        for which_M in (np.flatnonzero(~is_image_N), np.flatnonzero(is_image_N)):
            length_M = np.array([len(drawings[int(i)][0]) for i in which_M], np.int64)  # points, or rows of pixels
            for at_B in together(length_M, num_steps):
                yield which_M[at_B], join([drawings[int(i)] for i in which_M[at_B]])
                bar.update(len(at_B))


def join(drawings: Sequence[Drawn]) -> Input:
    """Drawings of one kind in one array."""
    strokes = [one for one in drawings if isinstance(one, tuple)]
    return pad_together(strokes) if strokes else stack([one for one in drawings if isinstance(one, np.ndarray)])


def together(
    length_N: NDArray[np.integer],
    num_steps: Counted = np.asarray,
    most_steps: int = MOST_STEPS,
    most_drawings: int = MOST_DRAWINGS,
) -> Iterator[Indices]:
    """Every drawing once, the longest first, in batches of similar length that fit into memory.

    A drawing longer than fits is a batch by itself.
    """
    steps_N = num_steps(length_N)
    remaining = np.argsort(-length_N, kind="stable")
    while len(remaining):
        count = min(max(most_steps // int(steps_N[remaining[0]]), 1), most_drawings)
        batch, remaining = np.split(remaining, [count])
        yield from cut_by_length(batch, steps_N[batch])


def in_few_shapes(length_N: NDArray[np.integer], most_steps: int, most_drawings: int) -> Iterator[tuple[Indices, int]]:
    """Every drawing once, the longest first, in batches padded to few lengths, and of one size for each length."""
    order, done = np.argsort(-length_N, kind="stable"), 0
    while done < len(order):
        longest = int(length_N[order[done]])
        step = max(LEAST_LENGTH, 1 << max((longest - 1).bit_length() - 3, 0))
        num_points = -(-longest // step) * step
        count = min(max(most_steps // num_points, 1), most_drawings)
        yield order[done : done + count], num_points
        done += count
