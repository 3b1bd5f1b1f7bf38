"""What there is little of to learn from."""

import numpy as np

from inkseq.data.packed import Packed

FEW = 10  # drawings of a class
NAMED = 5  # classes


def few_to_learn_from(data: Packed) -> str:
    """A line on the classes with fewer than FEW drawings in train; '' where there are none."""
    train = data.split("train")
    count_K = np.bincount(data.labels[train.start : train.stop], minlength=len(data.classes))
    num_few = int((count_K < FEW).sum())
    if not train or not num_few:
        return ""
    line = f"{num_few:,} of {len(data.classes):,} classes have fewer than {FEW} drawings to train on"
    for count, what in enumerate(("none", "1 drawing")):
        words = [data.classes[k] for k in np.flatnonzero(count_K == count)]
        if words:
            more = f" and {len(words) - NAMED:,} more" if len(words) > NAMED else ""
            line += f"; {what}: {', '.join(words[:NAMED])}{more}"
    return line
