"""Rates, durations, clipping and averages by pencil and paper."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from inkseq.config import OptimConfig, Schedule, TrainConfig
from inkseq.config import Optimizer as Name
from inkseq.errors import UserError
from inkseq.train.diagnostics import memory_explained
from inkseq.train.durations import to_steps
from inkseq.train.optim import clip_, follow, learning_rate, make_optimizer, pace, share_unmoved


def rates(schedule: Schedule, total: int, warmup: int) -> list[float]:
    config = OptimConfig(lr=1.0, schedule=schedule)
    return [learning_rate(step, total, warmup, config) for step in range(total)]


def test_constant_rises_to_its_rate_and_stays() -> None:
    assert rates(Schedule.constant, 5, 2) == [0.5, 1.0, 1.0, 1.0, 1.0]
    assert rates(Schedule.constant, 3, 1) == [1.0, 1.0, 1.0]


def test_cosine_falls_to_nothing() -> None:
    assert rates(Schedule.cosine, 5, 1) == pytest.approx([1.0, 1.0, 0.8536, 0.5, 0.1464], abs=1e-4)


def test_one_cycle_rises_and_falls_along_cosines() -> None:
    curve = rates(Schedule.one_cycle, 100, 20)
    assert curve[0] == pytest.approx(1 / 25)
    assert curve[10] == pytest.approx((1 + 1 / 25) / 2)
    assert curve[20] == max(curve) == 1.0
    assert curve[60] == pytest.approx(0.5)
    assert 0 < curve[99] < 0.001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20 epochs", 2000),
        ("0.5 epoch", 50),
        ("1000 steps", 1000),
        ("1e5 drawings", 1575),  # 63.5 a step: an epoch's last batch is smaller
        ("7 minutes", 840),
        ("10%", 300),
        ("0 steps", 1),
    ],
)
def test_durations_become_steps(text: str, expected: int) -> None:
    assert to_steps(text, 100, 6350, step_seconds=0.5, total=3000) == expected


@pytest.mark.parametrize("text", ["", "5", "epochs", "5 hours", "-3 steps", "1.2.3 epochs", "ten steps"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UserError, match="is no duration"):
        to_steps(text, 100, 6400, 1.0, 100)


def test_only_matrices_decay() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    matrices, others = make_optimizer(model, OptimConfig(weight_decay=0.1)).param_groups
    assert (len(matrices["params"]), matrices["weight_decay"]) == (1, 0.1)
    assert (len(others["params"]), others["weight_decay"]) == (3, 0.0)
    assert isinstance(make_optimizer(model, OptimConfig(name=Name.adam, weight_decay=0)), torch.optim.Adam)


def test_clip_scales_all_gradients_alike() -> None:
    a, b = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(2))
    for clip, factor in ((0.0, 1.0), (20.0, 1.0), (1.3, 0.1)):
        a.grad, b.grad = torch.tensor([3.0]), torch.tensor([4.0, 12.0])
        assert float(clip_([a, b], clip)) == pytest.approx(13.0)
        torch.testing.assert_close(b.grad, factor * torch.tensor([4.0, 12.0]))


def test_an_average_follows_fast_when_young() -> None:
    model, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.zeros_(average.weight)
    nn.init.ones_(model.weight)
    follow(average, model, pace(0, 0.99))
    assert average.weight.item() == pytest.approx(0.9)
    follow(average, model, torch.tensor(pace(10**6, 0.99)))
    assert average.weight.item() == pytest.approx(0.9 + 0.1 * 0.01)


def test_weights_that_never_had_a_gradient_are_counted() -> None:
    model = nn.Linear(4, 3)
    optimizer = make_optimizer(model, OptimConfig())
    for x in ([1.0, 0, 0, 0], [0, 2.0, 0, 0], [0, 0, 0, 0]):
        model(torch.tensor([x], dtype=torch.float)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert share_unmoved(optimizer) == 0.5


def test_memory_that_ran_out_names_the_setting() -> None:
    config = TrainConfig(batch_size=64)
    for error in (
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("can't allocate memory: 9"),
    ):
        with pytest.raises(UserError, match="micro_batch=32"), memory_explained(config):
            raise error
    smaller = r"micro_batch=32, fewer drawings at a time \(now 64\); or batch_size=32 optim.lr=0.0021, which is faster$"
    with pytest.raises(UserError, match=smaller), memory_explained(config):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with (
        pytest.raises(UserError, match=r"micro_batch=4, .* \(now 8\)$"),
        memory_explained(replace(config, micro_batch=8)),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(RuntimeError, match="shapes do not fit"), memory_explained(config):
        raise RuntimeError("shapes do not fit")
