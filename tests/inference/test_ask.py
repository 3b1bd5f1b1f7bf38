"""Whoever is asked: every drawing once, over all ranks, in batches that fit; whatever its device and family."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inkseq.data.batches import Batch
from inkseq.data.kinds import load_split
from inkseq.data.resident import Drawings
from inkseq.devices import Ranks
from inkseq.drawings.pixels import of_strokes
from inkseq.inference import ask
from inkseq.inference.ask import MOST_DRAWINGS, OF_SPLIT, answer, answer_split, batches_of, in_few_shapes, together
from tests.data.test_batches import CPU, doodle_lengths, made_up
from tests.models.scribbles import pad, scribbles, small


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 300), st.sampled_from([1, 100, 1000]))
def test_every_drawing_once_the_longest_first_and_no_more_than_fits(count: int, most: int, most_steps: int) -> None:
    length_N = np.array(doodle_lengths(count))
    batches = list(together(length_N, most_steps=most_steps, most_drawings=most))
    assert sorted(i for which_B in batches for i in which_B.tolist()) == list(range(count))
    lengths = [n for which_B in batches for n in length_N[which_B].tolist()]
    assert lengths == sorted(lengths, reverse=True)
    for which_B in batches:
        assert len(which_B) == 1 or len(which_B) * length_N[which_B].max() <= most_steps
        assert len(which_B) <= most


def evaluation_batches(drawings: Drawings, ranks: Ranks) -> list[Batch]:
    return [batch for batch, _ in answer_split(small(), drawings, torch.float32, ranks)]


@pytest.mark.parametrize("world", [1, 2, 4])
def test_evaluation_sees_every_drawing_once_over_all_ranks(world: int) -> None:
    drawings = load_split(made_up(doodle_lengths(23)), "train", CPU)
    ranks = [evaluation_batches(drawings, Ranks(rank, world)) for rank in range(world)]
    assert sorted(i for batches in ranks for batch in batches for i in batch.index_B.tolist()) == list(range(23))
    for batches in ranks:
        lengths = [n for batch in batches for n in of_strokes(batch.drawings).length_B.tolist()]
        assert lengths == sorted(lengths, reverse=True)


def test_evaluation_takes_no_more_than_so_many_dots_at_a_time() -> None:
    most = OF_SPLIT * MOST_DRAWINGS
    drawings = load_split(made_up([2] * (2 * most + 7)), "train", CPU)
    assert [len(batch.label_B) for batch in evaluation_batches(drawings, Ranks(0, 1))] == [most, most, 7]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(1, 60), st.sampled_from([1, 1000, 10**5]))
def test_few_shapes_hold_every_drawing_once(count: int, most: int, most_steps: int) -> None:
    length_N = np.array(doodle_lengths(count))
    batches = list(in_few_shapes(length_N, most_steps, most))
    assert np.concatenate([which_B for which_B, _ in batches]).tolist() == np.argsort(-length_N, kind="stable").tolist()
    for which_B, num_points in batches:
        longest = int(length_N[which_B].max())
        assert longest <= num_points < max(longest + 16, 1.25 * longest + 1)
        assert len(which_B) == 1 or len(which_B) * num_points <= most_steps
        assert len(which_B) <= most


def test_a_hundred_thousand_drawings_are_few_batches_of_few_shapes_on_a_gpu() -> None:
    length_N = np.array(doodle_lengths(100_000))
    shapes = [(len(which_B), points or 0) for which_B, points in batches_of(length_N, np.asarray, few_shapes=True)]
    assert len(shapes) < 60
    assert len(set(shapes)) <= 20
    assert int(length_N.sum()) > 0.8 * sum(size * points for size, points in shapes)


def test_few_shapes_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings, model = load_split(made_up(doodle_lengths(300)), "train", CPU), small()
    asked = {batch.index_B: logits_BK for batch, logits_BK in answer_split(model, drawings, torch.float32)}
    monkeypatch.setattr(ask, "batches_of", lambda length_N, *_: in_few_shapes(length_N, 4000, 64))
    again = {batch.index_B: logits_BK for batch, logits_BK in answer_split(model, drawings, torch.float32)}
    one_NK, other_NK = (torch.cat(list(some.values()))[torch.cat(list(some)).argsort()] for some in (asked, again))
    assert len(again) != len(asked)
    torch.testing.assert_close(one_NK, other_NK, rtol=0, atol=1e-5)


def test_drawings_without_a_word_are_for_evaluation_only() -> None:
    drawings = load_split(made_up([3, 4], labels=[-1, -1]), "train", CPU)
    assert [batch.label_B.tolist() for batch in evaluation_batches(drawings, Ranks(0, 1))] == [[-1], [-1]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_answers_are_in_float32_and_have_no_gradients(dtype: torch.dtype) -> None:
    model, drawings = small(), pad(scribbles([5, 3]))
    logits_BK = answer(model, drawings, dtype)
    assert logits_BK.dtype == torch.float32
    assert not logits_BK.requires_grad
    torch.testing.assert_close(logits_BK, answer(model, drawings), rtol=0.05, atol=0.05)
    with torch.inference_mode():
        torch.testing.assert_close(model.head(answer(model.features, drawings)), answer(model, drawings))


def test_a_model_in_training_is_asked_as_it_would_be_afterwards() -> None:
    drawings = load_split(made_up([5, 5, 5]), "train", CPU)
    model = small(dropout=0.5).train()
    ((_, logits_BK),) = answer_split(model, drawings, torch.float32)
    ((_, again_BK),) = answer_split(model, drawings, torch.float32)
    assert torch.equal(logits_BK, again_BK)
    assert model.training


def test_autocast_is_here_and_nowhere_else_outside_training() -> None:
    assert ask.__file__
