"""Are probabilities what they say? Bins that show it, and the one temperature that mends most of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkseq.data.resident import Drawings
from inkseq.evaluate.matching import Matching, sample
from inkseq.evaluate.metrics import BINS
from inkseq.inference.ask import answer_parts
from inkseq.inference.runs import Run

MOST = 20_000  # drawings to fit a temperature to; of so many it is off by about 0.5 %, of a thousand by 2.5 %
MOST_LOGITS = 1 << 24  # that are held of a sample: of 4,000 classes fewer drawings will do
FACTOR = 20.0  # how much surer or less sure a temperature can make
STEPS, CLOSE = 50, 1e-6
CHUNK = 500  # drawings whose logits are in float64 at a time


@dataclass(frozen=True)
class Bins:
    """Drawings by confidence, in 15 bins of equal width, as in `Metrics`."""

    count: NDArray[np.int64]
    confidence: NDArray[np.float64]  # means; 0 where there is no drawing
    right: NDArray[np.float64]  # shares; 0 where there is no drawing


def sample_logits(
    run: Run, drawings: Drawings, matching: Matching, most: int = MOST
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """logits_NK and label_N of as many drawings of a split at most, drawn by lot, in their order in the split."""
    position_N, label_N = sample(drawings, matching, min(most, MOST_LOGITS // len(run.classes)))
    length_N = drawings.length_N[position_N].astype(np.int64)
    return answer_parts(run, drawings, position_N, length_N, "a sample of drawings").numpy(), label_N


def fit_temperature(logits_NK: NDArray[np.float32], label_N: NDArray[np.int64], chunk: int = CHUNK) -> float:
    """What to divide logits by, for the log-loss to be least.

    In the inverse of the temperature, b, the loss is convex: its slope is the mean of E[z] - z_truth, where E is over
    the classes as softmax(b z) has them, and the slope's slope the mean of their variance. So Newton's steps find the
    minimum; one that leaves the bracket is replaced by the bracket's middle (in logarithms).

    A recogniser that is always right would best be infinitely sure. Therefore one more drawing is imagined, of an
    average drawing's logits, that could be of any class: it keeps the minimum finite, and of a thousand drawings moves
    it by less than their lot does.
    """
    low, high, b = 1 / FACTOR, FACTOR, 1.0
    for _ in range(STEPS):
        slope, curvature = _slopes(logits_NK, label_N, b, chunk)
        low, high = (low, b) if slope > 0 else (b, high)
        newton = b - slope / curvature if curvature > 0 else b  # without curvature all temperatures are alike
        if min(abs(newton - b), high - low) < CLOSE * b:
            break
        b = newton if low < newton < high else (low * high) ** 0.5
    return 1 / b


def _slopes(logits_NK: NDArray[np.float32], label_N: NDArray[np.int64], b: float, chunk: int) -> tuple[float, float]:
    """First and second derivative of the summed loss by b, the imagined drawing's included."""
    count = len(label_N)
    slope = curvature = 0.0
    for begin in range(0, count, chunk):
        z_BK = logits_NK[begin : begin + chunk].astype(np.float64)
        z_BK -= z_BK.max(axis=1, keepdims=True)
        p_BK = np.exp(b * z_BK)
        p_BK /= p_BK.sum(axis=1, keepdims=True)
        mean_B = np.einsum("bk,bk->b", p_BK, z_BK)
        truth_B = z_BK[np.arange(len(z_BK)), label_N[begin : begin + chunk]]
        slope += float((mean_B - truth_B + (mean_B - z_BK.mean(axis=1)) / count).sum())
        square_B = np.einsum("bk,bk,bk->b", p_BK, z_BK, z_BK)
        curvature += (1 + 1 / count) * float((square_B - mean_B**2).sum())
    return slope, curvature


def reliability(confidence_N: NDArray[np.float32], right_N: NDArray[np.bool_]) -> Bins:
    """How sure the first guess was and how often right, bin by bin."""
    bin_N = bin_of(confidence_N)
    count = np.bincount(bin_N, minlength=BINS)
    some = np.maximum(count, 1)
    confidence = np.bincount(bin_N, confidence_N, minlength=BINS) / some
    return Bins(count, confidence, np.bincount(bin_N, right_N, minlength=BINS) / some)


def bin_of(confidence_N: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which of the bins, each of which includes its upper edge; in float32, like `Metrics`."""
    bin_N: NDArray[np.int64] = np.ceil(confidence_N * np.float32(BINS)).astype(np.int64) - 1
    return bin_N.clip(0, BINS - 1)


def calibration_error(bins: Bins) -> float:
    """The expected calibration error: how far confidence is from what is right, on average over drawings."""
    return float(bins.count @ np.abs(bins.right - bins.confidence) / bins.count.sum())
