"""Where drawings lie for a recogniser: its features of each, and a flat map on which neighbours stay neighbours."""

import numpy as np
from numpy.typing import NDArray

from inkseq.data.resident import Drawings
from inkseq.data.sampling import Indices
from inkseq.inference.ask import answer_parts
from inkseq.inference.runs import Run

PERPLEXITY = 30  # neighbours that a drawing has, softly counted
HALVINGS = 30  # of the range in which the narrowness of a neighbourhood is searched
NARROWNESS = -20.0, 40.0  # that range, as logarithms, where the mean squared distance is 1
STEPS, EARLY = 500, 100
EXAGGERATION = 4  # of attraction, early on: clusters gather before they spread; the usual 12 is too much for few rows
RATE = 1 / 3  # a drawing
MOMENTUM, EARLY_MOMENTUM = 0.8, 0.5
SIZE = 1e-4  # of the map in the beginning
TREMBLE = 1e-6  # at random, so that rows which lie on a line can leave it


def embed(run: Run, drawings: Drawings, position_N: Indices) -> NDArray[np.float32]:
    """features_NC of the drawings at these places of the split: all that the head of the run's model gets to know."""
    length_N = drawings.length_N[position_N].astype(np.int64)
    features_NC = answer_parts(run, drawings, position_N, length_N, "drawings for the map", features=True)
    return features_NC.numpy()


def flatten_map(features_NC: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """xy_N2: t-SNE (van der Maaten and Hinton, 2008) of up to some 1,500 rows, exact: every row pulls every other.

    It begins with the two principal components. The same rows and seed give the same map.
    """
    place_N2 = principal_components(features_NC)
    if len(place_N2) < 4:  # which lie in a plane as they are
        return place_N2
    near_NN = neighbourhoods(features_NC)
    place_N2 *= SIZE / max(place_N2.std(), 1e-9)
    place_N2 += TREMBLE * np.random.default_rng(seed).standard_normal(place_N2.shape, np.float32)
    speed_N2, gain_N2 = np.zeros_like(place_N2), np.ones_like(place_N2)
    rate = RATE * len(place_N2)
    for step in range(STEPS):
        early = step < EARLY
        slope_N2 = slope(near_NN, place_N2, EXAGGERATION if early else 1)
        onward_N2 = slope_N2 * speed_N2 < 0
        gain_N2 = np.where(onward_N2, gain_N2 + 0.2, np.maximum(gain_N2 * 0.8, 0.01))
        speed_N2 = (EARLY_MOMENTUM if early else MOMENTUM) * speed_N2 - rate * gain_N2 * slope_N2
        place_N2 += speed_N2
        place_N2 -= place_N2.mean(0)
    return place_N2


def slope(near_NN: NDArray[np.float32], place_N2: NDArray[np.float32], attraction: float) -> NDArray[np.float32]:
    """A quarter of the gradient of KL(near || nearness on the map), attraction being so many times as strong."""
    square_N = (place_N2**2).sum(1)
    one_N = np.ones_like(square_N)
    # 1 + |a - b|^2 as one product
    map_NN = np.column_stack([-2 * place_N2, square_N + 1, one_N]) @ np.column_stack([place_N2, one_N, square_N]).T
    np.maximum(map_NN, 1, out=map_NN)  # in float32 it may be less
    np.reciprocal(map_NN, out=map_NN)
    np.fill_diagonal(map_NN, 0)
    pull_NN = map_NN * (-1 / map_NN.sum())
    pull_NN += near_NN if attraction == 1 else attraction * near_NN
    pull_NN *= map_NN
    sums_N3 = pull_NN @ np.column_stack([place_N2, one_N])
    slope_N2: NDArray[np.float32] = sums_N3[:, 2:] * place_N2 - sums_N3[:, :2]
    return slope_N2


def neighbourhoods(features_NC: NDArray[np.float32]) -> NDArray[np.float32]:
    """near_NN: shares of one, 0 on the diagonal; `PERPLEXITY` neighbours a row, or a third of all others."""
    num_rows = len(features_NC)
    far_NN = squared_distances(features_NC)
    goal = np.log(max(min(PERPLEXITY, (num_rows - 1) / 3), 1))
    low_N1, high_N1 = (np.full((num_rows, 1), edge, np.float32) for edge in NARROWNESS)
    for _ in range(HALVINGS):
        middle_N1 = (low_N1 + high_N1) / 2
        near_NN, entropy_N1 = neighbours(far_NN, np.exp(middle_N1))
        broad_N1 = entropy_N1 > goal
        low_N1, high_N1 = np.where(broad_N1, middle_N1, low_N1), np.where(broad_N1, high_N1, middle_N1)
    near_NN = near_NN + near_NN.T
    near_NN /= 2 * num_rows
    return near_NN


def neighbours(
    far_NN: NDArray[np.float32], narrowness_N1: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each row's shares in its neighbours, and their entropy."""
    near_NN: NDArray[np.float32] = np.exp(-narrowness_N1 * far_NN)
    np.fill_diagonal(near_NN, 0)
    sum_N1 = near_NN.sum(1, keepdims=True)
    mean_N1 = (near_NN * far_NN).sum(1, keepdims=True) / sum_N1
    return near_NN / sum_N1, np.log(sum_N1) + narrowness_N1 * mean_N1


def squared_distances(features_NC: NDArray[np.float32]) -> NDArray[np.float32]:
    """far_NN in units of their mean; of each row less its smallest, so that somebody is always near."""
    x_NC = features_NC.astype(np.float64) - features_NC.mean(0)  # in float32, equal rows would not be equal
    square_N = (x_NC**2).sum(1)
    far_NN: NDArray[np.float64] = square_N[:, None] + square_N - 2 * x_NC @ x_NC.T
    np.fill_diagonal(far_NN, np.inf)
    far_NN -= far_NN.min(1, keepdims=True)
    np.fill_diagonal(far_NN, 0)
    far_NN /= max(far_NN.mean(), 1e-30)
    return far_NN.astype(np.float32)


def principal_components(features_NC: NDArray[np.float32]) -> NDArray[np.float32]:
    """The two directions in which the rows differ most."""
    x_NC = features_NC.astype(np.float64) - features_NC.mean(0)
    axes_CC = np.linalg.eigh(x_NC.T @ x_NC).eigenvectors
    place_N2: NDArray[np.float32] = (x_NC @ axes_CC[:, :-3:-1]).astype(np.float32)
    return place_N2
