"""Checkpoints: whatever has become of the file, it is what was saved or a line that names it."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from inkseq.errors import UserError
from inkseq.inference import checkpoint

STATE: dict[str, Any] = {
    "model": {"weight": torch.arange(2000.0), "count": torch.tensor(3)},
    "average": None,
    "config": {"model": {"hidden": 8}},
    "classes": ["cat", "dog"],
    "data": {"classes": ["cat", "dog"]},
    "step": 7,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    checkpoint.save(tmp_path / "last.pt", STATE)
    return tmp_path / "last.pt"


def test_a_byte_that_changed_is_found_or_changes_nothing(path: Path) -> None:
    good, chance = path.read_bytes(), random.Random(0)
    found = 0
    for _ in range(300):
        place = chance.randrange(len(good))
        path.write_bytes(good[:place] + bytes([good[place] ^ 1 << chance.randrange(8)]) + good[place + 1 :])
        with suppress(UserError):
            assert torch.equal(checkpoint.load(path)["model"]["weight"], STATE["model"]["weight"])
            found -= 1
        found += 1
    assert found > 290


@pytest.mark.parametrize("part", [0, 1, 30, 5000, -1])
def test_part_of_a_file_is_refused_in_a_line(path: Path, part: int) -> None:
    path.write_bytes(path.read_bytes()[:part])
    with pytest.raises(UserError, match=r"last.pt is damaged[^\n]*$"):
        checkpoint.load(path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda state: state.pop("config"), "its config is missing"),
        (lambda state: state.pop("classes"), "its classes is missing"),
        (lambda state: state.update(step="7"), "its step is missing or of another kind"),
        (lambda state: state.update(model={"weight": torch.tensor([1.0, torch.nan])}), "not every number of weight"),
        (lambda state: state.update(average={"weight": torch.tensor([torch.inf])}), "not every number of weight"),
        (lambda state: state.update(model={"weight": "a"}), "not every number of weight"),
    ],
)
def test_what_nothing_could_go_by_is_named(path: Path, change: Callable[[dict[str, Any]], Any], expected: str) -> None:
    state = dict(STATE)
    change(state)
    checkpoint.save(path, state)
    with pytest.raises(UserError, match=f"last.pt is damaged: {expected}"):
        checkpoint.load(path)


def test_pytorch_alone_opens_it_and_what_was_saved_without_a_digest_opens_too(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    assert torch.equal(state["model"]["weight"], STATE["model"]["weight"])
    torch.save(state, path)
    assert checkpoint.load(path)["step"] == 7


def test_the_one_before_stays_until_the_new_one_is_read_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = path.read_bytes()
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda self, content: write(self, content[:-1] + b"?"))
    with pytest.raises(UserError, match=r"not what was written; the last good last.pt stays"):
        checkpoint.save(path, STATE | {"step": 8})
    assert path.read_bytes() == good
    assert [p.name for p in path.parent.iterdir()] == ["last.pt"]
