"""Search for good settings: many trainings, the hopeless ones ended early, the best kept as an experiment."""

import os
from pathlib import Path
from typing import Any

from inkseq.cli import compose_config, main, settings
from inkseq.config import SweepConfig, TrainConfig
from inkseq.data.packed import open_packed
from inkseq.errors import UserError
from inkseq.evaluation.metrics import METRICS
from inkseq.runs import make_model, plain
from inkseq.training.resume import fingerprint
from inkseq.training.trouble import check_data

try:
    from optuna.exceptions import StorageInternalError

    from inkseq.search.loop import Search
    from inkseq.search.outcome import experiment_path, write_outcome
    from inkseq.search.space import read_space, shared_words
    from inkseq.search.study import accounts, open_study
except ModuleNotFoundError as error:
    raise SystemExit(f"inkseq: {error.name} is not installed; pip install 'inkseq[sweep]'") from None

BESIDE_METRICS = ("drawings_per_second", "num_parameters", "seconds")  # what a goal may be that is no metric of val
NOT_ASKED = ("name", "runs", "data", "device", "log", "seed")  # of a training: no part of what a study asks


def run(config: SweepConfig, words: list[str]) -> None:
    """Search for good settings: python -m inkseq.sweep sweep=bilstm data=data/packed/NAME trials=50 workers=2."""
    also = settings(SweepConfig)
    for goal in config.goal:
        if goal not in (*METRICS, *BESIDE_METRICS):
            raise UserError(f"goal={goal} is not logged; there are {', '.join((*METRICS, *BESIDE_METRICS))}")
    metrics = [goal for goal in config.goal if goal in METRICS]
    words = [f"best_by={metrics[0]}" if metrics else "best_by=top1", *words]
    space = read_space(config, words, also)
    shared = shared_words(config, words)
    base = compose_config(TrainConfig, shared)
    data = open_packed(base.data)
    check_data(data, base)
    make_model(base, data.classes)  # what no trial could be trained with is said once, and now
    if not data.split("val"):
        raise UserError(f"{base.data} has no val split to compare trials by; convert again with val_from_train=0.1")
    folder = Path(config.runs) / (config.name or f"sweep-{config.preset}-{Path(base.data).name}")
    asked: dict[str, Any] = {
        "goal": list(config.goal),
        "space": {one.key: f"{one.values} {one.when or ''}".strip() for one in space},
        "settings": {key: value for key, value in plain(base).items() if key not in NOT_ASKED},
        "data": fingerprint(data),
        "seed": config.seed,
    }
    experiment_path(config, folder)
    study = open_study(config, folder, asked)
    begun = len(accounts(study.trials))
    print(f"{folder}: {begun} of {config.trials} trials begun before; {len(space)} settings are searched", flush=True)
    threads = config.threads or max(1, (os.cpu_count() or 1) // config.workers)
    try:
        finished = Search(config, study, space, shared, folder, threads).run()
        found = write_outcome(study, config, space, shared, folder)
    except StorageInternalError as error:
        raise UserError(
            f"the study's storage is gone ({error.__cause__}); the same command goes on when it is back"
        ) from None
    if not finished:
        raise KeyboardInterrupt(f"{folder} is saved; the same command goes on from there")
    if not found:
        reason = accounts(study.trials)[-1].reason
        raise UserError(f"no trial of {folder} is complete{f'; the last failed because {reason}' if reason else ''}")


if __name__ == "__main__":
    main(
        run,
        SweepConfig,
        others="every setting of inkseq.train, for all trials alike: see python -m inkseq.train --help",
    )
