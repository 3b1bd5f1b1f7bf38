"""Drawings in part, against making and naming every part by itself."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkseq.config import AugmentConfig
from inkseq.data.augment import augment_strokes
from inkseq.data.batches import gather_first
from inkseq.data.packed import PackedStrokes
from inkseq.data.resident import Drawings
from inkseq.drawings.pixels import of_strokes
from inkseq.evaluate.early import Early, early, film, points_at_strokes
from inkseq.evaluate.matching import match
from inkseq.families import Layout
from inkseq.inference.ask import answer_parts, together
from inkseq.inference.runs import Run
from inkseq.models.hybrid import Hybrid
from inkseq.models.rows import to_sequence
from tests.models.scribbles import say_of_rows


def alone(run: Run, data: PackedStrokes, index: int, num_points: int) -> Tensor:
    """logits_K of the first points of a drawing, made a sequence in numpy."""
    points, pen = data.drawing(index)
    pen = pen[:num_points].copy()
    pen[-1] = 1
    assert isinstance(run.model, Hybrid)
    rows = torch.from_numpy(to_sequence(points[:num_points], pen, run.model.layout))
    return say_of_rows(run.model, rows if len(rows) else torch.zeros(1, 3))


def test_parts_are_what_training_breaks_off(drawings: Drawings) -> None:
    index_B = np.arange(len(drawings))
    strokes = of_strokes(drawings.gather(index_B, int(drawings.length_N.max()))[0])
    broken = augment_strokes(strokes, AugmentConfig(prefix=1.0), torch.Generator().manual_seed(0))
    parts = of_strokes(gather_first(drawings, index_B, broken.length_B.numpy()))
    num_points = parts.pen_BT.shape[1]
    assert num_points == broken.length_B.max() < strokes.pen_BT.shape[1]
    assert (broken.length_B < strokes.length_B).sum() > 10
    assert torch.equal(parts.length_B, broken.length_B)
    assert torch.equal(parts.pen_BT, broken.pen_BT[:, :num_points])
    assert torch.equal(parts.xy_BT2, broken.xy_BT2[:, :num_points])


@pytest.mark.parametrize("layout", list(Layout))
def test_parts_in_batches_are_named_as_alone(
    trained: Run, data: PackedStrokes, drawings: Drawings, layout: Layout
) -> None:
    run = replace(trained, model=copy.deepcopy(trained.model))
    run.model.layout = layout  # type: ignore[assignment]
    position_P = np.repeat(np.arange(6), 3)
    length_N = drawings.length_N[:6].astype(np.int64)
    length_P = np.stack([np.ones_like(length_N), length_N // 2, length_N], axis=1).ravel()
    for part, logits_K in enumerate(answer_parts(run, drawings, position_P, length_P, "a test")):
        expected_K = alone(run, data, drawings.first + int(position_P[part]), int(length_P[part]))
        torch.testing.assert_close(logits_K, expected_K, atol=1e-4, rtol=1e-4)


def test_batches_are_small_however_many_parts_there_are() -> None:
    length_N = np.random.default_rng(0).integers(1, 9, 1000)
    length_N[:3] = 5000
    batches = list(together(length_N))
    assert np.array_equal(np.sort(np.concatenate(batches)), np.arange(1000))
    assert max(len(batch) * length_N[batch].max() for batch in batches) <= 8192
    assert max(map(len, batches)) == 64


def test_points_at_strokes_are_where_the_pen_is_lifted(data: PackedStrokes, drawings: Drawings) -> None:
    position_N = np.arange(len(drawings))
    end_NX = points_at_strokes(drawings, position_N)
    strokes = []
    for position in position_N.tolist():
        _, pen = data.drawing(drawings.first + position)
        ends = (np.flatnonzero(pen) + 1).tolist()
        strokes.append(len(ends))
        assert end_NX[position].tolist() == ends + [len(pen)] * (end_NX.shape[1] - len(ends))
    assert min(strokes) < max(strokes) == end_NX.shape[1]


def obvious(run: Run, data: PackedStrokes, drawings: Drawings, found: Early) -> dict[str, NDArray[np.float64]]:
    """What is right of the drawings found, part by part."""

    def places(index: int, ends: list[int]) -> list[int]:
        label = data.labels[index]
        rows = [alone(run, data, index, end).tolist() for end in ends]
        return [sorted(range(len(row)), key=lambda k: -row[k]).index(label) for row in rows]

    by_tenth, by_stroke = [], []
    for index in found.index_N.tolist():
        _, pen = data.drawing(index)
        ends = (np.flatnonzero(pen) + 1).tolist()
        by_tenth.append(places(index, [math.ceil(len(pen) * tenth / 10) for tenth in range(1, 11)]))
        by_stroke.append(places(index, (ends + [len(pen)] * 20)[: len(found.top1_X)]))
    shares = {"S": np.array(by_tenth), "X": np.array(by_stroke)}
    return {f"top{n}_{axis}": (place < n).mean(axis=0) for axis, place in shares.items() for n in (1, 3)} | {
        "right_NS": np.array(by_tenth) == 0
    }


def test_early_is_what_naming_every_part_says(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    found = early(trained, drawings, match(data.classes, trained.classes), most=16)
    assert len(set(found.index_N.tolist())) == 16
    expected = obvious(trained, data, drawings, found)
    right_NS = expected.pop("right_NS")
    for name, share in expected.items():
        assert getattr(found, name).tolist() == pytest.approx(share.tolist()), name
    assert found.share_S.tolist() == pytest.approx([n / 10 for n in range(1, 11)])
    assert len(found.top1_X) == max(int(data.drawing(index)[1].sum()) for index in found.index_N)
    known = [np.mean([right_S[s:].all() for right_S in right_NS]) for s in range(10)]
    assert found.known_S.tolist() == pytest.approx(known)
    assert found.median == next((pytest.approx((s + 1) / 10) for s in range(10) if known[s] >= 0.5), None)
    assert 0 < right_NS.mean() < 1


def test_what_is_never_known_has_no_median(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    drawings.label_N = np.full(len(drawings), data.classes.index("cat"), np.int16)
    found = early(trained, drawings, match(data.classes, trained.classes))
    assert found.median is None
    assert found.known_S[-1] < 0.5


def test_a_film_shows_a_drawing_grow(trained: Run, data: PackedStrokes, drawings: Drawings) -> None:
    index_N = drawings.first + np.array([7, 2])
    films = film(trained, drawings, index_N, shares=(0.001, 0.5, 1))
    for index, frames in zip(index_N.tolist(), films, strict=True):
        num_points = len(data.drawing(index)[1])
        assert [frame.num_points for frame in frames] == [1, math.ceil(num_points / 2), num_points]
        for frame in frames:
            chance_K = alone(trained, data, index, frame.num_points).softmax(dim=0)
            assert frame.said == trained.classes[int(chance_K.argmax())]
            assert frame.sure == pytest.approx(float(chance_K.max()), abs=1e-4)
