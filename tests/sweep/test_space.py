"""Search spaces: what they may say, and that what inkseq.train would refuse is refused before the first trial."""

from typing import Any

import optuna
import pytest

from inkseq.cli import compose_config, conf_dir, settings
from inkseq.config import SweepConfig, TrainConfig
from inkseq.errors import UserError
from inkseq.families import HybridConfig
from inkseq.sweep.space import read_space, shared_words, suggest

SWEEPS = sorted(path.stem for path in (conf_dir() / "sweep").glob("*.yaml"))


def config(space: dict[str, Any], **train: Any) -> SweepConfig:
    return SweepConfig(preset="test", space=space, train=train)


@pytest.mark.parametrize("name", SWEEPS)
def test_every_space_suggests_what_train_takes(name: str) -> None:
    sweep = compose_config(SweepConfig, [f"sweep={name}"])
    space = read_space(sweep, ["data=x"], settings(SweepConfig))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(8):
        compose_config(TrainConfig, [*shared_words(sweep, ["data=x"]), *suggest(study.ask(), space)])


@pytest.mark.slow
def test_values_lie_where_the_space_says() -> None:
    space = read_space(
        config(
            {
                "optim.lr": {"float": [1e-4, 1e-2], "log": True},
                "model.hidden": {"int": [8, 64], "step": 8},
                "model.kernels": {"choice": [[5, 5, 3], [3, 3, 3]]},
                "patience": {"choice": [None, 3]},
                "freeze": {"choice": [True, False]},
            }
        ),
        ["data=x", "model=bilstm"],
        set(),
    )
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    rates = []
    for _ in range(40):
        found = compose_config(TrainConfig, ["data=x", "model=bilstm", *suggest(study.ask(), space)])
        rates.append(found.optim.lr)
        assert isinstance(found.model, HybridConfig)
        assert found.model.hidden in range(8, 65, 8)
        assert found.model.kernels in ([5, 5, 3], [3, 3, 3])
        assert found.patience in (None, 3)
    assert 1e-4 <= min(rates) < max(rates) <= 1e-2
    assert sum(rate < 1e-3 for rate in rates) == pytest.approx(20, abs=10)  # half of the logarithms


CONDITIONAL = {
    "optim.schedule": {"choice": ["one_cycle", "constant"]},
    "optim.warmup": {"choice": ["5%", "20%"], "when": {"optim.schedule": "one_cycle"}},
}


def test_a_setting_is_searched_only_where_its_condition_holds() -> None:
    space = read_space(config(CONDITIONAL), ["data=x"], set())
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    suggested = [suggest(study.ask(), space) for _ in range(20)]
    assert {len(words) for words in suggested} == {1, 2}
    assert all((len(words) == 2) == (words[0] == "optim.schedule=one_cycle") for words in suggested)


def test_a_word_takes_a_setting_out_of_the_space() -> None:
    chosen = read_space(config(CONDITIONAL), ["data=x", "optim.schedule=one_cycle"], set())
    assert [(one.key, one.when) for one in chosen] == [("optim.warmup", {})]
    with pytest.raises(UserError, match="the words give every setting of it a value"):
        read_space(config(CONDITIONAL), ["data=x", "optim.schedule=constant"], set())


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        ({}, "the space is empty: name at least one setting"),
        (
            {"model.hiden": {"int": [1, 2]}},
            "space: model.hiden: there is no setting 'model.hiden'; did you mean 'model.",
        ),
        (
            {"model": {"choice": ["plain"]}, "model.hidden": {"float": [1, 2], "when": {"model": "plain"}}},
            "space: model.hidden: model.hidden: Value '1.0'",
        ),
        ({"model.hidden": {"int": [1.5, 2]}}, "space: model.hidden: int: [1.5, 2]: int: takes two whole numbers"),
        ({"optim.lr": {"float": [1, 0]}}, "space: optim.lr: float: [1, 0]: "),
        ({"optim.lr": {"float": [0, 1], "log": True}}, "space: optim.lr: float: [0, 1]: "),
        ({"optim.lr": {"float": 3}}, "space: optim.lr: float: 3: "),
        ({"optim.lr": [1, 2]}, "space: optim.lr: say float: [low, high], int: [low, high] or choice: [a, b, ...]"),
        ({"optim.lr": {"float": [0, 1], "int": [0, 1]}}, "space: optim.lr: say float:"),
        ({"optim.lr": {"float": [0, 1], "lgo": True}}, "space: optim.lr: float takes no lgo"),
        ({"augment": {"choice": ["light", "heavy"]}}, "space: augment: augment=heavy: there are light, none, scans"),
        ({"augment": {"choice": []}}, "space: augment: choice: takes a list of values"),
        ({"augment": {"choice": "light"}}, "space: augment: choice: takes a list of values"),
        ({"seed": {"int": [0, 9]}}, "space: seed cannot be searched"),
        (
            {"optim.warmup": {"choice": ["5%"], "when": {"optim.schedule": "one_cycle"}}},
            "space: optim.warmup: when: optim.schedule is no choice that stands before it",
        ),
        (
            CONDITIONAL | {"optim.beta1": {"float": [0.8, 0.9], "when": {"optim.schedule": "linear"}}},
            "space: optim.beta1: when: optim.schedule is never linear; its choices: one_cycle, constant",
        ),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_in_a_line(space: dict[str, Any], expected: str) -> None:
    with pytest.raises(UserError) as caught:
        read_space(config(space), ["data=x"], set())
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)


def test_a_misspelt_word_may_be_one_of_the_sweep() -> None:
    with pytest.raises(UserError, match=r"'trails'; .*'trials'"):
        read_space(config(CONDITIONAL), ["data=x", "trails=3"], settings(SweepConfig))
