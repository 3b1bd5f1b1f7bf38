"""What the recurrent layers compute in, where autocast would decide otherwise; and what float16 does to gradients."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from inkseq.cli import compose_config
from inkseq.config import TrainConfig
from inkseq.data.batches import Batches
from inkseq.data.kinds import load_split
from inkseq.data.packed import open_strokes
from inkseq.devices import ALONE, reads_in_bfloat16
from inkseq.models.layers import BiRNN, read, read_in
from inkseq.train.learner import Learner, needs_scale
from tests.gpu import needs_gpu

CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_reader_in_bfloat16_is_pytorchs_layer_in_values_and_gradients(kind: type[nn.LSTM] | type[nn.GRU]) -> None:
    torch.manual_seed(0)
    ours, x_BTC = kind(6, 4, batch_first=True), torch.randn(3, 7, 6)
    theirs = kind(6, 4, batch_first=True).bfloat16()
    theirs.load_state_dict(ours.state_dict())
    out_BTH, expected_BTH = read_in(torch.bfloat16, ours, x_BTC), theirs(x_BTC.bfloat16())[0]
    assert out_BTH.dtype is torch.bfloat16
    assert torch.equal(out_BTH, expected_BTH)
    out_BTH.square().sum().backward()  # type: ignore[no-untyped-call]
    expected_BTH.square().sum().backward()
    for weight, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert weight.grad is not None
        assert other.grad is not None
        assert weight.grad.dtype is torch.float32
        torch.testing.assert_close(weight.grad, other.grad.float(), atol=0, rtol=0)


def gradients(data: Path, batch_size: int, dtype: torch.dtype, device: torch.device, steps: int = 3) -> Tensor:
    """All that are not 0 at the outputs of the default's recurrent layers, in the last of some steps."""
    config = compose_config(TrainConfig, [f"data={data}"])
    learner = Learner(config, open_strokes(data).classes, device, dtype, ALONE)
    batches = Batches(load_split(open_strokes(data), "train", device), batch_size, 0, config.augment)
    seen: list[Tensor] = []
    for layer in learner.model.modules():
        if isinstance(layer, BiRNN):
            layer.register_forward_hook(lambda _layer, _x, out: keep(out, seen))
    for step in range(steps):
        seen.clear()
        learner.learn(step, batches.step(step), 1e-3)
    gradient_N = torch.cat(seen)
    return gradient_N[gradient_N != 0]


def keep(out: Tensor, seen: list[Tensor]) -> None:
    out.register_hook(lambda gradient: seen.append(gradient.detach().float().flatten().cpu()))  # type: ignore[no-untyped-call]


def test_most_gradients_are_too_small_for_float16_and_none_for_bfloat16(packed: Path) -> None:
    size_N = gradients(packed, 64, torch.float32, CPU).abs()
    assert (size_N < torch.finfo(torch.float16).smallest_normal).float().mean() > 0.5, "with few digits, or none"
    assert (size_N > torch.finfo(torch.bfloat16).smallest_normal).all()


def test_float16_anywhere_means_that_the_loss_is_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda")
    assert needs_scale(torch.float16, CPU)
    assert not needs_scale(torch.bfloat16, CPU)
    for version, can in ((None, False), (91002, False), (91300, True)):
        monkeypatch.setattr(torch.backends.cudnn, "version", lambda version=version: version)
        assert reads_in_bfloat16(gpu) == can
        assert needs_scale(torch.bfloat16, gpu) != can
        assert not needs_scale(torch.float32, gpu)


@needs_gpu
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_gpu_reads_in_the_precision_that_was_asked_for(kind: type[nn.LSTM] | type[nn.GRU]) -> None:
    rnn, x_BTC = kind(6, 4, batch_first=True).cuda(), torch.randn(3, 7, 6, device="cuda")
    with torch.autocast("cuda", torch.bfloat16):
        expected = torch.bfloat16 if reads_in_bfloat16(x_BTC.device) else torch.float16
        assert read(rnn, x_BTC).dtype is expected
    with torch.autocast("cuda", torch.float16):
        assert read(rnn, x_BTC).dtype is torch.float16
    assert read(rnn, x_BTC).dtype is torch.float32


@needs_gpu
def test_no_gradient_vanishes_on_a_gpu(packed: Path) -> None:
    gpu = torch.device("cuda")
    few, all_of_them = (gradients(packed, 64, dtype, gpu) for dtype in (torch.bfloat16, torch.float32))
    assert len(few) > 0.99 * len(all_of_them)
