"""A run that is taught words beside those it was trained on."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from inkseq.drawings.canonical import canonical
from inkseq.drawings.strokes import Flat
from inkseq.inference.ask import features_drawn
from inkseq.inference.runs import Run
from inkseq.models.prototypes import Beside, with_head

NOTHINGS = 16
CORNERS = 4, 5, 6, 20  # of an outline; 20 are round
SPREAD = np.array([0.6180, 0.7549, 0.5698, 0.4302, 0.3819])  # whose multiples' fractions fill 0..1 evenly


def taught(run: Run, lessons: Mapping[str, Tensor], centre_C: Tensor) -> Run:
    """The same run, which knows these words too: features_NC of each one's drawings."""
    words = [*run.classes, *(word for word in lessons if word not in set(run.classes))]
    place = {word: k for k, word in enumerate(words)}
    head = Beside(run.model.head, list(lessons.values()), [place[word] for word in lessons], centre_C)
    return replace(run, classes=words, model=with_head(run.model, head).eval())


def centre(run: Run, device: torch.device) -> Tensor:
    """centre_C: the mean features of drawings of nothing, about that of any drawings.

    The mean of its training's would be a little better for confidence, and is not at hand where only a run is.
    """
    return features_drawn(run, [nothing(i) for i in range(NOTHINGS)], device).mean(0)


def nothing(number: int) -> Flat:
    """A drawing of nothing: one to five outlines, round or with corners, closed or half of one, here and there."""
    outlines = []
    for k in range(5 * number, 5 * number + 1 + number % 5):
        x, y, width, height, turn = (k + 1) * SPREAD % 1
        corners = CORNERS[k % len(CORNERS)]
        angle_P = 2 * np.pi * (turn + np.linspace(0, 1 if k % 3 else 0.5, corners))
        outlines.append([255 * x + (10 + 80 * width) * np.cos(angle_P), 255 * y + (10 + 80 * height) * np.sin(angle_P)])
    return canonical(outlines)
