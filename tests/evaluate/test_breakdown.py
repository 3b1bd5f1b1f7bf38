"""Groups of drawings, against looking at each drawing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inkseq.data.packed import PackedStrokes, count_strokes, fingerprint, open_packed
from inkseq.evaluate.breakdown import (
    Key,
    by,
    country_key,
    head_and_tail,
    points_key,
    recognized_key,
    strokes_key,
    writer_key,
)
from inkseq.evaluate.facts import Facts
from inkseq.evaluate.intervals import wilson
from inkseq.evaluate.metrics import ClassMetrics
from inkseq.inference.runs import Run
from tests.evaluate.made import facts_of, made_up, take
from tests.scans import CLASSES, pack_scans
from tests.train.tiny import tiny


def facts_about(data: PackedStrokes, split: str) -> Facts:
    """Made-up answers to the drawings of a split, but for a few."""
    index_N = np.array(data.split(split)).astype(np.int32)
    facts = facts_of(*made_up(len(index_N), 4, seed=0))
    return take(replace(facts, index_N=index_N), np.arange(len(index_N)) % 5 > 0)


def words(key: Key) -> list[str]:
    return [key.names[k] for k in key.key_N]


def test_a_group_is_counted_with_its_interval() -> None:
    logits_NK = torch.eye(2).repeat(5, 1)
    facts = facts_of(logits_NK, torch.tensor([0, 1, 0, 0, 1, 1, 0, 1, 0, 1]))
    key_N = np.array([0, 0, 0, 0, 0, 0, 0, 0, 2, 2])
    first, last = by(facts, key_N, ["some", "none", "others"])
    assert (first.name, first.count, first.top1) == ("some", 8, 6 / 8)
    assert (first.low, first.high) == wilson(6, 8)
    assert (last.name, last.count, last.top1, last.high) == ("others", 2, 1, 1)
    assert 0 < last.low < 1


def test_strokes_are_counted_a_stretch_at_a_time(data: PackedStrokes) -> None:
    for split in ("train", "test"):
        chosen = data.split(split)
        counts = [int(data.drawing(index)[1].sum()) for index in chosen]
        assert count_strokes(data, chosen, stretch=7).tolist() == count_strokes(data, chosen).tolist() == counts


def test_points_and_strokes_are_those_of_the_drawing(data: PackedStrokes) -> None:
    facts = facts_about(data, "train")
    pens = [data.drawing(index)[1] for index in facts.index_N]
    for key, counts in (
        (points_key(data, facts), [len(pen) for pen in pens]),
        (strokes_key(data, facts), [int(pen.sum()) for pen in pens]),
    ):
        for name, count in zip(words(key), counts, strict=True):
            low, _, high = name.removesuffix(" or more").partition("–")
            assert int(low) <= count
            assert "more" in name or count <= int(high or low)
        assert len(set(words(key))) > 2
        assert sum(row.count for row in by(facts, *key)) == len(facts)


def test_the_ranges_are_fixed(data: PackedStrokes) -> None:
    facts = facts_about(data, "test")
    assert points_key(data, facts).names == ["1–9", "10–19", "20–34", "35–49", "50–69", "70 or more"]
    assert strokes_key(data, facts).names == ["1", "2", "3–4", "5–7", "8–11", "12 or more"]


def test_the_game_recognised_them_or_not(data: PackedStrokes) -> None:
    facts = facts_about(data, "test")
    recognized = np.arange(len(data)) % 3 > 0
    key = recognized_key(replace(data, recognized=recognized), facts)
    assert [word == "recognized by the game" for word in words(key)] == recognized[facts.index_N].tolist()


def test_writers_have_their_names_where_they_are_known(data: PackedStrokes) -> None:
    facts = facts_about(data, "train")
    assert writer_key(data, facts) is None
    writer = np.arange(len(data), dtype=np.int32) % 3 - 1
    key = writer_key(replace(data, writer=writer, meta=data.meta | {"writers": ["Ada", "Ben"]}), facts)
    assert key is not None
    assert words(key) == [["unknown", "Ada", "Ben"][w + 1] for w in writer[facts.index_N]]


def test_ten_countries_have_names(data: PackedStrokes) -> None:
    facts = facts_about(data, "train")
    codes = [b"US", b"", b"DE", b"FR", b"GB", b"IT", b"FI", b"SE", b"BR", b"CZ", b"AA", b"BB"]
    which = np.minimum(np.random.default_rng(0).geometric(0.25, len(data)) - 1, 11)
    which[facts.index_N[:12]] = np.arange(12)
    countrycode = np.array(codes)[which]
    key = country_key(replace(data, countrycode=countrycode), facts)
    count = [int((which[facts.index_N] == k).sum()) for k in range(12)]
    frequent = sorted(range(12), key=lambda k: (-count[k], codes[k]))[:10]
    assert key.names == [codes[k].decode() or "unknown" for k in frequent] + ["others"]
    for word, code in zip(words(key), countrycode[facts.index_N], strict=True):
        assert word == ((code.decode() or "unknown") if codes.index(code) in frequent else "others")


def test_few_countries_need_no_others(data: PackedStrokes) -> None:
    key = country_key(replace(data, countrycode=np.full(len(data), b"US")), facts_about(data, "test"))
    assert key.names == ["US"]
    assert not key.key_N.any()


def learnt(folder: Path, counts: list[int]) -> Run:
    """A run on as many images of each class."""
    packed = pack_scans(folder / "scans", {"train": sum(counts), "val": 0, "test": 0})
    np.save(packed / "labels.npy", np.repeat(np.arange(3, dtype=np.int16), counts))
    config, model = tiny(packed, folder), torch.nn.Identity()
    return Run(folder, config, CLASSES, model, 0, identity=fingerprint(open_packed(packed)))  # type: ignore[arg-type]


def found(right: int, count: int) -> ClassMetrics:
    return ClassMetrics(count, right / count if count else None, None, None)


def test_head_middle_and_tail_are_by_how_many_were_learnt_from(tmp_path: Path) -> None:
    run, per_class = learnt(tmp_path, [101, 19, 20]), [found(9, 10), found(1, 3), found(2, 4)]
    rows = head_and_tail(run, per_class)
    assert [(row.name, row.count, row.top1) for row in rows] == [
        ("tail, fewer than 20", 3, 1 / 3), ("middle, 20 to 100", 4, 0.5), ("head, more than 100", 10, 0.9)
    ]  # fmt: skip
    assert (rows[0].low, rows[0].high) == wilson(1, 3)
    assert len(head_and_tail(run, [found(9, 10), found(0, 0), found(2, 4)])) == 2  # a class that was not tested


@pytest.mark.parametrize("counts", [[30, 60, 100], [5, 5, 6]])
def test_of_classes_that_are_alike_there_is_no_head_and_no_tail(tmp_path: Path, counts: list[int]) -> None:
    assert head_and_tail(learnt(tmp_path, counts), [found(1, 2)] * 3) == []


def test_nothing_is_said_of_what_it_learnt_from_once_that_is_gone(tmp_path: Path) -> None:
    run = learnt(tmp_path, [101, 19, 20])
    assert head_and_tail(replace(run, identity=run.identity | {"size": 64}), [found(1, 2)] * 3) == []
    (tmp_path / "scans" / "meta.json").unlink()
    assert head_and_tail(run, [found(1, 2)] * 3) == []
