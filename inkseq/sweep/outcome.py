"""What a study has found: a table, trials.csv, pictures, and the best as an experiment to run."""

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from omegaconf import OmegaConf

from inkseq.cli import conf_dir
from inkseq.config import SweepConfig, plain
from inkseq.errors import UserError
from inkseq.families import FAMILIES
from inkseq.files import whole_file, write_whole
from inkseq.inference.runs import differences
from inkseq.sweep import study_pictures as pictures
from inkseq.sweep.space import Dimension
from inkseq.sweep.study import COSTS, Account, accounts
from inkseq.tables import brief, table
from inkseq.train.prepare import training_config

IN_TABLE = 5  # of the best trials
OF_STUDY = "# The best of study"  # begins the second line of an experiment that a search wrote


def write_outcome(
    study: optuna.Study, config: SweepConfig, space: Sequence[Dimension], words: Sequence[str], folder: Path
) -> bool:
    """Write and say what is known so far; whether that is more than nothing."""
    trials = accounts(study.get_trials(deepcopy=False))
    keys = [one.key for one in space]
    write_csv(folder / "trials.csv", trials, config.goal, keys)
    counts = [sum(one.state == state for one in trials) for state in ("complete", "pruned", "failed", "running")]
    print(f"{folder}: {len(trials)} trials = {'{} complete + {} pruned + {} failed + {} unfinished'.format(*counts)}")
    best = best_first(study, trials)
    if not best:
        return False
    shown = [[f"{one.number:03d}", *map(brief, one.last.values), *map(brief, _values(one, keys))] for one in best]
    print(table(["trial", *config.goal, *keys], shown[:IN_TABLE]))
    drawn = pictures.draw(study, trials, config.goal, keys, folder)
    experiment = write_experiment(best[0], config, words, folder)
    print(f"the best: python -m inkseq.train experiment={experiment.stem}    ({os.path.relpath(experiment)})")
    print(f"also in {folder}: trials.csv, {', '.join(drawn)}; tensorboard --logdir {folder} compares the settings")
    return True


def best_first(study: optuna.Study, trials: Sequence[Account]) -> list[Account]:
    """The complete trials; with several goals only those that no other beats in all, by the first goal."""
    complete = [one for one in trials if one.state == "complete"]
    if len(study.directions) > 1:
        front = {trial.number for trial in study.best_trials}
        complete = [one for one in complete if one.last.number in front]
    sign = -1 if study.directions[0].name == "MAXIMIZE" else 1
    return sorted(complete, key=lambda one: sign * one.last.values[0])


def write_csv(path: Path, trials: Sequence[Account], goals: Sequence[str], keys: Sequence[str]) -> None:
    """A row a trial: what became of it and why, its values, its settings, its cost."""
    costs = [cost for cost in COSTS if cost not in goals]
    with whole_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["trial", "state", *goals, *keys, *costs, "evaluations", "attempts", "reason"])
        for one in trials:
            values = one.last.values or [""] * len(goals)
            spent = [one.last.user_attrs.get(cost, "") for cost in costs]
            counts = [len(one.last.intermediate_values), len(one.attempts)]
            rows.writerow([f"{one.number:03d}", one.state, *values, *_values(one, keys), *spent, *counts, one.reason])


def _values(one: Account, keys: Sequence[str]) -> list[Any]:
    """A trial's settings; a setting it did not have is empty."""
    return [one.last.params.get(key, "") for key in keys]


def experiment_path(config: SweepConfig, folder: Path) -> Path:
    """Where the best goes; nothing that a person wrote is overwritten."""
    plain_name = re.sub(r"[^A-Za-z0-9_.+-]+", "-", folder.name)  # Hydra reads it, as experiment=NAME
    out = Path(config.out) if config.out else conf_dir() / "experiment" / f"{plain_name}.yaml"
    if out.exists() and f"{OF_STUDY} {folder.name}:" not in out.read_text("utf-8"):
        raise UserError(
            f"{out}, where the best trial would go, is not of study {folder.name}; give another out= or name="
        )
    return out


def write_experiment(best: Account, config: SweepConfig, words: Sequence[str], folder: Path) -> Path:
    """The best trial as a file for `experiment=`: what differs from the defaults of its model."""
    out = experiment_path(config, folder)
    of_trial = [*words, *(f"{key}={value}" for key, value in best.last.params.items()), f"seed={config.seed}"]
    found = training_config(of_trial)
    found.name = out.stem
    has_file = (conf_dir() / "model" / f"{found.model.preset}.yaml").exists()
    preset = found.model.preset if has_file else FAMILIES[found.model.name].preset
    usual = training_config([f"model={preset}", "data=?"])
    settings = OmegaConf.create({})
    for key, (_, value) in differences(plain(usual), plain(found)).items():
        OmegaConf.update(settings, key, value)
    score = ", ".join(f"{g} {brief(v)}" for g, v in zip(config.goal, best.last.values, strict=True))
    head = [
        "# @package _global_",
        f"{OF_STUDY} {folder.name}: trial {best.number:03d}, {score} on val.",
        f"#   python -m inkseq.train experiment={out.stem}",
        "defaults:",
        f"  - override /model: {preset}",
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, "\n".join(head) + "\n" + OmegaConf.to_yaml(settings))
    return out
