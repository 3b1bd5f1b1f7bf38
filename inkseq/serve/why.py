"""Which points of a drawing speak for a word."""

import numpy as np
import torch
from numpy.typing import NDArray

from inkseq.data.batches import to_rows
from inkseq.drawings.padded import pad_together
from inkseq.drawings.strokes import Flat
from inkseq.evaluate.attribution import integrated_gradients
from inkseq.evaluate.explanation import credit_of_points
from inkseq.inference.recogniser import Recogniser
from inkseq.models.hybrid import BiLSTM


def why(recogniser: Recogniser, drawing: Flat, word: str) -> NDArray[np.float32]:
    """credit_P, one a point, as in the report."""
    model, layout = recogniser.run.model, recogniser.run.config.layout
    assert isinstance(model, BiLSTM)
    x_BTC, length_B = to_rows(pad_together([drawing]), layout)
    target_B = torch.tensor([recogniser.classes.index(word)])
    credit_BT, _ = integrated_gradients(model, x_BTC, length_B, target_B)
    return credit_of_points(credit_BT[0].numpy(), int(length_B[0]), len(drawing[0]))
