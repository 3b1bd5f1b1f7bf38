"""Killed at any instant, a command leaves what was there or what it makes, whole; and started again it succeeds."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkseq.data.packed import check_content, open_packed
from tests.convert.test_convert import contents, write
from tests.faults.kills import kill_at_random
from tests.samples import random_lines


def test_a_command_is_killed_or_says_how_it_ended(tmp_path: Path) -> None:
    rng = random.Random(0)
    begun = time.perf_counter()
    assert kill_at_random(["sleep", "60"], tmp_path, rng, 0.1) is None
    assert time.perf_counter() - begun < 10
    assert kill_at_random(["bash", "-c", "exit 3"], tmp_path, rng, 60) == 3


def test_what_it_has_started_is_killed_too(tmp_path: Path) -> None:
    command = ["bash", "-c", "(sleep 1; touch survived) & wait"]
    assert kill_at_random(command, tmp_path, random.Random(0), 0.1) is None
    time.sleep(1.5)
    assert not (tmp_path / "survived").exists()


@pytest.mark.slow
def test_convert_is_killed_at_five_instants_and_leaves_no_half_dataset(tmp_path: Path) -> None:
    """The dataset that was there, or the new one; between the two renames the old one lies in the room, whole."""
    kills, rng = 5, random.Random(0)
    lines = random_lines(300)
    for first in range(0, 300, 100):
        many = [t.replace(b'"key_id":"1', b'"key_id":"%d' % (1 + n)) for n in range(first, first + 100) for t in lines]
        write(tmp_path / "raw" / f"{first}.ndjson", many)
    command = [sys.executable, "-m", "inkseq.convert", "raw=raw", "workers=2", "overwrite=true"]
    begun = time.perf_counter()
    subprocess.run([*command, "out=whole"], cwd=tmp_path, check=True)
    longest = time.perf_counter() - begun
    whole = contents(open_packed(tmp_path / "whole"))

    packed, room = tmp_path / "packed", tmp_path / ".packed.partial"
    subprocess.run([*command, "out=packed", "seed=1"], cwd=tmp_path, check=True)
    before = contents(open_packed(packed))
    for _ in range(kills):
        assert kill_at_random([*command, "out=packed"], tmp_path, rng, longest) in (None, 0)
        there = open_packed(packed if packed.exists() else room / "old")
        check_content(there)
        assert contents(there) in (before, whole)
    subprocess.run([*command, "out=packed"], cwd=tmp_path, check=True)
    assert contents(open_packed(packed)) == whole
    assert not room.exists()
