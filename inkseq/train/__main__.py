"""Train a recogniser on a packed dataset; the same command goes on where it stopped."""

import sys

from inkseq.cli import main, run_command
from inkseq.config import TrainConfig
from inkseq.data.packed import open_packed
from inkseq.devices import Ranks, choose_device
from inkseq.inference.runs import lock, run_folder
from inkseq.train.checks import check_training
from inkseq.train.loop import train
from inkseq.train.prepare import find_data


def run(config: TrainConfig) -> None:
    """Train a recogniser: python -m inkseq.train model=bilstm data=data/packed/NAME name=RUN.

    With -m every combination of values (seed=0,1,2 model.hidden=64,128) is a run of its own, see docs/search.md.
    """
    find_data(config)
    check_training(config, open_packed(config.data))  # what is mistyped must not leave an empty run behind
    folder = run_folder(config)
    ranks = Ranks.join(choose_device(config.device))
    try:
        if not ranks.is_first:
            train(config, folder, ranks)
            return
        with lock(folder):
            train(config, folder, ranks)
    finally:
        ranks.leave()


if __name__ == "__main__":
    if {"-m", "--multirun"} & set(sys.argv):
        from inkseq.train.multirun import multirun

        run_command(lambda: multirun(sys.argv[1:]))
    main(run, TrainConfig)
