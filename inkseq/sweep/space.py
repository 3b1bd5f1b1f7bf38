"""A search space: which settings are searched and between which values, checked before anything is trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optuna import Trial
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from inkseq.cli import to_text
from inkseq.config import SweepConfig, TrainConfig
from inkseq.data.packed import Packed
from inkseq.errors import UserError
from inkseq.train.checks import check_training
from inkseq.train.prepare import training_config

KINDS = ("float", "int", "choice")
RESERVED = {"name", "runs", "seed", "device", "data"}  # a trial's own, or the study's


@dataclass(frozen=True)
class Dimension:
    """One setting that is searched."""

    key: str
    values: FloatDistribution | IntDistribution | CategoricalDistribution
    when: dict[str, str]  # searched only where these were chosen

    def suggest(self, trial: Trial) -> str:
        """A value, as it stands in a word."""
        match self.values:
            case FloatDistribution(low=low, high=high, log=log, step=step):
                return repr(trial.suggest_float(self.key, low, high, log=log, step=step))
            case IntDistribution(low=low, high=high, log=log, step=step):
                return str(trial.suggest_int(self.key, low, high, log=log, step=step))
            case CategoricalDistribution(choices=choices):
                return str(trial.suggest_categorical(self.key, choices))

    @property
    def extremes(self) -> list[str]:
        """Values that stand for all of them when their type is checked."""
        if isinstance(self.values, CategoricalDistribution):
            return [str(choice) for choice in self.values.choices]
        return [repr(self.values.low), repr(self.values.high)]


def suggest(trial: Trial, space: Sequence[Dimension]) -> list[str]:
    """The words of a trial: a value for every setting that is searched where the others are as they are."""
    chosen: dict[str, str] = {}
    for dimension in space:
        if all(chosen.get(key) == value for key, value in dimension.when.items()):
            chosen[dimension.key] = dimension.suggest(trial)
    return [f"{key}={value}" for key, value in chosen.items()]


def shared_words(config: SweepConfig, words: Sequence[str]) -> list[str]:
    """The words of every trial: those of the YAML, then those of the command."""
    return [*(f"{key}={to_text(value)}" for key, value in config.train.items()), *words]


def read_space(
    config: SweepConfig, words: Sequence[str], also: set[str], check: Callable[[TrainConfig], object] = bool
) -> list[Dimension]:
    """The space of a config, every bound and choice of which `inkseq.train` and `check` would take beside the words.

    A setting that a word gives a value has it, and is not searched.
    """
    if not config.space:
        raise UserError("the space is empty: name at least one setting under space: in conf/sweep/NAME.yaml")
    shared = shared_words(config, words)
    check(training_config(shared, also))
    fixed = {key: value for key, _, value in (word.partition("=") for word in words)}
    named: list[Dimension] = []
    for key, entry in config.space.items():
        if key in RESERVED:
            raise UserError(f"space: {key} cannot be searched; it says where and how a trial is run")
        named.append(_dimension(key, entry, named))
    space = [
        replace(one, when={key: value for key, value in one.when.items() if key not in fixed})
        for one in named
        if one.key not in fixed and all(fixed.get(key, value) == value for key, value in one.when.items())
    ]
    for dimension in space:
        where = [f"{key}={value}" for key, value in dimension.when.items()]
        for value in dimension.extremes:
            try:
                check(training_config([*shared, *where, f"{dimension.key}={value}"]))
            except UserError as error:
                raise UserError(f"space: {dimension.key}: {error}") from None
    if not space:
        raise UserError("the space is empty: the words give every setting of it a value")
    return space


def check_trial(config: TrainConfig, data: Packed) -> None:
    """What no trial could be trained with is said once, and now."""
    check_training(config, data)
    if not data.split("val"):
        how = "split.val= or, where there is a train/ folder, val_from_train=0.1"
        raise UserError(f"{data.path} has no val split to compare trials by; convert again with {how}")


def _dimension(key: str, entry: Any, before: Sequence[Dimension]) -> Dimension:
    """`{float: [1e-4, 1e-2], log: true, when: {optim.name: adam}}`, taken apart."""
    kinds = [kind for kind in KINDS if isinstance(entry, Mapping) and kind in entry]
    if len(kinds) != 1:
        raise UserError(f"space: {key}: say float: [low, high], int: [low, high] or choice: [a, b, ...]")
    kind, options = kinds[0], {name: value for name, value in entry.items() if name not in KINDS}
    condition = options.pop("when", {})
    if not isinstance(condition, Mapping):
        raise UserError(f"space: {key}: when: takes a setting and its value, {{optim.name: adamw}}")
    when = {name: to_text(value) for name, value in condition.items()}
    _check_condition(key, when, before)
    if unknown := options.keys() - ({"log", "step"} if kind != "choice" else set()):
        raise UserError(f"space: {key}: {kind} takes no {sorted(unknown)[0]}")
    if kind == "choice":
        if not isinstance(entry[kind], Sequence) or isinstance(entry[kind], str) or not entry[kind]:
            raise UserError(f"space: {key}: choice: takes a list of values")
        return Dimension(key, CategoricalDistribution([to_text(value) for value in entry[kind]]), when)
    try:
        low, high = entry[kind]
        if kind == "float":
            return Dimension(key, FloatDistribution(float(low), float(high), **options), when)
        if not (isinstance(low, int) and isinstance(high, int)):
            raise ValueError("int: takes two whole numbers")
        return Dimension(key, IntDistribution(low, high, **options), when)
    except (TypeError, ValueError) as error:
        raise UserError(f"space: {key}: {kind}: {entry[kind]}: {error}") from None


def _check_condition(key: str, when: Mapping[str, str], before: Sequence[Dimension]) -> None:
    choices = {one.key: one.values.choices for one in before if isinstance(one.values, CategoricalDistribution)}
    for name, value in when.items():
        if name not in choices:
            raise UserError(f"space: {key}: when: {name} is no choice that stands before it")
        if value not in choices[name]:
            raise UserError(
                f"space: {key}: when: {name} is never {value}; its choices: {', '.join(map(str, choices[name]))}"
            )
