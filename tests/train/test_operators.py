"""What only a GPU would show of a step, shown on a CPU: that nothing waits for a value, and how much is launched."""

from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import nn
from torch._dynamo import config as dynamo
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from inkseq.bench.operators import count_operators
from inkseq.cli import compose_config
from inkseq.config import AugmentConfig, TrainConfig
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.devices import ALONE
from inkseq.train.learner import Learner
from tests.models.pictured import ALL, draw_as_a_gpu_does

CPU = torch.device("cpu")
# Operators of a step of 64 drawings. What takes fewer of them is to lower these; see `make bench only=train`.
CEILINGS = {"bilstm": 494, "fusion": 569, "bilstm_small": 486, "tutorial": 202, "plain": 344, "transformer": 547}
CEILINGS |= {"cnn": 393, "mobilenet": 420, "charcnn": 301}
CHANNELS = {name: [f"model.picture.channels=[{','.join(ALL)}]"] for name in ("cnn", "mobilenet", "charcnn")}
EVERYTHING = [f"augment.{setting.name}=0.1" for setting in fields(AugmentConfig)]
each_model = pytest.mark.parametrize("model", [*CEILINGS])


@pytest.fixture(autouse=True)
def drawn_as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_as_a_gpu_does(monkeypatch)


def set_up(data: Path, *words: str) -> tuple[Learner, Batches]:
    config, packed = compose_config(TrainConfig, [f"data={data}", *words]), open_strokes(data)
    learner = Learner(config, packed.classes, CPU, torch.float32, ALONE)
    drawings = load_split(packed, "train", CPU)
    return learner, Batches(drawings, 64, 0, config.augment, num_steps=learner.model.num_steps, few_shapes=True)


@each_model
def test_a_step_launches_no_more_operators_than_it_did(packed: Path, model: str) -> None:
    assert count_operators(*set_up(packed, f"model={model}")).total() <= CEILINGS[model]


@each_model
def test_no_shape_depends_on_a_value_and_no_value_is_read(
    packed: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nn.Module, "to", lambda module, *_: module)  # which weights without numbers are refused
    _, batches = set_up(packed, f"model={model}", *EVERYTHING)
    with FakeTensorMode(allow_non_fake_inputs=True):
        learner, _ = set_up(packed, f"model={model}", *CHANNELS.get(model, []))
        index_B, share_B = torch.zeros(64, dtype=torch.long), torch.ones(64)
        for _ in range(2):  # the first makes the optimiser's memory
            group = batches.make(index_B, batches.draws(0)[0].num_points), share_B
            loss, norm = learner.move([group], torch.zeros(()), torch.zeros(()))
        assert loss.shape == norm.shape == ()
        with pytest.raises(DataDependentOutputException):
            loss.item()


@pytest.mark.slow
@dynamo.patch(allow_rnn=True)  # monkeypatch would take the setting away when it is done, and exports ask for it
@pytest.mark.parametrize("name", ["bilstm_small", "cnn", "mobilenet"])
def test_what_may_be_compiled_is_one_graph(packed: Path, name: str) -> None:
    """All of the network, once Dynamo is allowed to look into recurrent layers."""
    learner, batches = set_up(packed, f"model={name}")
    model, drawings = learner.model.eval(), batches.step(0)[0][0].drawings
    torch.testing.assert_close(torch.compile(model, backend="eager", fullgraph=True)(drawings), model(drawings))
