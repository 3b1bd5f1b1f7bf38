"""Search for good settings: many trainings, the hopeless ones ended early, the best kept as an experiment."""

import os
from pathlib import Path
from typing import Any

from inkseq.cli import main, settings
from inkseq.config import SweepConfig
from inkseq.data.packed import check_content, fingerprint
from inkseq.devices import choose_device
from inkseq.errors import UserError
from inkseq.evaluate.metrics import METRICS
from inkseq.inference.runs import lock
from inkseq.train.prepare import prepare, training_config

try:
    from optuna.exceptions import StorageInternalError

    from inkseq.sweep.outcome import experiment_path, write_outcome
    from inkseq.sweep.search import Search
    from inkseq.sweep.space import check_trial, read_space, shared_words
    from inkseq.sweep.study import accounts, asked_settings, check_search, open_study
except ModuleNotFoundError as error:
    raise SystemExit(f"inkseq: {error.name} is not installed; pip install 'inkseq[sweep]'") from None


def run(config: SweepConfig, words: list[str]) -> None:
    """Search for good settings: python -m inkseq.sweep sweep=bilstm data=data/packed/NAME trials=50 workers=2."""
    check_search(config)
    words = [f"best_by={next((goal for goal in config.goal if goal in METRICS), 'top1')}", *words]
    also = settings(SweepConfig)
    shared = shared_words(config, words)
    base = training_config(shared, also)
    if base.raw:
        raise UserError("raw= makes no val split to compare trials by; python -m inkseq.convert does, then say data=")
    base, data, _ = prepare(base)
    check_content(data)  # for all trials
    space = read_space(config, words, also, lambda training: check_trial(training, data))
    for device in config.devices or [base.device]:
        choose_device(device)
    folder = Path(config.runs) / (config.name or f"sweep-{config.preset}-{data.path.name}")
    experiment_path(config, folder)
    asked: dict[str, Any] = {
        "goal": list(config.goal),
        "space": {one.key: f"{one.values} {one.when or ''}".strip() for one in space},
        "settings": asked_settings(base),
        "data": fingerprint(data),
        "seed": config.seed,
    }
    threads = config.threads or max(1, (os.cpu_count() or 1) // config.workers)
    try:
        study = open_study(config, folder, asked)
        begun = len(accounts(study.trials))
        print(
            f"{folder}: {begun} of {config.trials} trials begun before; {len(space)} settings are searched", flush=True
        )
        finished = Search(config, study, space, shared, folder, threads).run()
        with lock(folder, wait=True):  # others who share the study come to its end at the same time
            found = write_outcome(study, config, space, shared, folder)
    except StorageInternalError as error:
        raise UserError(
            f"the study's storage fails ({error.__cause__}); the same command goes on when it works"
        ) from None
    if not finished:
        raise KeyboardInterrupt(f"{folder} is saved; the same command goes on from there")
    if not found:
        reason = accounts(study.trials)[-1].reason
        raise UserError(f"no trial of {folder} is complete{f'; the last failed because {reason}' if reason else ''}")


if __name__ == "__main__":
    main(run, SweepConfig, "every setting of inkseq.train, for all trials alike: see python -m inkseq.train --help")
