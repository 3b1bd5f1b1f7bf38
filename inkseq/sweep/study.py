"""A study: where it is kept, what it asks, and what has become of each of its trials."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner, PercentilePruner
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState

from inkseq.config import Pruner, SweepConfig, TrainConfig, TrialSampler, plain
from inkseq.errors import UserError
from inkseq.evaluate.metrics import METRICS
from inkseq.inference.runs import config_of, data_differences
from inkseq.sweep.journal import open_journal

SMALLER_IS_BETTER = {"loss", "ece", "num_parameters", "seconds"}
MEANWHILE = re.compile("already exists|unique|duplicate", re.IGNORECASE)  # another worker makes the tables, too
PATIENCE = 50  # tenths of a second
BESIDE_METRICS = ("drawings_per_second", "num_parameters", "seconds")  # what a goal may be that is no metric of val
COSTS = ("num_parameters", "drawings_per_second", "seconds", "steps", "best_step")  # of a trial, kept with it
NOT_ASKED = ("name", "runs", "data", "device", "threads", "log", "seed")  # of a training: no part of what a study asks
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


def check_search(config: SweepConfig) -> None:
    """Refuse numbers that no search can use."""
    known = (*METRICS, *BESIDE_METRICS)
    if not config.goal or set(config.goal) - set(known):
        raise UserError(f"goal={','.join(config.goal)} is not logged; there are {', '.join(known)}")
    for name, least in {"trials": 1, "workers": 1, "startup": 0, "grace": 0, "retries": 0}.items():
        if getattr(config, name) < least:
            raise UserError(f"{name}={getattr(config, name)}: at least {least} is needed")
    if config.threads is not None and config.threads < 1:
        raise UserError(f"threads={config.threads}: at least 1 is needed")
    if not 0 < config.keep <= 1:
        raise UserError(f"keep={config.keep}: a share of the trials, above 0 and at most 1")


def open_study(config: SweepConfig, folder: Path, asked: dict[str, Any]) -> optuna.Study:
    """The study of a folder (or of a database), new or gone on with; a line if it asks something else."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    curve = len(config.goal) == 1 and config.goal[0] in METRICS
    if not curve and config.pruner not in (Pruner.auto, Pruner.none):
        raise UserError(
            f"pruner={config.pruner.name} compares curves of one metric; goal={','.join(config.goal)} has none"
        )
    study = optuna.create_study(
        study_name=folder.relative_to(config.runs).as_posix(),
        storage=_open_storage(config.storage, folder),
        directions=["minimize" if goal in SMALLER_IS_BETTER else "maximize" for goal in config.goal],
        pruner=make_pruner(config) if curve else NopPruner(),
        load_if_exists=True,
    )
    before = study.user_attrs.get("asked")
    if before is None:
        study.set_user_attr("asked", asked)
    elif changed := data_differences(_with_defaults(before, folder), asked):
        listed = "; ".join(f"{key} was {was}, is {now}" for key, (was, now) in list(changed.items())[:3])
        raise UserError(f"study {folder.name} exists and asks otherwise: {listed}. Give this one another name=")
    return study


def asked_settings(config: TrainConfig) -> dict[str, Any]:
    """What a study asks of the settings that its trials share."""
    settings = {key: value for key, value in plain(config).items() if key not in NOT_ASKED}
    del settings["model"]["preset"]  # only a name
    return settings


def _with_defaults(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What a study has asked so far; settings that came later have their defaults."""
    before = config_of({"config": {"data": "any", **asked["settings"]}}, folder)
    return asked | {"settings": asked_settings(before)}


def _open_storage(address: str | None, folder: Path) -> BaseStorage:
    if address is None:
        return open_journal(folder / "study.journal")
    for _ in range(PATIENCE):
        try:
            return RDBStorage(address)
        except Exception as error:  # a driver that is missing, a host that is not there: each library has its own
            reason = str(error.__cause__ or error).strip().splitlines()[0]
        if not MEANWHILE.search(reason):
            break
        time.sleep(0.1)
    raise UserError(f"storage={without_password(address)} cannot be reached: {reason}")


def without_password(address: str) -> str:
    """`postgresql://me:secret@host/x` -> `postgresql://me:***@host/x`"""
    scheme, slashes, rest = address.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{scheme}{slashes}{who.partition(':')[0]}:***@{where}" if at and ":" in who else address


def make_trial_sampler(config: SweepConfig, number: int) -> BaseSampler:
    """The sampler of a trial. What it draws follows from the seed and the trial, so a study can be gone on with."""
    seed = (config.seed * 1_000_003 + number) % 2**32
    if config.sampler is TrialSampler.tpe:
        return TPESampler(seed=seed)
    return RandomSampler(seed=seed) if config.sampler is TrialSampler.random else NSGAIISampler(seed=seed)


def make_pruner(config: SweepConfig) -> BasePruner:
    if config.pruner is Pruner.none:
        return NopPruner()
    if config.pruner is Pruner.hyperband:
        return HyperbandPruner(min_resource=config.grace + 1)
    keep = 0.5 if config.pruner is Pruner.median else config.keep
    return PercentilePruner(100 * keep, n_startup_trials=config.startup, n_warmup_steps=config.grace + 1)


@dataclass(frozen=True)
class Account:
    """What has become of a trial, over all attempts at it."""

    number: int  # among the trials of the study; its run folder is called after it
    last: FrozenTrial  # the attempt that decides
    attempts: list[FrozenTrial]

    @property
    def state(self) -> str:
        return {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}.get(self.last.state.name, "running")

    @property
    def reason(self) -> str:
        """Why it failed, or nothing."""
        return str(self.last.user_attrs.get("reason", "")) if self.state == "failed" else ""


def accounts(trials: Sequence[FrozenTrial]) -> list[Account]:
    """Every trial once, however often it was tried. A trial too many, begun by two workers at once, is none."""
    attempts: dict[int, list[FrozenTrial]] = {}
    for trial in trials:
        if "surplus" not in trial.user_attrs:
            attempts.setdefault(origin(trial), []).append(trial)

    def deciding(tried: list[FrozenTrial]) -> FrozenTrial:
        return max(tried, key=lambda t: (t.state in FINISHED, not t.state.is_finished(), t.number))

    return [
        Account(int(tried[0].user_attrs.get("number", place)), deciding(tried), tried)
        for place, (_, tried) in enumerate(sorted(attempts.items()))
    ]


def origin(trial: FrozenTrial) -> int:
    """Optuna's number of the first attempt at what this one attempts."""
    return int(trial.user_attrs.get("retry_of", trial.number))
