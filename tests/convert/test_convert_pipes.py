"""What another program writes, as `raw=<(zcat a.ndjson.gz)`: read as a stream, or refused in a line."""

import gzip
import os
from pathlib import Path

import pytest

from inkseq.errors import UserError
from tests.convert.test_convert import CSV_HEADER, contents, csv_row, pack, write
from tests.faults.pipes import pipe
from tests.samples import random_lines


@pytest.mark.parametrize("name", ["pipe", "pipe.ndjson"])
def test_a_pipe_gives_the_same_arrays_as_a_file(name: str, tmp_path: Path) -> None:
    lines = [b"\xef\xbb\xbf", *random_lines(60)]
    expected = contents(pack(tmp_path, write(tmp_path / "a.ndjson", lines))[0])
    data, _ = pack(tmp_path, pipe(tmp_path / name, b"".join(lines)), out="piped")
    assert contents(data) == expected


@pytest.mark.parametrize("table", [False, True])
def test_what_a_pipe_without_a_name_gives_is_looked_at(table: bool, tmp_path: Path) -> None:
    lines = random_lines(60)
    text = (CSV_HEADER + "".join(map(csv_row, lines))).encode() if table else b"".join(lines)
    data, books = pack(tmp_path, pipe(tmp_path / "63", gzip.compress(text)))
    assert (len(data), books.lines) == (60, 60)


@pytest.mark.parametrize("name", ["a.zip", "a.npz"])
def test_what_a_pipe_cannot_give_is_said(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(UserError, match=rf"{name}: a pipe; \.npz, \.zip and images are read from a file"):
        pack(tmp_path, tmp_path / name)


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.ndjson", random_lines(3))
    os.mkfifo(tmp_path / "raw" / "b.ndjson")
    assert pack(tmp_path, tmp_path / "raw")[1].lines == 3
