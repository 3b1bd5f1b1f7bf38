"""Train a recogniser on a packed dataset; the same command goes on where it stopped."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext

from inkseq.cli import main
from inkseq.config import TrainConfig
from inkseq.devices import Ranks, choose_device
from inkseq.errors import run_command
from inkseq.inference.runs import lock
from inkseq.train.loop import train
from inkseq.train.multirun import FLAGS, multirun
from inkseq.train.prepare import prepare, training_config


def run(config: TrainConfig, words: Sequence[str], pictures: bool = True, checked: bool = False) -> None:
    """Train a recogniser: python -m inkseq.train model=bilstm data=data/packed/NAME name=RUN.

    With -m every combination of values (seed=0,1,2 model.hidden=64,128) is a run of its own, see docs/sweeps.md.
    """
    prepared = prepare(config)  # what is mistyped must not leave an empty run behind
    ranks = Ranks.join(choose_device(config.device))
    try:
        with lock(prepared.folder) if ranks.is_first else nullcontext():
            train(prepared, ranks, words, pictures, checked)
    except OSError as error:
        error.filename = error.filename or str(prepared.folder)  # a full disk does not say where
        raise
    finally:
        ranks.leave()


if __name__ == "__main__":
    if FLAGS & set(sys.argv):
        run_command(lambda: multirun(sys.argv[1:]))
    main(run, TrainConfig, compose_words=training_config)
