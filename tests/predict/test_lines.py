"""Lines of JSON and CSV: the bulk path against the careful one, and everything people call JSON strokes."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inkseq.config import Simplify
from inkseq.drawings.canonical import MAX_POINTS
from inkseq.drawings.entries import Entry, json_entries
from inkseq.drawings.line_entries import line_entries
from inkseq.drawings.ndjson import MAX_LINE
from tests.drawings.test_ndjson import mutate
from tests.faults.pipes import pipe
from tests.predict.conftest import entries_of
from tests.samples import line, random_lines

STROKES = "[[[0,10,20],[0,5,50]]]"


def comparable(entries: list[Entry]) -> list[tuple[object, ...]]:
    return [(*entry[:1], *entry[2:], *([part.tolist() for part in entry.drawing or ()])) for entry in entries]


@pytest.mark.parametrize("changed", [False, True])
def test_bulk_and_careful_agree_line_by_line(changed: bool, tmp_path: Path) -> None:
    """Through blocks that end within them, in their order."""
    rng = np.random.default_rng(1)
    texts = random_lines(600)
    texts = [mutate(text, rng) if changed and i % 3 else text for i, text in enumerate(texts)]
    texts[5] = line(key_id=1).replace(b'"1"', b'"0001"')
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"".join(texts).removesuffix(b"\n"))
    careful = [entry for i, text in enumerate(texts, 1) for entry in json_entries(text[:-1], f"{path}:{i}")]
    found = entries_of(path)
    assert comparable(found) == comparable(careful)
    assert comparable(list(line_entries(texts, str(path), Simplify.auto, block_lines=70))) == comparable(careful)
    assert found[5].key_id == "0001"
    assert sum(entry.drawing is None for entry in found) > (100 if changed else -1)


def test_a_table_is_the_lines_it_was_made_of(tmp_path: Path) -> None:
    texts = random_lines(50)
    rows = [{**json.loads(text), "drawing": json.dumps(json.loads(text)["drawing"])} for text in texts]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    (tmp_path / "a.csv").write_text(text.getvalue())
    (tmp_path / "a.ndjson").write_bytes(b"".join(texts))
    from_csv, from_ndjson = (comparable(entries_of(tmp_path / name)) for name in ("a.csv", "a.ndjson"))
    assert [row[1:] for row in from_csv] == [row[1:] for row in from_ndjson]
    assert from_csv[0][0] == f"{tmp_path}/a.csv:2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STROKES, [":1"]),
        (f"{STROKES}\n{STROKES}\n", [":1", ":2"]),
        (f"[{STROKES},{STROKES}]", [":1[1]", ":1[2]"]),
        (f'[{{"drawing":{STROKES}}},{{"drawing":{STROKES}}}]', [":1[1]", ":1[2]"]),
        (json.dumps([json.loads(STROKES)] * 2, indent=1), ["[1]", "[2]"]),
        (f'[{{"drawing":{STROKES}}},\n{{"drawing":{STROKES}}}]', ["[1]", "[2]"]),
        (f'{{"word":"cat",\n"drawing":{STROKES}}}', [""]),
        (f'{{"word":\n{STROKES}\n{STROKES}\n', [":1 malformed", ":2", ":3"]),
        (f"{{\n{STROKES}\n", [":1 malformed", ":2"]),  # the first line is bad, and no document
        (f"nonsense\n{STROKES}\n", [":1 malformed", ":2"]),
        (f"\n{STROKES}", [":1 empty line", ":2"]),
        (f"{STROKES}\r\n{STROKES}\r\n", [":1", ":2"]),
    ],
)
def test_what_counts_as_json_strokes(text: str, expected: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, newline="")
    found = [f"{entry.source} {entry.error}".strip().removeprefix(str(path)) for entry in entries_of(path)]
    assert found == expected


def test_key_and_word_are_known_even_of_what_is_no_drawing() -> None:
    [entry] = json_entries(b'{"key_id":12,"word":"cat","drawing":[]}', "x")
    assert entry == Entry("x", None, "empty drawing", "12", "cat")
    assert next(json_entries(b'{"key_id":"mine-7","word":"","drawing":[[[1],[2]]]}', "x"))[2:5] == ("", "mine-7", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"key_id":1.5}', "key_id is neither text nor a whole number"),
        (b'{"key_id":"\\u001b[31m"}', "key_id is too long, or has unprintable characters"),
        (b'{"word":7}', "word is not"),
        (b'{"word":"\\u001b[31m"}', "word has unprintable"),
        (b'"cat"', "neither strokes nor an object with a drawing"),
        (b"[" * 100_000, "malformed"),
        (b"[[[NaN],[1]]]", "coordinate is not finite"),
        (json.dumps([[[i % 256 for i in range(MAX_POINTS + 1)]] * 2]).encode(), "more than 10,000 points, simplified"),
        (b"[" + b"[[1],[1]]," * MAX_POINTS + b"[[1],[1]]]", "more than 10,000 strokes"),
        (json.dumps([[[i * 7 % 1000 for i in range(10**6)]] * 2]).encode(), "cannot simplify"),
    ],
)
def test_what_is_no_drawing_is_said(text: bytes, reason: str) -> None:
    [entry] = json_entries(text, "x")
    assert entry.drawing is None
    assert entry.error.startswith(reason)


def test_a_canonical_line_that_is_too_long_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(line(strokes=[[[0, 255] * MAX_POINTS, [0, 255] * MAX_POINTS]]) + line())
    too_long, fine = entries_of(tmp_path / "a.ndjson")
    assert "10,000 points" in too_long.error
    assert fine.error == ""


def test_a_line_without_an_end_is_an_error_and_the_next_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(f"[{' ' * 2 * MAX_LINE}]\n{STROKES}\n{'x' * (MAX_LINE + 1)}")
    errors = [entry.error for entry in entries_of(tmp_path / "a.jsonl")]
    assert [error.partition(" than")[0] for error in errors] == ["line longer", "", "line longer"]


def test_what_comes_before_damage_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(b"".join(random_lines(500)))[:-5000])
    *before, last = entries_of(tmp_path / "a.ndjson.gz")
    assert len(before) > 100
    assert all(entry.drawing is not None for entry in before)
    assert "damaged" in last.error


def test_what_the_server_takes_is_read_too() -> None:
    [asked] = json_entries(b'{"strokes":[[[0,10,20],[0,5,50]]],"top":2}', "x")
    [plain] = json_entries(STROKES.encode(), "x")
    assert comparable([asked]) == comparable([plain])


HEADER = "key_id,word,drawing\n"


@pytest.mark.parametrize(
    "row",
    [
        '1,cat,"[[[0],[0]]],""word"":""dog"""',
        '1,cat,"[[[0],[0]]]}"',
        '1,cat,"[[[0],[0]]],"',
        '1,cat,"null,""drawing"":[[[0],[0]]]"',
        '{"word":"dog","drawing":[[[0],[0]]]}',
        "[[[0],[0]]]",
        '"[[[0],[0]]]"',
    ],
)
def test_a_cell_is_a_drawing_or_none_and_never_more(row: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'{HEADER}{row}\n2,cat,"[[[0],[0]]]"\n')
    bad, good = entries_of(tmp_path / "a.csv")
    assert bad.drawing is None
    assert bad.word in ("", "cat")
    assert (good.word, good.key_id, good.error) == ("cat", "2", "")


def test_a_column_named_twice_is_the_last_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('drawing,word,drawing\n1,cat,"[[[0],[0]]]"\n1,cat\n')
    good, bad = entries_of(tmp_path / "a.csv")
    assert (good.word, good.error, bad.error) == ("cat", "", "malformed")


@pytest.mark.parametrize("end", [".ndjson", ".csv", ""])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_is_read_as_a_stream(end: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    text = HEADER.encode() + b'1,cat,"[[[0],[0]]]"\n' * 3 if end == ".csv" else b"".join(random_lines(3))
    entries = entries_of(pipe(tmp_path / f"a{end}", pack(text)))
    assert [entry.error for entry in entries] == ["", "", ""]
