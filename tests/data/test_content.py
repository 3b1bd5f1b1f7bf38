"""Digests: drawings that were changed, or converted anew with the same counts, are other ones."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from inkseq.data.content import PIECE, digest
from inkseq.data.packed import ARRAYS, check_content, fingerprint, open_strokes
from inkseq.errors import UserError
from inkseq.inference.runs import data_differences
from tests.convert.test_convert import pack, write
from tests.samples import random_lines


def test_any_change_of_any_byte_is_another_content() -> None:
    array = np.zeros(3 * PIECE + 7, np.uint8)
    before = digest(array)
    for at in (0, PIECE - 1, PIECE, len(array) - 1):
        changed = array.copy()
        changed[at] = 1
        assert digest(changed) != before
    assert len({before, digest(array[:-1]), digest(array[: 2 * PIECE])}) == 3
    assert digest(np.array([[1, 2], [3, 4]], np.int16)) != digest(np.array([[1, 3], [2, 4]], np.int16))


def test_a_digest_takes_time_by_size_alone() -> None:
    def seconds(array: "np.ndarray[tuple[int], np.dtype[np.uint8]]") -> float:
        begun = time.perf_counter()
        digest(array)
        return time.perf_counter() - begun

    array = np.zeros(1 << 27, np.uint8)
    least = {size: min(seconds(array[:size]) for _ in range(5)) for size in (1 << 25, 1 << 27)}
    assert least[1 << 27] < 12 * least[1 << 25]


def test_the_same_drawings_have_the_same_fingerprint_wherever_they_come_from(tmp_path: Path) -> None:
    lines = random_lines(60)
    whole, _ = pack(tmp_path, write(tmp_path / "a.ndjson", lines), out="whole")
    write(tmp_path / "b" / "1.ndjson", lines[30:])
    write(tmp_path / "b" / "2.ndjson", lines[:30])
    parts, _ = pack(tmp_path, tmp_path / "b", out="parts", per_bucket=3_000)
    assert fingerprint(parts) == fingerprint(whole)
    assert whole.meta["digests"].keys() == ARRAYS.keys()


def test_other_drawings_have_another_one_though_all_counts_are_the_same(tmp_path: Path) -> None:
    lines = random_lines(60)
    one, _ = pack(tmp_path, write(tmp_path / "a.ndjson", lines), out="one")
    moved = lines[0].replace(b"[[0,", b"[[1,", 1)
    other, _ = pack(tmp_path, write(tmp_path / "b.ndjson", [moved, *lines[1:]]), out="other")
    assert one.meta["num_points"] == other.meta["num_points"]
    assert list(data_differences(fingerprint(one), fingerprint(other))) == ["content.points"]


@pytest.mark.parametrize("name", list(ARRAYS))
def test_bytes_that_were_changed_since_are_named(tmp_path: Path, name: str) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(60)))
    check_content(data)
    array = np.load(data.path / f"{name}.npy", mmap_mode="r+")
    array.reshape(-1).view(np.uint8)[0] ^= 1
    with pytest.raises(UserError, match=rf"packed: {name}\.npy changed since convert wrote it; convert again$"):
        check_content(data)


def test_a_dataset_from_before_there_were_digests_is_compared_by_all_else(tmp_path: Path) -> None:
    data, _ = pack(tmp_path, write(tmp_path / "a.ndjson", random_lines(60)))
    meta = {key: value for key, value in data.meta.items() if key != "digests"}
    (data.path / "meta.json").write_text(json.dumps(meta))
    before = open_strokes(data.path)
    check_content(before)
    assert data_differences(fingerprint(before), fingerprint(data)) == {}
    assert data_differences(fingerprint(data), fingerprint(before)) == {}
    assert data_differences(fingerprint(before) | {"num_points": 7}, fingerprint(data)).keys() == {"num_points"}
