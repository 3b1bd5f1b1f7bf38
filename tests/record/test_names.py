"""Names that can be read and told apart."""

from pathlib import Path

import pytest

from inkseq.record.folders import find_runs
from inkseq.record.names import LONGEST, group_names, run_names, short_names


@pytest.mark.parametrize(
    ("runs", "group"),
    [
        ([("hidden=64,seed=0", 0), ("hidden=64,seed=1", 1)], "hidden=64"),
        ([("seed=0,hidden=64", 0), ("seed=10,hidden=64", 10)], "hidden=64"),
        ([("lstm-s0", 0), ("lstm-s1", 1)], "lstm"),
        ([("sweep/seed=3,lr=1e-3", 3), ("sweep/seed=4,lr=1e-3", 4)], "sweep/lr=1e-3"),
        ([("lstm-0", 0), ("lstm-1", 1)], "lstm"),
        ([("lr=1e-1", 1)], "lr=1e-1"),
        ([("layers=1", 1)], "layers=1"),
        ([("seed=0", 0)], "seed=0"),
        ([("first", 0), ("again", 1)], "first"),
    ],
)
def test_a_group_is_called_after_its_runs_without_their_seeds(runs: list[tuple[str, int]], group: str) -> None:
    assert group_names([runs]) == [group]


def test_groups_of_the_same_name_are_called_after_their_first_run() -> None:
    assert group_names([[("a-s0", 0)], [("a-s1", 1)], [("b-s0", 0)]]) == ["a-s0", "a-s1", "b"]


def test_runs_are_called_by_where_they_are_below_a_common_folder() -> None:
    assert run_names([Path("runs/a"), Path("runs/sweep/b=1,c=2")]) == ["a", "sweep/b=1,c=2"]
    assert run_names([Path("runs/a")]) == ["a"]
    seeds = run_names([Path("runs/lstm/seed=0"), Path("runs/lstm/seed=1")])
    assert seeds == ["lstm/seed=0", "lstm/seed=1"]
    assert run_names([Path("runs/lstm/seed=0"), Path("runs/gru/seed=0")]) == ["lstm/seed=0", "gru/seed=0"]
    assert group_names([list(zip(seeds, (0, 1), strict=True))]) == ["lstm"]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["hidden=64,seed=0", "hidden=128,seed=0"], ["hidden=64", "hidden=128"]),
        (["quickdraw16-lstm-s0", "quickdraw16-gru-s0"], ["lstm", "gru"]),
        (["lstm,wide,lr=1e-3,seed=0", "gru,wide,lr=1e-4,seed=0"], ["lstm,lr=1e-3", "gru,lr=1e-4"]),
        (["lr=0.001", "lr=0.002"], ["lr=0.001", "lr=0.002"]),
        (["q-lstm-end", "q-gru-two-end"], ["lstm", "gru-two"]),
        (["a", "a-b"], ["a", "a-b"]),
        (["only-one"], ["only-one"]),
    ],
)
def test_names_are_shortened_to_what_differs(names: list[str], short: list[str]) -> None:
    assert short_names(names) == short


def test_long_names_lose_their_middle_and_stay_different() -> None:
    alike = ["x" * 200 + end for end in ("a", "b")]
    assert all(len(name) <= LONGEST for name in short_names(alike))
    assert len(set(short_names(alike))) == 2
    only_in_the_middle = ["x" * 100 + middle + "x" * 100 for middle in "ab"]
    assert short_names(only_in_the_middle) == only_in_the_middle


def test_runs_in_a_folder_come_by_number_and_each_once(tmp_path: Path) -> None:
    for name in ("hidden=128", "hidden=64", "deep/er"):
        (tmp_path / "sweep" / name / "checkpoints").mkdir(parents=True)
    (tmp_path / "sweep" / ".hydra").mkdir()  # of the sweep, not of a run
    sweep = tmp_path / "sweep"
    found = [sweep / "deep/er", sweep / "hidden=64", sweep / "hidden=128"]
    assert find_runs([str(sweep)], set()) == found
    assert find_runs([str(sweep / "hidden=128"), str(sweep)], set()) == [found[2], found[0], found[1]]
