"""Captured steps against steps as they come: recorded on a CPU operator by operator, and by CUDA where there is one."""

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from inkseq.cli import compose_config
from inkseq.config import TrainConfig
from inkseq.data import batches as batches_module
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.data.sampling import make_sampler
from inkseq.devices import ALONE, Ranks
from inkseq.models import layers
from inkseq.train.graphs import CapturedSteps, CudaGraphs, EagerSteps, Graphs, Steps, Work, choose_steps
from inkseq.train.learner import Learner
from tests.gpu import needs_gpu, nothing_waits
from tests.models.pictured import ALL, WORDS, draw_as_a_gpu_does
from tests.tape import TapeGraphs

CPU, GPU = torch.device("cpu"), torch.device("cuda")
STEPS = 9
MODELS = {
    "bilstm": ["model=bilstm_small", "model.fold=2"],
    "norm": ["model=plain", "model.norm=batch", "model.hidden=8", "model.channels=[8]", "model.kernels=[3]"],
    "tutorial": ["model=tutorial", "model.hidden=8", "augment=light"],
    "transformer": ["model=transformer", "model.hidden=16", "model.canvas=0", "model.fold=1"],
    **{name: [*words, f"model.picture.channels=[{','.join(ALL)}]"] for name, words in WORDS.items()},
}
each_model = pytest.mark.parametrize("model", [*MODELS])


@pytest.fixture(autouse=True)
def few_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each is met thrice in a few steps."""
    monkeypatch.setattr(batches_module, "MOST_LENGTHS", 2)


@pytest.fixture
def no_recurrence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tape cannot hold what oneDNN's readers hand over beside tensors, and of PyTorch's own it gets too long."""

    def read(rnn: nn.LSTM, x_BTC: Tensor) -> Tensor:
        weight_GC, hidden_GH, bias_G, other_G = rnn.parameters()
        gates_BTG = linear(x_BTC, weight_GC, bias_G + other_G + hidden_GH.sum(1))
        return gates_BTG.view(*x_BTC.shape[:2], -1, rnn.hidden_size).tanh().sum(2)

    monkeypatch.setattr(layers, "read", read)


def set_up(data: Path, model: str, device: torch.device = CPU, batch_size: int = 24) -> tuple[Batches, Learner]:
    words = [f"data={data}", "ema=0.9", "unrecognized=0.5", *MODELS[model], "label_smoothing=0.1"]
    config, packed = compose_config(TrainConfig, words), open_strokes(data)
    learner = Learner(config, packed.classes, device, torch.float32, ALONE)
    drawings, sampler = load_split(packed, "train", device), make_sampler(config, packed)
    how = batch_size, 0, config.augment, None, *ALONE, sampler, learner.model.num_steps
    return Batches(drawings, *how, few_shapes=True), learner


def rate(step: int) -> float:
    return 1e-3 * (1 + step)


def losses(steps: Steps, numbers: range) -> list[float]:
    return [float(steps.learn(step, steps.fetch(step), rate(step))[0]) for step in numbers]


def state(learner: Learner) -> list[Tensor]:
    """All that a step changes."""
    assert learner.average is not None
    modules = [*learner.model.state_dict().values(), *learner.average.state_dict().values()]
    return modules + [x for memory in learner.optimizer.state.values() for x in memory.values()]


class Anew:
    """Graphs that record nothing, and compute it all anew each time."""

    def run(self, work: Work) -> None:
        work()

    def capture(self, work: Work) -> Work:
        return work


def taped(batches: Batches, learner: Learner) -> CapturedSteps:
    return CapturedSteps(
        batches, learner, TapeGraphs(lambda: state(learner), [batches.generator, torch.default_generator])
    )


@pytest.mark.parametrize("model", [*WORDS])
def test_pictures_are_replayed_as_a_gpu_draws_them(packed: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_as_a_gpu_does(monkeypatch)
    test_what_is_replayed_is_what_would_be_computed_to_the_bit(packed, model)


@pytest.mark.parametrize("model", [model for model in MODELS if model not in WORDS])
@pytest.mark.usefixtures("no_recurrence")
def test_what_is_replayed_is_what_would_be_computed_to_the_bit(packed: Path, model: str) -> None:
    """So no number of the host's is in it, no shape depends on a value, and lots are drawn as they were."""
    batches, learner = set_up(packed, model)
    other = copy.deepcopy(learner)
    steps = taped(batches, learner)
    assert losses(steps, range(STEPS)) == losses(CapturedSteps(batches, other, Anew()), range(STEPS))
    assert all(map(torch.equal, state(learner), state(other)))
    assert len(steps.replays) == 2
    assert isinstance(steps.graphs, TapeGraphs)
    called = {str(func) for tape in steps.graphs.tapes for func, *_ in tape.calls}
    assert not {name for name in called if "_local_scalar_dense" in name or "nonzero" in name}


@each_model
def test_captured_steps_learn_what_steps_operator_by_operator_do(packed: Path, model: str) -> None:
    batches, learner = set_up(packed, model)
    other = copy.deepcopy(learner)
    numbers = range({"mobilenet": 3, "charcnn": 6}.get(model, STEPS))  # then batch norms make much of the last digits
    np.testing.assert_allclose(
        losses(CapturedSteps(batches, learner, Anew()), numbers),
        losses(EagerSteps(batches, other), numbers),
        rtol=2e-5,
    )


@pytest.mark.usefixtures("no_recurrence")
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(packed: Path) -> None:
    batches, learner = set_up(packed, "bilstm")
    whole = losses(taped(batches, learner), range(STEPS))
    parts, kept = [], None
    for numbers in (range(4), range(4, STEPS)):
        batches, again = set_up(packed, "bilstm")
        if kept is not None:
            again.load(kept)
        parts += losses(taped(batches, again), numbers)
        kept = copy.deepcopy(again.state())
    assert parts == whole
    assert all(map(torch.equal, state(again), state(learner)))


class Broken(Anew):
    """A library that cannot be recorded, and says so when there are gradients already."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def capture(self, work: Work) -> Work:
        for weight in self.learner.model.parameters():
            weight.grad = torch.full_like(weight, torch.nan)
        raise RuntimeError("operation not permitted when stream is capturing\nCUDA kernel errors might be ...")


def test_a_capture_that_fails_is_said_once_and_the_run_goes_on(packed: Path) -> None:
    batches, learner = set_up(packed, "bilstm")
    steps = CapturedSteps(batches, learner, Broken(learner))
    said, other = list[str](), copy.deepcopy(learner)
    for step, expected in enumerate(losses(CapturedSteps(batches, other, Anew()), range(STEPS))):
        assert float(steps.learn(step, steps.fetch(step), rate(step))[0]) == expected
        said += steps.notices()
    assert said == [
        "warning: steps cannot be captured and are launched operator by operator: "
        "operation not permitted when stream is capturing"
    ]
    assert not steps.replays


def test_steps_are_captured_on_a_gpu_unless_something_speaks_against_it(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, learner = set_up(packed, "norm")
    assert (choose_steps(batches, learner).about, type(choose_steps(batches, learner))) == ("", EagerSteps)
    monkeypatch.setattr(learner, "device", GPU)
    against = {
        "several ranks": (learner, "ranks", Ranks(0, 2)),
        "micro_batch": (batches, "largest_group", 8),
        "drawings that are not in the GPU's memory": (batches.drawings, "is_here", False),
    }
    for why, change in against.items():
        with monkeypatch.context() as patch:
            patch.setattr(*change)
            steps = choose_steps(batches, learner)
            assert isinstance(steps, EagerSteps)
            assert steps.about == f"steps are launched operator by operator, for {why}"


# ------------------------------------------------------------------ on a GPU


@pytest.fixture
def exact() -> Iterator[None]:
    """No sums whose order is left to chance."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)


@needs_gpu
@each_model
@pytest.mark.usefixtures("exact")
@pytest.mark.filterwarnings("ignore:.*deterministic")
def test_a_gpu_replays_what_it_would_compute(packed: Path, model: str) -> None:
    batches, learner = set_up(packed, model, GPU)
    other = copy.deepcopy(learner)
    steps = choose_steps(batches, learner)
    assert isinstance(steps, CapturedSteps)
    np.testing.assert_allclose(
        losses(steps, range(STEPS)), losses(CapturedSteps(batches, other, Anew()), range(STEPS)), rtol=1e-4
    )
    assert len(steps.replays) == 2
    assert not steps.failure
    with nothing_waits():
        for step in range(STEPS, STEPS + 4):
            steps.learn(step, steps.fetch(step), rate(step))


@needs_gpu
def test_a_gpu_goes_on_after_a_capture_that_failed(packed: Path) -> None:
    class Waiting(CudaGraphs):
        def capture(self, work: Work) -> Work:
            def wait() -> None:
                work()
                next(learner.model.parameters()).sum().item()

            return super().capture(wait)

    batches, learner = set_up(packed, "bilstm", GPU)
    other = copy.deepcopy(learner)
    graphs: Graphs = Waiting(GPU, batches.generator)
    steps = CapturedSteps(batches, learner, graphs)
    expected = losses(CapturedSteps(batches, other, Anew()), range(STEPS))
    np.testing.assert_allclose(losses(steps, range(STEPS)), expected, rtol=1e-3)
    assert steps.failure
