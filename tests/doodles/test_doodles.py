"""The embedded dataset: well formed, reproducible, drawn by many hands, and neither trivial nor noise."""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkseq.doodles.human import by_hand
from inkseq.doodles.pen import Pen
from inkseq.doodles.write import BLOCK, CLASSES, doodles, key_ids, write_doodles
from inkseq.drawings.strokes import flatten

HEAD = re.compile(
    rb'\{"word":"[a-z ]+","countrycode":"[A-Z]{2}","timestamp":"2017-0[1-3]-\d\d \d\d:\d\d:\d\d\.\d{5} UTC",'
    rb'"recognized":(true|false),"key_id":"[4-6]\d{15}","drawing":\[\[\[[\d,\[\]]+\]\]\]\}\n'
)


def lines(word: str, count: int, seed: int = 0) -> list[bytes]:
    return list(chain.from_iterable(doodles(word, count, seed)))


def drawings(word: str, count: int, seed: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(word, count, seed)]


@pytest.fixture(scope="module")
def sample() -> dict[str, list[dict[str, Any]]]:
    return {word: drawings(word, 60) for word in CLASSES}


def test_there_are_enough_classes_and_their_names_are_words() -> None:
    assert len(CLASSES) >= 48
    assert {"cat", "clock", "ladder", "star", "snail", "fish", "house", "hot air balloon"} <= set(CLASSES)
    assert not [word for word in CLASSES if re.search("[^a-z ]", word)]


@pytest.mark.parametrize("word", sorted(CLASSES))
def test_every_line_is_canonical(word: str) -> None:
    fills_the_canvas = []
    for line in lines(word, 40, seed=3):
        assert HEAD.fullmatch(line)
        record = json.loads(line)
        assert json.dumps(record, separators=(",", ":")).encode() + b"\n" == line
        assert record["word"] == word
        assert all(len(stroke) == 2 and len(stroke[0]) == len(stroke[1]) for stroke in record["drawing"])
        points, pen = flatten(record["drawing"])
        assert pen.sum() == len(record["drawing"]) >= 1
        assert points.min() >= 0
        assert points.max() <= 255
        fills_the_canvas.append(np.all(points.min(axis=0) <= 4) and points.max() >= 250)
    # Not always: a line that doubles back on itself ends in a spike, which simplification may cut off.
    assert np.mean(fills_the_canvas) >= 0.9


def test_drawings_are_of_the_size_of_real_ones(sample: dict[str, list[dict[str, Any]]]) -> None:
    """Real Quick, Draw!: 40 points and 4.5 strokes on average over the classes that both have."""
    flat = {word: [flatten(record["drawing"]) for record in records] for word, records in sample.items()}
    num_points = {word: np.mean([len(points) for points, _ in pairs]) for word, pairs in flat.items()}
    num_strokes = [pen.sum() for pairs in flat.values() for _, pen in pairs]
    assert 33 < np.mean(list(num_points.values())) < 50
    assert 3.5 < np.mean(num_strokes) < 6
    assert max(num_points.values()) < 120
    assert min(num_points.values()) > 8
    assert num_points["cat"] > 1.5 * num_points["circle"]


def test_some_are_not_recognized_and_more_of_the_difficult_ones(
    sample: dict[str, list[dict[str, Any]]],
) -> None:
    share = {word: np.mean([not record["recognized"] for record in records]) for word, records in sample.items()}
    assert 0.05 < np.mean(list(share.values())) < 0.12
    by_strokes = sorted(share, key=lambda word: sum(len(record["drawing"]) for record in sample[word]))
    easy, hard = by_strokes[: len(by_strokes) // 2], by_strokes[len(by_strokes) // 2 :]
    assert np.mean([share[word] for word in hard]) > np.mean([share[word] for word in easy])


def test_no_two_drawings_are_alike(sample: dict[str, list[dict[str, Any]]]) -> None:
    everything = [json.dumps(record["drawing"]) for records in sample.values() for record in records]
    assert len(set(everything)) == len(everything)


def test_the_same_bytes_whatever_else_is_drawn(tmp_path: Path) -> None:
    assert write_doodles(tmp_path / "two", 30, 7, ["snail", "star"]) == 60
    assert write_doodles(tmp_path / "one", 30, 7, ["star"]) == 30
    star = (tmp_path / "one" / "star.ndjson").read_bytes()
    assert star == (tmp_path / "two" / "star.ndjson").read_bytes()
    assert star == b"".join(lines("star", 30, seed=7))
    assert star != b"".join(lines("star", 30, seed=8))
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["snail.ndjson", "star.ndjson"]


def test_more_drawings_begin_with_the_fewer() -> None:
    many = lines("fish", 2 * BLOCK + 5)
    assert len(many) == 2 * BLOCK + 5
    for fewer in (1, BLOCK - 1, BLOCK, BLOCK + 1):
        assert lines("fish", fewer) == many[:fewer]


def test_key_ids_are_unique_over_blocks_classes_and_seeds() -> None:
    blocks = [
        key_ids(word, seed, start) for word in CLASSES for seed in range(5) for start in range(0, 4 * BLOCK, BLOCK)
    ]
    assert len(np.unique(np.concatenate(blocks))) == sum(map(len, blocks))


def test_written_key_ids_are_these() -> None:
    assert [int(record["key_id"]) for record in drawings("moon", 9, seed=2)] == key_ids("moon", 2, 0)[:9].tolist()


def test_an_unknown_class_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'hous'; did you mean 'house'"):
        write_doodles(tmp_path / "out", 5, 0, ["cat", "hous"])
    assert not (tmp_path / "out").exists()


def test_a_failure_leaves_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cat.ndjson").write_text("what was here before\n")
    cat = CLASSES["cat"]
    blocks: list[Pen] = []

    def runs_dry(pen: Pen) -> None:
        if blocks:
            raise RuntimeError("out of ink")
        blocks.append(pen)
        cat(pen)

    monkeypatch.setitem(CLASSES, "cat", runs_dry)
    with pytest.raises(RuntimeError, match="out of ink"):
        write_doodles(tmp_path, BLOCK + 1, 0, ["cat"])
    assert [path.name for path in tmp_path.iterdir()] == ["cat.ndjson"]
    assert (tmp_path / "cat.ndjson").read_text() == "what was here before\n"


@pytest.mark.parametrize("word", sorted(CLASSES))
def test_every_drawing_of_a_class_has_ink(word: str) -> None:
    """Styles and optional strokes never leave a page empty, nor a drawing without extent."""
    pen = Pen(np.random.default_rng(11), 3000)
    CLASSES[word](pen)
    planned = np.bincount(np.concatenate([stroke.rows for stroke in pen.strokes]), minlength=3000)
    assert planned.min() >= 1
    ink = by_hand(pen)
    assert np.isfinite(ink.points).all()
    assert np.diff(ink.offsets).min() >= 2
    assert np.array_equal(ink.pen[ink.offsets[1:] - 1], np.ones(3000))


def test_hands_differ() -> None:
    """One square asked for many times: strokes joined and not, both directions, never the same twice."""
    pen = Pen(np.random.default_rng(0), 400)
    for side in (-1, 1):
        pen.line(side, -1, side, 1)
        pen.line(-1, side, 1, side)
    ink = by_hand(pen)
    num_strokes = np.add.reduceat(ink.pen, ink.offsets[:-1])
    assert {2, 3, 4} <= set(num_strokes.tolist())
    down = ink.points[ink.offsets[:-1] + 3, 1] > ink.points[ink.offsets[:-1], 1]
    assert 0.05 < down.mean() < 0.95


def picture(drawing: list[list[list[int]]], size: int = 12) -> NDArray[np.float64]:
    """Ink in `size` x `size` boxes by four directions, centred, of length 1."""
    middle = (255 - np.max([[max(xs), max(ys)] for xs, ys in drawing], axis=0)) / 2
    ink = np.zeros((4, size, size))
    for xs, ys in drawing:
        points = np.stack([xs, ys], axis=1) + middle
        begin, way = points[:-1, None], np.diff(points, axis=0)[:, None]
        places = ((begin + way * np.linspace(0, 1, 16)[None, :, None]) / 256 * size).astype(int)
        angle, length = np.arctan2(way[..., 1], way[..., 0]), np.hypot(way[..., 0], way[..., 1])
        for direction in range(4):
            share = length * np.maximum(np.cos(2 * (angle - direction * np.pi / 4)), 0)
            np.add.at(ink[direction], (places[..., 1], places[..., 0]), share)
    blurred = np.sqrt(ink + np.roll(ink, 1, 1) + np.roll(ink, -1, 1) + np.roll(ink, 1, 2) + np.roll(ink, -1, 2))
    flat: NDArray[np.float64] = blurred.ravel() / max(np.linalg.norm(blurred), 1e-9)
    return flat


def test_a_simple_classifier_learns_much_but_not_all(sample: dict[str, list[dict[str, Any]]]) -> None:
    """One nearest neighbour, 50 pictures a class: far above chance (1.6 %), and far from perfect."""
    pictures = np.array([[picture(record["drawing"]) for record in records] for records in sample.values()])
    known, asked = pictures[:, :50].reshape(-1, pictures.shape[2]), pictures[:, 50:].reshape(-1, pictures.shape[2])
    named = (asked @ known.T).argmax(axis=1) // 50
    right = named == np.repeat(np.arange(len(sample)), 10)
    assert 0.4 < right.mean() < 0.85
    by_class = dict(zip(sample, right.reshape(-1, 10).mean(axis=1), strict=True))
    assert sum(share >= 0.2 for share in by_class.values()) > 0.9 * len(by_class)
