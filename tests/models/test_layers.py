"""The masked layers against PyTorch's own on the real points alone."""

from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from inkseq.drawings.padded import pick_rows
from inkseq.families import Cell
from inkseq.models.attention import SelfAttention
from inkseq.models.layers import CELLS, BiRNN, Dropout, MaskedBatchNorm, mask_padding, turned_rows

LENGTHS = torch.tensor([5, 1, 9, 7])


def ragged(channels: int) -> Tensor:
    """A batch whose padding is full of rubbish."""
    return torch.randn(len(LENGTHS), 11, channels, generator=torch.Generator().manual_seed(0)) + 3


def test_turned_rows_reverse_the_points_and_leave_the_padding() -> None:
    x_BTC = torch.tensor([[1, 2, 3, 0], [4, 0, 0, 0], [5, 6, 7, 8]])[:, :, None]
    turned_BTC = pick_rows(x_BTC, turned_rows(torch.tensor([3, 1, 4]), 4))
    assert turned_BTC[:, :, 0].tolist() == [[3, 2, 1, 0], [4, 0, 0, 0], [8, 7, 6, 5]]


def test_attention_is_pytorchs_layer_that_norms_first_on_the_real_points() -> None:
    torch.manual_seed(0)
    ours = SelfAttention(64, 64, dropout=0.0)
    theirs = nn.TransformerEncoderLayer(64, 2, 128, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    pairs = [
        (theirs.self_attn.out_proj, ours.merge),
        *((theirs.linear1, ours.think[0]), (theirs.linear2, ours.think[2])),
        *((theirs.norm1, ours.look_norm), (theirs.norm2, ours.think_norm)),
    ]
    for their_part, our_part in pairs:
        their_part.load_state_dict(our_part.state_dict())
    theirs.self_attn.in_proj_weight.data = ours.query_key_value.weight.data
    theirs.self_attn.in_proj_bias.data = ours.query_key_value.bias.data
    x_BTC, mask_BT1 = ragged(64), mask_padding(LENGTHS, 11)
    our_BTC, their_BTC = ours(x_BTC, LENGTHS), theirs(x_BTC, src_key_padding_mask=~mask_BT1[:, :, 0])
    torch.testing.assert_close(our_BTC * mask_BT1, their_BTC * mask_BT1)


@pytest.mark.parametrize("cell", [Cell.lstm, Cell.gru])
def test_birnn_is_the_packed_bidirectional_layer_in_values_and_gradients(cell: Cell) -> None:
    birnn = BiRNN(cell, channels=6, hidden=4, dropout=0.0)
    packed = CELLS[cell](6, 4, batch_first=True, bidirectional=True)
    packed.load_state_dict(
        dict(birnn.ahead.state_dict()) | {f"{k}_reverse": w for k, w in birnn.back.state_dict().items()}
    )
    x_BTC, reference_BTC = ragged(6).requires_grad_(), ragged(6).requires_grad_()
    mask_BT1 = mask_padding(LENGTHS, 11)

    out_BTH = birnn(x_BTC, LENGTHS) * mask_BT1
    rows = pack_padded_sequence(reference_BTC, LENGTHS, batch_first=True, enforce_sorted=False)
    expected_BTH, _ = pad_packed_sequence(packed(rows)[0], batch_first=True, total_length=11)
    torch.testing.assert_close(out_BTH, expected_BTH, rtol=0, atol=1e-6)

    (out_BTH.square().sum() + expected_BTH.square().sum()).backward()
    torch.testing.assert_close(x_BTC.grad, reference_BTC.grad)
    for name, weight in birnn.ahead.named_parameters():
        torch.testing.assert_close(weight.grad, packed.get_parameter(name).grad)
    for name, weight in birnn.back.named_parameters():
        torch.testing.assert_close(weight.grad, packed.get_parameter(f"{name}_reverse").grad)


def test_batch_norm_is_torchs_on_the_real_points_in_training_and_in_evaluation() -> None:
    ours, reference = MaskedBatchNorm(6), nn.BatchNorm1d(6)
    mask_BT1 = mask_padding(LENGTHS, 11)
    real_BT = mask_BT1[:, :, 0]
    weight_PC = torch.randn(int(LENGTHS.sum()), 6)
    for training in (True, True, False):
        x_BTC, x_PC = ragged(6).requires_grad_(), ragged(6)[real_BT].requires_grad_()
        ours_PC = ours.train(training)(x_BTC, mask_BT1)[real_BT]
        reference_PC = reference.train(training)(x_PC)
        torch.testing.assert_close(ours_PC, reference_PC)
        (ours_PC * weight_PC).sum().backward()
        (reference_PC * weight_PC).sum().backward()
        assert x_BTC.grad is not None
        torch.testing.assert_close(x_BTC.grad[real_BT], x_PC.grad, atol=1e-5, rtol=1e-4)
        assert not x_BTC.grad[~real_BT].any()
    torch.testing.assert_close(ours.running_mean, reference.running_mean)
    torch.testing.assert_close(ours.running_var, reference.running_var)


def _norm_half_a_batch(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    half = slice(3 * rank, 3 + rank)  # three drawings and one: ranks need not hold the same number of points
    x_BTC, norm = ragged(6)[half].requires_grad_(), MaskedBatchNorm(6)
    out_BTC = norm(x_BTC, mask_padding(LENGTHS[half], 11))
    out_BTC[:, 0].square().sum().backward()
    torch.save((out_BTC.detach(), x_BTC.grad, norm.running_var), folder / f"{rank}.pt")
    dist.destroy_process_group()


def test_batch_norm_on_two_ranks_is_batch_norm_of_the_whole_batch(tmp_path: Path) -> None:
    with get_context("spawn").Pool(2) as pool:
        pool.starmap(_norm_half_a_batch, [(0, tmp_path), (1, tmp_path)], chunksize=1)
    halves = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    x_BTC, norm = ragged(6).requires_grad_(), MaskedBatchNorm(6)
    out_BTC = norm(x_BTC, mask_padding(LENGTHS, 11))
    out_BTC[:, 0].square().sum().backward()
    torch.testing.assert_close(torch.cat([out for out, _, _ in halves]), out_BTC.detach())
    torch.testing.assert_close(torch.cat([grad for _, grad, _ in halves]), x_BTC.grad, atol=1e-5, rtol=1e-4)
    for _, _, running_var in halves:
        torch.testing.assert_close(running_var, norm.running_var)


def test_dropout_drops_its_share_keeps_the_mean_and_rests_in_evaluation() -> None:
    torch.manual_seed(0)
    dropout, ones = Dropout(0.3), torch.ones(100, 1000)
    dropped = dropout(ones)
    assert (dropped == 0).float().mean() == pytest.approx(0.3, abs=0.01)
    assert dropped.mean() == pytest.approx(1, abs=0.01)
    assert dropout.eval()(ones) is ones
