"""Inputs against a drawing small enough to work out by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor

from inkseq.bench.operators import launched
from inkseq.drawings.strokes import flatten
from inkseq.errors import UserError
from inkseq.families import Layout
from inkseq.models.features import INPUTS, choose_inputs, compute_inputs
from inkseq.models.layers import mask_padding
from inkseq.models.rows import to_sequence

# A corner (right 4, down 2), then a second stroke: the pen goes back left by 4 and draws 3 down.
CORNER = [[[0, 4, 4], [0, 0, 2]], [[0, 0], [2, 5]]]
LEAST_REACH = 1 + np.log(0.01) / 2
BY_HAND: dict[str, list[float]] = {
    "dx": [0, 0.8, 0, -0.8, 0],
    "dy": [0, 0, 0.4, 0, 0.6],
    "pen": [0, 0, 1, 0, 1],
    "start": [1, 0, 0, 1, 0],
    "x": [-0.4, 0.4, 0.4, -0.4, -0.4],
    "y": [-0.5, -0.5, -0.1, -0.1, 0.5],
    "length": [0, 0.8, 0.4, 0.8, 0.6],
    "right": [0, 1, 0, -1, 0],
    "down": [0, 0, 1, 0, 1],
    "reach": [LEAST_REACH, *(1 + np.log([0.8, 0.4, 0.8, 0.6]) / 2)],
    "turn": [0, 0, 0.5, 0.5, -0.5],
    "stroke": [0, 0, 0, 0.1, 0.1],
    "time": [0, 0.25, 0.5, 0.75, 1],
}


def see(name: str, rows: list[Tensor], num_points: int) -> Tensor:
    """One input of a batch of drawings, padded to `num_points`."""
    length_B = torch.tensor([len(r) for r in rows])
    rows_BT3 = torch.stack([torch.nn.functional.pad(r, (0, 0, 0, num_points - len(r))) for r in rows])
    return compute_inputs(rows_BT3, mask_padding(length_B, num_points), choose_inputs([name]))[:, :, 0]


def test_every_input_has_its_example() -> None:
    assert set(BY_HAND) == set(INPUTS)


@pytest.mark.parametrize("name", BY_HAND)
def test_input_is_what_paper_and_pencil_say_and_zero_on_padding(name: str) -> None:
    corner = torch.from_numpy(to_sequence(*flatten(CORNER)))
    dot = torch.tensor([[0.0, 0.0, 1.0]])
    column_BT = see(name, [corner, dot], num_points=8)
    np.testing.assert_allclose(column_BT[0], BY_HAND[name] + [0, 0, 0], atol=1e-6)
    of_a_dot = {"pen": 1.0, "start": 1.0, "reach": LEAST_REACH}.get(name, 0.0)
    np.testing.assert_allclose(column_BT[1], [of_a_dot] + [0] * 7, rtol=1e-6)


def test_what_several_inputs_need_is_computed_once() -> None:
    rows, mask = torch.zeros(2, 5, 3), torch.ones(2, 5, 1, dtype=torch.bool)
    every, some = choose_inputs(list(INPUTS)), choose_inputs(["x", "y"])
    assert launched(lambda: compute_inputs(rows, mask, some)).total() <= 8
    assert launched(lambda: compute_inputs(rows, mask, every)).total() <= 36


def test_positions_know_the_first_point_that_the_tutorial_leaves_out() -> None:
    right_and_up = [[[0, 2, 4], [4, 2, 0]]]
    rows = torch.from_numpy(to_sequence(*flatten(right_and_up), layout=Layout.tutorial))
    assert see("x", [rows], 3)[0].tolist() == [0, 0.5, 0]
    assert see("y", [rows], 3)[0].tolist() == [0, -0.5, 0]


def test_turning_right_back_is_a_half_turn_and_leaving_a_standstill_is_none() -> None:
    rows = torch.tensor([[0, 0, 0], [-1, -1, 0], [1, 1, 0], [0, 0, 0], [-1, -1, 1]], dtype=torch.float32)
    assert see("turn", [rows], 5)[0].tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("names", [[], ["dx", "colour"]])
def test_unknown_or_no_inputs_are_answered_with_the_known_ones(names: list[str]) -> None:
    with pytest.raises(UserError, match="choose from dx, dy, pen"):
        choose_inputs(names)
